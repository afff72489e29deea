import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LedgerReply, Mark, Retention } from '../../../src/authority/authority.ts';
import { judge } from '../../../src/coherence/marks.ts';
import type { View } from '../../../src/coherence/view.ts';
import type { PurgeMode, Target } from '../../../src/tenant/target.ts';
import { World, type Step } from './world.ts';

const target = fc.constantFrom<Target[]>('k:a', 'k:b', 'k:a:b', 't:x', 't:y', 'p:a', '*');
const targets = fc.array(target, { minLength: 1, maxLength: 3 });
const mode = fc.constantFrom<PurgeMode[]>('hard', 'hard', 'soft');
const pick = fc.nat(50);
const marking = fc.record({ do: fc.constantFrom('mark' as const, 'own'), targets, mode });
const network = fc.oneof(
  fc.record({ do: fc.constantFrom('poll' as const, 'poll', 'confirm') }),
  fc.record({ do: fc.constantFrom('process' as const, 'deliver', 'process', 'deliver'), pick }),
);
const exchange = fc.constant<Step>({ do: 'exchange' });
// The process that takes over may have a clock that is behind: its seqs begin below those of the last one.
const rotation = fc.record({ do: fc.constant('rotate' as const), behind: fc.nat(40) });
const bytes = fc.integer({ min: 500, max: 1200 });
const compaction = fc.record({ do: fc.constant('compact' as const), bytes });
const loss = fc.oneof(
  rotation,
  compaction,
  fc.record({ do: fc.constantFrom('lose' as const, 'forget', 'forget') }),
);
const treachery = fc.record({ do: fc.constantFrom('processByReplica' as const, 'rollBack'), pick });
const retention: fc.Arbitrary<Retention> = fc.record({
  entriesMs: fc.constantFrom(5, 1e6),
  copiesMs: fc.constantFrom(3, 1e6),
  cap: fc.constantFrom(1, 3, 1000),
});

const honest: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: marking },
  { weight: 6, arbitrary: network },
  { weight: 2, arbitrary: exchange },
  { weight: 1, arbitrary: loss },
);
const anything: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: marking },
  { weight: 6, arbitrary: network },
  { weight: 2, arbitrary: exchange },
  { weight: 1, arbitrary: loss },
  { weight: 2, arbitrary: treachery },
);
const runs = (step: fc.Arbitrary<Step>) =>
  fc.array(step, { minLength: 10, maxLength: 100, size: 'max' });

/** All that a view says, as a value. */
const snapshot = (view: View) => ({
  cursor: view.cursor,
  floor: view.floor,
  keyFloor: view.keyFloor,
  checkedAt: view.checkedAt,
  generation: view.generation,
  marks: new Map(view.marks),
});

/** The marks of the ledger that the view should have by what it claims, and has not. */
function unknown(view: View, real: LedgerReply): Mark[] {
  if (real.epoch !== view.epoch) return [];
  return real.marks.filter(({ target: of, mode: how, seq }) => {
    const ofKey = how === 'hard' && of.startsWith('k:');
    const floor = ofKey ? Math.max(view.floor, view.keyFloor) : view.floor;
    return seq <= view.seen && seq > floor && (view.marks.get(of)?.[how] ?? 0) < seq;
  });
}

describe('whatever is sent, lost, late or rolled back', () => {
  test('the view never claims to have seen what it does not know', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(retention, runs(anything), (kept, steps) => {
        const world = new World(kept);
        for (const step of steps) {
          world.take(step);
          const real = world.ledger?.reply(0);
          if (real) expect(unknown(world.view, real)).toEqual([]);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('nothing that is doubtful changes it', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(retention, runs(anything), (kept, steps) => {
        const world = new World(kept);
        for (const step of steps) {
          const before = snapshot(world.view);
          if (world.take(step)?.outcome === 'doubtful')
            expect(snapshot(world.view)).toEqual(before);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('under one epoch nothing that it knows is taken back', () => {
    fc.assert(
      fc.property(retention, runs(anything), (kept, steps) => {
        const world = new World(kept);
        for (const step of steps) {
          const view = world.view;
          const before = snapshot(view);
          world.take(step);
          if (world.view !== view || view.epoch !== before.cursor?.epoch) continue;
          expect(view.seen).toBeGreaterThanOrEqual(before.cursor.seen);
          expect(view.floor).toBeGreaterThanOrEqual(before.floor);
          expect(view.keyFloor).toBeGreaterThanOrEqual(before.keyFloor);
          expect(view.checkedAt).toBeGreaterThanOrEqual(before.checkedAt);
          for (const [of, { hard, soft }] of before.marks) {
            const now = view.marks.get(of) ?? { hard: 0, soft: 0 };
            const floor =
              of.startsWith('k:') && soft === 0 ? Math.max(view.floor, view.keyFloor) : view.floor;
            expect(now.hard >= hard || hard <= floor).toBe(true);
            expect(now.soft >= soft || soft <= floor).toBe(true);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('a copy that is no longer valid always sees another generation', () => {
    const subject = fc.record({
      key: fc.constantFrom('a', 'b', 'a:b'),
      tags: fc.constantFrom([], ['x'], ['x', 'y']),
    });
    fc.assert(
      fc.property(retention, runs(anything), subject, (kept, steps, of) => {
        const world = new World(kept);
        const valid = new Map<string, { readonly generation: number; asOf: number }>();
        for (const step of steps) {
          world.take(step);
          const { view } = world;
          for (const [stamped, { generation, asOf }] of valid) {
            if (generation !== view.generation) continue;
            const [epoch = ''] = stamped.split('@');
            expect(judge(view, { ...of, stamp: { epoch, asOf } }, false)).toBe('valid');
          }
          const stamp = view.stamp;
          if (stamp && judge(view, { ...of, stamp }, false) === 'valid') {
            const { generation } = view;
            valid.set(`${stamp.epoch}@${stamp.asOf}`, { generation, asOf: stamp.asOf });
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('what a load is stamped with is known to be valid, or covered by the key floor', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(retention, runs(anything), (kept, steps) => {
        const world = new World(kept);
        for (const step of steps) {
          world.take(step);
          const { stamp } = world.view;
          if (stamp)
            expect(judge(world.view, { stamp, key: 'a:b', tags: ['x'] }, true)).toBe('valid');
        }
      }),
    );
  });
});

test('once a check was sent after a purge was acknowledged, the view knows that purge', () => {
  fc.assert(
    fc.property(retention, runs(honest), (kept, steps) => {
      const world = new World(kept);
      for (const step of steps) {
        world.take(step);
        const { view } = world;
        const age = world.ageOf(view.epoch);
        // Under a later epoch everything that was loaded before the purge is invalid anyway.
        const isKnown = (purge: (typeof world.acknowledged)[number]): boolean =>
          age >= purge.age && (purge.epoch !== view.epoch || view.seen >= purge.seq);
        const unknownOnes = world.acknowledged.filter(
          (purge) => purge.at <= view.checkedAt && !isKnown(purge),
        );
        expect(unknownOnes).toEqual([]);
      }
    }),
    { numRuns: 3000 },
  );
});

test('a view that was lost, and learnt again from an older answer, takes no answer that begins past it', () => {
  expect.hasAssertions();
  const some = fc.array(marking, { maxLength: 3 });
  const asking = fc.constantFrom<Step>(
    { do: 'poll' },
    { do: 'confirm' },
    { do: 'own', targets: ['t:x'], mode: 'hard' },
  );
  fc.assert(
    fc.property(some, some, some, asking, (first, second, third, ask) => {
      const world = new World({ entriesMs: 1e6, copiesMs: 1e6, cap: 1000 });
      const marks = (list: readonly Step[]): Step[] =>
        list.map((step): Step => ('targets' in step ? { ...step, do: 'mark' } : step));
      const next: Step[] = [{ do: 'process', pick: 0 }];
      for (const step of [
        { do: 'exchange' } as const,
        ...marks(first),
        // Asked for by a view that knew nothing: the whole ledger, but its answer is late.
        { do: 'forget' } as const,
        { do: 'poll' } as const,
        ...next,
        ...marks(second),
        { do: 'exchange' } as const,
        // Asked for by a view that knew all of it: what is new since then.
        ask,
        ...marks(third),
        ...next,
        { do: 'forget' } as const,
        { do: 'deliver', pick: 0 } as const,
        { do: 'deliver', pick: 0 } as const,
      ]) {
        world.take(step);
        const real = world.ledger?.reply(0);
        if (real) expect(unknown(world.view, real)).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});

describe('a reply of another epoch than the known one', () => {
  test('is taken only from the primary, only whole, and only when it was not asked for before the known one', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(retention, runs(anything), (kept, steps) => {
        const world = new World(kept);
        let adoptedBy = 0;
        for (const step of steps) {
          const { view } = world;
          const known = view.epoch;
          const delivery = world.take(step);
          if (world.view !== view) adoptedBy = 0;
          if (delivery?.outcome !== 'absorbed' || view.epoch === known) continue;
          const { request, ledger } = delivery;
          expect(ledger?.since).toBe(0);
          expect(request.order).toBeGreaterThanOrEqual(adoptedBy);
          if (known !== '') expect(request.kind).not.toBe('poll');
          adoptedBy = request.order;
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('leaves nothing of the old one behind', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(retention, runs(anything), (kept, steps) => {
        const world = new World(kept);
        for (const step of steps) {
          const before = world.view.epoch;
          const delivery = world.take(step);
          const { view } = world;
          if (!delivery?.ledger || view.epoch === before) continue;
          const { marks, floor, keyFloor } = delivery.ledger;
          expect({ floor: view.floor, keyFloor: view.keyFloor }).toEqual({ floor, keyFloor });
          expect(view.seen).toBe(Math.max(floor, ...marks.map(({ seq }) => seq)));
          for (const [of, { hard, soft }] of view.marks) {
            const own = marks.filter((mark) => mark.target === of).map(({ seq }) => seq);
            for (const seq of [hard, soft]) expect([0, ...own]).toContain(seq);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test('the runs are not idle: what the properties are about does happen in them', () => {
  const happened = { absorbed: 0, doubtful: 0, late: 0, gap: 0, otherEpoch: 0, behind: 0 };
  for (const steps of fc.sample(runs(anything), { numRuns: 500, seed: 7 })) {
    const world = new World({ entriesMs: 1e6, copiesMs: 1e6, cap: 1000 });
    let newest = 0;
    for (const step of steps) {
      const { epoch, seen } = world.view;
      const delivery = world.take(step);
      if (!delivery) continue;
      const { ledger, request, outcome } = delivery;
      happened[outcome] += 1;
      if (request.order < newest) happened.late += 1;
      newest = Math.max(newest, request.order);
      if (ledger && epoch !== '' && ledger.epoch !== epoch) happened.otherEpoch += 1;
      if (ledger && ledger.since > seen) happened.gap += 1;
      if (ledger && ledger.floor < seen && !ledger.marks.some(({ seq }) => seq >= seen))
        happened.behind += 1;
    }
  }
  for (const [what, times] of Object.entries(happened))
    expect({ what, often: times >= 50, times }).toMatchObject({ what, often: true });
});
