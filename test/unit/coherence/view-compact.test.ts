import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { LedgerReply, Mark } from '../../../src/authority/authority.ts';
import { judge, type Subject } from '../../../src/coherence/marks.ts';
import { View } from '../../../src/coherence/view.ts';
import type { PurgeMode, Target } from '../../../src/tenant/target.ts';

const EPOCH = 'a'.repeat(32);
const EMPTY_BYTES = 512;

const target = fc.constantFrom<Target[]>(
  ...(['a', 'b', 'a:b', 'a:c'].flatMap((key) => [`k:${key}`, `p:${key}`]) as Target[]),
  't:x',
  't:y',
  `t:${'long'.repeat(60)}`,
  '*',
);
const mode = fc.constantFrom<PurgeMode[]>('hard', 'soft');
const seq = fc.integer({ min: 1, max: 40 });
const ledger: fc.Arbitrary<LedgerReply> = fc.record({
  since: fc.constant(0),
  epoch: fc.constant(EPOCH),
  floor: fc.integer({ min: 0, max: 15 }),
  keyFloor: fc.integer({ min: 0, max: 15 }),
  marks: fc.array(fc.record({ target, mode, seq }), { maxLength: 12 }),
});
const budget = fc.integer({ min: 0, max: 2500 });
const subject: fc.Arbitrary<Subject> = fc.record({
  stamp: fc.record({ epoch: fc.constant(EPOCH), asOf: fc.integer({ min: 0, max: 45 }) }),
  key: fc.constantFrom('a', 'b', 'a:b', 'a:c', 'c'),
  tags: fc.subarray(['x', 'y', 'long'.repeat(60)]),
});

function viewOf(reply: LedgerReply): View {
  const view = new View();
  expect(view.absorbConfirmed(reply, 1000, 1)).toBe('absorbed');
  return view;
}

const hard = (of: Target, at: number): Mark => ({ target: of, mode: 'hard', seq: at });
const soft = (of: Target, at: number): Mark => ({ target: of, mode: 'soft', seq: at });
const whole = (...marks: Mark[]): LedgerReply => ({
  since: 0,
  epoch: EPOCH,
  floor: 0,
  keyFloor: 0,
  marks,
});

const RANK = { invalid: 0, stale: 1, valid: 2 };

describe('a compacted view', () => {
  test('never judges a copy better than the whole view does', () => {
    fc.assert(
      fc.property(ledger, budget, subject, (reply, bytes, one) => {
        const compacted = viewOf(reply);
        compacted.compact(bytes);
        const before = judge(viewOf(reply), one, false);
        expect(RANK[judge(compacted, one, false)]).toBeLessThanOrEqual(RANK[before]);
      }),
      { numRuns: 5000 },
    );
  });

  test('nor an entry of the authority, which is exact per key without the marks of keys', () => {
    fc.assert(
      fc.property(ledger, budget, subject, (reply, bytes, one) => {
        // The authority has unlinked, and refuses, what a hard mark of its key would hit.
        fc.pre(
          !reply.marks.some(
            (mark) =>
              mark.mode === 'hard' && mark.target === `k:${one.key}` && mark.seq > one.stamp.asOf,
          ),
        );
        const compacted = viewOf(reply);
        compacted.compact(bytes);
        const before = judge(viewOf(reply), one, true);
        expect(RANK[judge(compacted, one, true)]).toBeLessThanOrEqual(RANK[before]);
      }),
      { numRuns: 5000 },
    );
  });

  test('nor after it has taken in the same ledger again, or what is new in it', () => {
    const news = fc.array(fc.record({ target, mode, seq: fc.integer({ min: 41, max: 60 }) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(ledger, news, budget, budget, subject, (reply, added, first, then, one) => {
        const compacted = viewOf(reply);
        compacted.compact(first);
        const marks = [...reply.marks, ...added];
        const since = compacted.seen;
        const fresh = { ...reply, since, marks: marks.filter((mark) => mark.seq >= since) };
        expect(compacted.absorbConfirmed(fresh, 2000, 2)).toBe('absorbed');
        compacted.compact(then);
        const before = judge(viewOf({ ...reply, marks }), one, false);
        expect(RANK[judge(compacted, one, false)]).toBeLessThanOrEqual(RANK[before]);
      }),
      { numRuns: 5000 },
    );
  });

  test('fits, or holds no mark at all', () => {
    fc.assert(
      fc.property(ledger, budget, (reply, bytes) => {
        const view = viewOf(reply);
        view.compact(bytes);
        expect(view.bytes <= bytes || view.marks.size === 0).toBe(true);
        if (bytes >= EMPTY_BYTES) expect(view.bytes).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  test('has seen what it had, was checked when it was, and lets in what is loaded from now on', () => {
    fc.assert(
      fc.property(ledger, budget, subject, (reply, bytes, one) => {
        const view = viewOf(reply);
        const { seen, checkedAt, cursor, stamp } = view;
        view.compact(bytes);
        expect(view).toMatchObject({ seen, checkedAt, cursor, stamp });
        if (!stamp || reply.keyFloor > seen) return;
        expect(judge(view, { ...one, stamp }, false)).toBe('valid');
      }),
    );
  });

  test('only ever raises its floors, and never past what it has seen', () => {
    fc.assert(
      fc.property(ledger, budget, (reply, bytes) => {
        const view = viewOf(reply);
        const { floor, keyFloor, seen } = view;
        view.compact(bytes);
        expect(view.floor).toBeGreaterThanOrEqual(floor);
        expect(view.keyFloor).toBeGreaterThanOrEqual(keyFloor);
        expect(view.floor).toBeLessThanOrEqual(seen);
        expect(view.keyFloor).toBeLessThanOrEqual(Math.max(keyFloor, seen));
      }),
    );
  });
});

describe('what is forgotten', () => {
  const room = (marks: number): number => EMPTY_BYTES + marks * (3 + 128);
  const ledgerOf = whole(hard('k:a', 10), hard('t:x', 11), hard('k:b', 12), hard('p:a', 13));

  it.each<[number, readonly Target[], number, number]>([
    [4, ['k:a', 't:x', 'k:b', 'p:a'], 0, 0],
    [3, ['t:x', 'k:b', 'p:a'], 0, 10],
    [2, ['t:x', 'p:a'], 0, 12],
    [1, ['p:a'], 11, 12],
    [0, [], 13, 12],
  ])(
    'with room for %i marks: %j are left, key marks go first, and the oldest of them',
    (marks, left, floor, keyFloor) => {
      const view = viewOf(ledgerOf);
      view.compact(room(marks));
      expect([...view.marks.keys()]).toEqual(left);
      expect(view).toMatchObject({ floor, keyFloor, seen: 13 });
    },
  );

  test('a key that was purged softly as well goes with the others, and raises the floor of all', () => {
    const view = viewOf(whole(hard('k:a', 10), soft('k:a', 11), hard('t:x', 12), hard('k:b', 13)));
    view.compact(room(2));
    expect([...view.marks.keys()]).toEqual(['k:a', 't:x']);
    expect(view).toMatchObject({ floor: 0, keyFloor: 13 });
    view.compact(room(1));
    expect([...view.marks.keys()]).toEqual(['t:x']);
    expect(view).toMatchObject({ floor: 11, keyFloor: 13 });
  });

  test('the floor covers the newer purge of the two that a target has', () => {
    const view = viewOf(whole(hard('t:x', 10), soft('t:x', 20), hard('t:y', 15)));
    view.compact(room(1));
    expect([...view.marks.keys()]).toEqual(['t:x']);
    view.compact(room(0));
    expect(view.floor).toBe(20);
  });

  test('changes the generation, so that copies in memory are judged again', () => {
    const view = viewOf(ledgerOf);
    const { generation } = view;
    view.compact(room(3));
    expect(view.generation).toBeGreaterThan(generation);
  });

  test('is nothing where the view fits: copies that were valid still are', () => {
    const view = viewOf(ledgerOf);
    const { generation } = view;
    view.compact(view.bytes);
    expect(view.generation).toBe(generation);
    expect(view.marks.size).toBe(4);
  });
});
