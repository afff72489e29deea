import { describe, expect, test } from 'vitest';
import { FAULT_KINDS, planFaults } from '../../dev/torture/fault-plan.ts';
import { Random } from '../../dev/torture/random.ts';

const countsOf = (seconds: number, seed = 1) => {
  const plan = planFaults(FAULT_KINDS, seconds, new Random(seed));
  return FAULT_KINDS.map((kind) => plan.filter((fault) => fault.kind === kind).length);
};

describe('the plan of faults', () => {
  test('has one of each kind in a minute, and at least three in ten', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      expect(Math.min(...countsOf(15, seed))).toBe(1);
      expect(Math.min(...countsOf(60, seed))).toBeGreaterThanOrEqual(1);
      expect(Math.min(...countsOf(600, seed))).toBeGreaterThanOrEqual(3);
    }
  });

  test('is the same for the same seed, and another one for another', () => {
    const plan = (seed: number) => planFaults(FAULT_KINDS, 60, new Random(seed));
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });

  test('begins after the first tenth and ends before the run does, in order', () => {
    for (const seconds of [5, 15, 60, 600]) {
      const plan = planFaults(FAULT_KINDS, seconds, new Random(3));
      const times = plan.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(seconds * 100);
      expect(Math.max(...plan.map(({ atMs, forMs }) => atMs + forMs))).toBeLessThan(seconds * 1000);
    }
  });

  test('has only the kinds that were asked for', () => {
    const plan = planFaults(['cut'], 60, new Random(1));
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(['cut']));
    expect(planFaults([], 60, new Random(1))).toEqual([]);
  });
});
