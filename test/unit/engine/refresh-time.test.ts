import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDueEarly } from '../../../src/engine/refresh-time.ts';
import { draftOf } from './world.ts';

const TTL = 60_000;
const entry = (loadMs: number) => ({
  ...draftOf(0, 'v', { ttl: TTL }, loadMs),
  stamp: { epoch: 'e', asOf: 1 },
});

const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const time = fc.integer({ min: 0, max: 2 * TTL });
const loadTime = fc.integer({ min: 0, max: TTL });
const anyBeta = fc.double({ min: 0, max: 10, noNaN: true });

test('a value is due once now - load time * beta * ln(random) has reached its end', () => {
  fc.assert(
    fc.property(loadTime, anyBeta, time, drawn, (loadMs, beta, now, random) => {
      fc.pre(loadMs * beta > 0);
      // Figure 2 of the paper draws from (0, 1]; a chance below one in two thousand million is left out.
      const gain = -loadMs * beta * Math.log(1 - random);
      fc.pre(Math.abs(now + gain - TTL) > 1e-6 && gain < 21 * loadMs * beta);
      expect(isDueEarly(entry(loadMs), beta, now, { random: () => random })).toBe(
        now + gain >= TTL,
      );
    }),
    { numRuns: 500 },
  );
});

test('with a beta of 0, or a load that took no time, never', () => {
  fc.assert(
    fc.property(time, drawn, (now, random) => {
      expect(isDueEarly(entry(1000), 0, now, { random: () => random })).toBe(false);
      expect(isDueEarly(entry(0), 1, now, { random: () => random })).toBe(false);
    }),
  );
});

test('what is due stays due: later, with a higher beta, after a longer load, with a higher draw', () => {
  fc.assert(
    fc.property(
      fc.tuple(loadTime, anyBeta, time, drawn),
      fc.tuple(loadTime, anyBeta, time, drawn),
      (one, other) => {
        const lower = one.map((value, at) => Math.min(value, other[at] ?? 0));
        const higher = one.map((value, at) => Math.max(value, other[at] ?? 0));
        const due = ([loadMs = 0, beta = 0, now = 0, random = 0]: readonly number[]): boolean =>
          isDueEarly(entry(loadMs), beta, now, { random: () => random });
        expect(due(higher) || !due(lower)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test('far from the end no random number is drawn', () => {
  let draws = 0;
  const random = (): number => {
    draws += 1;
    return 0.999_999;
  };
  expect(isDueEarly(entry(100), 1, 0, { random })).toBe(false);
  expect(draws).toBe(0);
  isDueEarly(entry(100), 1, TTL - 1000, { random });
  expect(draws).toBe(1);
});
