import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Mark, Retention } from '../../../src/authority/authority.ts';
import { Ledger } from '../../../src/authority/ledger.ts';
import type { PurgeMode, Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const START = 1_000_000;
const FOREVER: Retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };

interface Step {
  readonly targets: readonly Target[];
  readonly mode: PurgeMode;
  readonly passed: number;
}
interface Run {
  readonly steps: readonly Step[];
  readonly retention: Retention;
}

const short: readonly Target[] = ['k:a', 'k:b', 'k:a:b', 't:x', 't:y', 'p:a', '*'];
// Longer than the average that the caps allow, one of each kind longer than the smallest of them.
const long = [90, 120, 124, 125, 126, 127, 300].flatMap((length): Target[] => [
  `k:${'l'.repeat(length)}`,
  `p:${'l'.repeat(length)}`,
]);
const target = fc.oneof(fc.constantFrom(...short), fc.constantFrom(...long));
const run: fc.Arbitrary<Run> = fc.record({
  steps: fc.array(
    fc.record({
      targets: fc.array(target, { maxLength: 4 }),
      mode: fc.constantFrom<PurgeMode[]>('hard', 'soft'),
      // Zero and less: several marks in one microsecond, and a clock that was set back.
      passed: fc.integer({ min: -3000, max: 3000 }),
    }),
    { maxLength: 30 },
  ),
  retention: fc.record({
    entriesMs: fc.integer({ min: 0, max: 10 }),
    copiesMs: fc.integer({ min: 0, max: 10 }),
    cap: fc.integer({ min: 1, max: 5 }),
  }),
});

const nameOf = ({ mode, target: of }: Mark): string => `${mode} ${of}`;
const isKeyMark = (mark: Mark): boolean => mark.mode === 'hard' && mark.target.startsWith('k:');
/** What a mark takes in the ledger: the target behind the two bytes of its mode. */
const bytesOf = (mark: Mark): number => 2 + new TextEncoder().encode(mark.target).byteLength;
const byName = (marks: readonly Mark[]) => new Map(marks.map((mark) => [nameOf(mark), mark.seq]));

interface Observed {
  readonly ledger: Ledger;
  /** The last seq that was issued before the step. */
  readonly last: number;
  /** What mark() answered. */
  readonly seq: number;
  readonly step: Step;
  /** The newest mark of each name that was ever made. */
  readonly made: ReadonlyMap<string, Mark>;
  readonly before: ReturnType<Ledger['reply']>;
}

/** Plays a run and hands each step to `check`. */
function play({ steps, retention }: Run, check: (observed: Observed) => void): void {
  const ledger = new Ledger(EPOCH, START);
  const made = new Map<string, Mark>();
  let now = START;
  let last = START;
  for (const step of steps) {
    now += step.passed;
    const before = ledger.reply(0);
    const seq = ledger.mark(step.targets, step.mode, now, retention);
    let expected = last;
    for (const of of step.targets) {
      expected = Math.max(expected + 1, now);
      const mark = { target: of, mode: step.mode, seq: expected };
      made.set(nameOf(mark), mark);
    }
    check({ ledger, last, seq, step, made, before });
    last = seq;
  }
}

describe('the ledger as a value', () => {
  test('a new one has its creation as both floors, and no mark', () => {
    expect(new Ledger(EPOCH, START).reply(0)).toEqual({
      since: 0,
      epoch: EPOCH,
      floor: START,
      keyFloor: START,
      marks: [],
    });
  });

  test('each mark has a seq above every one before it, whatever the clock does', () => {
    fc.assert(
      fc.property(run, (one) => {
        play(one, ({ last, seq, step, made }) => {
          expect(seq).toBeGreaterThanOrEqual(last + step.targets.length);
          expect(Math.max(START, ...[...made.values()].map((mark) => mark.seq))).toBe(seq);
        });
      }),
    );
  });

  test('the seq is the clock’s, where the clock is ahead', () => {
    const ledger = new Ledger(EPOCH, START);
    expect(ledger.mark(['t:x'], 'hard', START + 500, FOREVER)).toBe(START + 500);
    expect(ledger.mark(['t:x', 't:y'], 'hard', START + 500, FOREVER)).toBe(START + 502);
    expect(ledger.mark([], 'hard', START + 900, FOREVER)).toBe(START + 502);
  });

  test('it holds the newest mark of each target and mode: what was made, less what was trimmed', () => {
    fc.assert(
      fc.property(run, (one) => {
        play(one, ({ ledger, made }) => {
          for (const mark of ledger.reply(0).marks)
            expect(made.get(nameOf(mark))?.seq).toBe(mark.seq);
        });
      }),
    );
  });

  test('everything that was trimmed is covered by a floor', () => {
    fc.assert(
      fc.property(run, (one) => {
        play(one, ({ ledger, made }) => {
          const { marks, floor, keyFloor } = ledger.reply(0);
          const kept = byName(marks);
          for (const mark of made.values()) {
            if (kept.has(nameOf(mark))) continue;
            expect(mark.seq).toBeLessThanOrEqual(isKeyMark(mark) ? keyFloor : floor);
          }
        });
      }),
    );
  });

  test('trimming only raises floors, and never past the newest mark', () => {
    fc.assert(
      fc.property(run, (one) => {
        play(one, ({ ledger, before, seq }) => {
          const { floor, keyFloor } = ledger.reply(0);
          expect(floor).toBeGreaterThanOrEqual(before.floor);
          expect(keyFloor).toBeGreaterThanOrEqual(before.keyFloor);
          expect(Math.max(floor, keyFloor)).toBeLessThanOrEqual(seq);
        });
      }),
    );
  });

  test('neither kind passes its cap, its bytes or its age, and nothing else is trimmed', () => {
    fc.assert(
      fc.property(run, (one) => {
        play(one, ({ ledger, seq, made }) => {
          const kept = ledger.reply(0).marks;
          const { cap } = one.retention;
          for (const [ofKeys, keepMs] of [
            [true, one.retention.copiesMs],
            [false, one.retention.entriesMs],
          ] as const) {
            const kind = (list: Iterable<Mark>) =>
              [...list].filter((mark) => isKeyMark(mark) === ofKeys).map((mark) => mark.seq);
            const young = [...made.values()]
              .filter((mark) => isKeyMark(mark) === ofKeys && mark.seq >= seq - keepMs * 1000)
              .toSorted((a, b) => b.seq - a.seq);
            // The newest, as many as fit: the oldest go first, whatever their own size is.
            let bytes = 0;
            const over = young.findIndex((mark, at) => {
              bytes += bytesOf(mark);
              return at >= cap || bytes > cap * 128;
            });
            const expected = young.slice(0, over < 0 ? undefined : over).map((mark) => mark.seq);
            // A mark that an earlier step has trimmed does not come back when a later one replaces its neighbours.
            for (const at of kind(kept)) expect(expected).toContain(at);
            if (kind(kept).length < expected.length) {
              const floor = ofKeys ? ledger.reply(0).keyFloor : ledger.reply(0).floor;
              for (const at of expected) expect(kind(kept).includes(at) || at <= floor).toBe(true);
            }
          }
        });
      }),
    );
  });

  test('many key marks leave the floor of the tenant alone, and many others that of the keys', () => {
    const few = { ...FOREVER, cap: 2 };
    const keys = new Ledger(EPOCH, START);
    keys.mark(['t:x', 'k:a', 'k:b', 'k:c'], 'hard', START + 10, few);
    expect(keys.reply(0)).toMatchObject({ floor: START, keyFloor: START + 11 });
    const others = new Ledger(EPOCH, START);
    others.mark(['k:a', 't:x', 't:y', 'p:a'], 'hard', START + 10, few);
    expect(others.reply(0)).toMatchObject({ floor: START + 11, keyFloor: START });
  });

  test('a soft key mark is kept like a tag mark: it leaves the entry where it is', () => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['k:a', 'k:b', 't:x'], 'soft', START + 10, { ...FOREVER, copiesMs: 0, cap: 2 });
    expect(ledger.reply(0)).toMatchObject({ floor: START + 10, keyFloor: START });
  });

  test('a mark as old as the retention is kept, one microsecond older is not', () => {
    const kept = { ...FOREVER, entriesMs: 1, copiesMs: 2 };
    const at = (since: number) => {
      const ledger = new Ledger(EPOCH, START);
      ledger.mark(['k:a'], 'hard', START + 1, kept);
      ledger.mark(['t:x'], 'hard', START + 2, kept);
      ledger.mark(['t:now'], 'soft', START + 2 + since, kept);
      return ledger.reply(0).marks.map((mark) => mark.target);
    };
    expect(at(1000)).toEqual(['k:a', 't:x', 't:now']);
    expect(at(1001)).toEqual(['k:a', 't:now']);
    expect(at(1999)).toEqual(['k:a', 't:now']);
    expect(at(2000)).toEqual(['t:now']);
  });

  test('an old mark in front of a young one of the other map is trimmed too', () => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['t:x'], 'soft', START + 1, FOREVER);
    ledger.mark(['t:y'], 'hard', START + 2, FOREVER);
    ledger.mark(['t:z'], 'hard', START + 3, { ...FOREVER, cap: 1 });
    expect(ledger.reply(0)).toMatchObject({ floor: START + 2, marks: [{ target: 't:z' }] });
  });
});

describe('what it answers', () => {
  test('from `since` on, inclusive', () => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['k:a', 't:x'], 'hard', START + 10, FOREVER);
    ledger.mark(['t:x'], 'soft', START + 20, FOREVER);
    expect(ledger.reply(START + 11)).toEqual({
      since: START + 11,
      epoch: EPOCH,
      floor: START,
      keyFloor: START,
      marks: [
        { target: 't:x', mode: 'hard', seq: START + 11 },
        { target: 't:x', mode: 'soft', seq: START + 20 },
      ],
    });
    expect(ledger.reply(START + 12).marks).toHaveLength(1);
    expect(ledger.reply(START + 21).marks).toEqual([]);
  });

  test('what a reader knew and what it is told since then are together the whole, above the floors', () => {
    fc.assert(
      fc.property(run, fc.nat(30), (one, at) => {
        let known: Map<string, number> | undefined;
        let since = 0;
        let step = 0;
        play(one, ({ ledger, seq }) => {
          if (step === at) {
            known = byName(ledger.reply(0).marks);
            since = seq;
          }
          step += 1;
          if (!known) return;
          const whole = ledger.reply(0);
          const together = new Map([...known, ...byName(ledger.reply(since).marks)]);
          for (const mark of whole.marks) expect(together.get(nameOf(mark))).toBe(mark.seq);
          const kept = byName(whole.marks);
          for (const [name, markedAt] of together) {
            if (kept.has(name)) continue;
            const floor = name.startsWith('hard k:') ? whole.keyFloor : whole.floor;
            expect(markedAt).toBeLessThanOrEqual(floor);
          }
        });
      }),
    );
  });

  test('to a reader of this epoch, what is new; to any other, everything', () => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['t:x'], 'hard', START + 10, FOREVER);
    expect(ledger.replyTo({ epoch: EPOCH, seen: START + 11 })).toEqual(ledger.reply(START + 11));
    expect(ledger.replyTo({ epoch: OTHER, seen: START + 11 })).toEqual(ledger.reply(0));
    expect(ledger.replyTo(undefined)).toEqual(ledger.reply(0));
  });

  it.each([
    ['it has seen more than there is', EPOCH, START + 11, true],
    ['it has seen all there is', EPOCH, START + 10, false],
    ['it has seen less', EPOCH, START, false],
    ['it speaks of another ledger', OTHER, START + 11, false],
  ])('is behind a reader when %s: %s', (_what, epoch, seen, behind) => {
    const ledger = new Ledger(EPOCH, START);
    ledger.mark(['t:x'], 'hard', START + 10, FOREVER);
    expect(ledger.isBehind({ epoch, seen })).toBe(behind);
  });
});
