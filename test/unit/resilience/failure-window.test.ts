import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FailureWindow } from '../../../src/resilience/failure-window.ts';

describe('the window of failures', () => {
  test('counts at least the last nine tenths of its length, and nothing older than all of it', () => {
    const step = fc.record({ ms: fc.nat(3000), failed: fc.boolean() });
    fc.assert(
      fc.property(fc.nat(1e9), fc.array(step, { maxLength: 50 }), (start, steps) => {
        const window = new FailureWindow(10_000);
        const seen: { at: number; failed: boolean }[] = [];
        let now = start;
        for (const { ms, failed } of steps) {
          now += ms;
          window.add(failed, now);
          seen.push({ at: now, failed });
          const { calls, failures } = window.totals(now);
          const within = (age: number) => seen.filter(({ at }) => now - at < age);
          expect(calls).toBeGreaterThanOrEqual(within(9000).length);
          expect(calls).toBeLessThanOrEqual(within(10_000).length);
          const failed9 = within(9000).filter((one) => one.failed).length;
          const failed10 = within(10_000).filter((one) => one.failed).length;
          expect(failures).toBeGreaterThanOrEqual(failed9);
          expect(failures).toBeLessThanOrEqual(failed10);
        }
      }),
    );
  });

  test('counts nothing of a future that a clock that was set back has left', () => {
    const window = new FailureWindow(10_000);
    window.add(true, 1_000_000);
    expect(window.totals(500_000)).toEqual({ calls: 0, failures: 0 });
    window.add(true, 500_000);
    expect(window.totals(500_000)).toEqual({ calls: 1, failures: 1 });
  });

  test('forgets by itself, also when nothing is added', () => {
    const window = new FailureWindow(10_000);
    window.add(true, 5000);
    expect(window.totals(14_999)).toEqual({ calls: 1, failures: 1 });
    expect(window.totals(15_000)).toEqual({ calls: 0, failures: 0 });
  });

  test('is empty once it is cleared', () => {
    const window = new FailureWindow(10_000);
    window.add(true, 5000);
    window.clear();
    expect(window.totals(5000)).toEqual({ calls: 0, failures: 0 });
  });
});
