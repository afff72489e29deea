import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkOptions,
  keepingWith,
  OPTION_NAMES,
  policyWith,
} from '../../../src/cache/call-options.ts';
import { timesOf } from '../../../src/cache/times.ts';
import { ConfigError } from '../../../src/errors.ts';

const keeping = {
  ttlMs: 10_000,
  staleWhileRevalidateMs: 5000,
  staleIfErrorMs: 20_000,
  negativeTtlMs: 1000,
  jitter: 0,
  maxLifeMs: 60_000,
};

const anyKeeping = fc.record({
  ttlMs: fc.nat(1e9),
  staleWhileRevalidateMs: fc.nat(1e9),
  staleIfErrorMs: fc.nat(1e9),
  negativeTtlMs: fc.nat(1e9),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  maxLifeMs: fc.nat(2e9),
});
const drawn = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the times of a value', () => {
  test('each distance counts from the end of the freshness', () => {
    expect(timesOf(keeping, false, 100, 0)).toEqual({
      freshUntil: 10_100,
      staleUntil: 15_100,
      staleIfErrorUntil: 30_100,
      expiresAt: 30_100,
      lifeUntil: 60_100,
    });
    expect(timesOf(keeping, true, 100, 0)).toMatchObject({ freshUntil: 1100, staleUntil: 6100 });
  });

  test('never end past the absolute life, and stand in order', () => {
    fc.assert(
      fc.property(anyKeeping, fc.boolean(), fc.nat(1e12), drawn, (kept, negative, now, random) => {
        const times = timesOf(kept, negative, now, random);
        expect(times.lifeUntil).toBe(now + kept.maxLifeMs);
        expect(times.expiresAt).toBeLessThanOrEqual(times.lifeUntil);
        expect(times.freshUntil).toBeGreaterThanOrEqual(now);
        expect(times.staleUntil).toBeGreaterThanOrEqual(times.freshUntil);
        expect(times.staleIfErrorUntil).toBeGreaterThanOrEqual(times.freshUntil);
        expect(times.expiresAt).toBe(Math.max(times.staleUntil, times.staleIfErrorUntil));
      }),
    );
  });

  test('jitter shortens a ttl by its share at most, never lengthens it, and falls with the draw', () => {
    fc.assert(
      fc.property(anyKeeping, fc.boolean(), drawn, drawn, (kept, negative, one, other) => {
        const roomy = { ...kept, maxLifeMs: 4e9 };
        const ttl = negative ? kept.negativeTtlMs : kept.ttlMs;
        const at = (random: number): number => timesOf(roomy, negative, 0, random).freshUntil;
        expect(at(one)).toBeLessThanOrEqual(ttl);
        expect(at(one)).toBeGreaterThanOrEqual(Math.floor(ttl * (1 - kept.jitter)));
        expect(at(Math.max(one, other))).toBeLessThanOrEqual(at(Math.min(one, other)));
      }),
    );
    expect(timesOf({ ...keeping, jitter: 0.1 }, false, 0, 0.5).freshUntil).toBe(9500);
  });
});

describe('what a call says of one value', () => {
  test('wins over the namespace; a ttl holds for null as well; a life is only ever shortened', () => {
    expect(keepingWith(keeping, { ttl: '3s', staleIfError: 0 })).toMatchObject({
      ttlMs: 3000,
      negativeTtlMs: 3000,
      staleIfErrorMs: 0,
      staleWhileRevalidateMs: 5000,
      maxLifeMs: 60_000,
    });
    expect(keepingWith(keeping, { maxLife: '5s' }).maxLifeMs).toBe(5000);
    expect(keepingWith(keeping, { maxLife: '5m' }).maxLifeMs).toBe(60_000);
    expect(keepingWith(keeping, {})).toEqual(keeping);
  });

  test('is refused with every problem at once, each with its name, value and what is allowed', () => {
    let error: unknown;
    try {
      const options = {
        ttl: -1,
        staleIfError: '10 minutes',
        maxLife: '366d',
        staleWhileRevalidate: Number.NaN,
        tll: '1m',
      };
      checkOptions(options, OPTION_NAMES.value);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { problems } = error as ConfigError;
    expect(problems.map(({ field }) => field).toSorted()).toEqual([
      'maxLife',
      'staleIfError',
      'staleWhileRevalidate',
      'tll',
      'ttl',
    ]);
    expect(problems.find(({ field }) => field === 'staleIfError')?.message).toContain(
      "'10 minutes', must be a duration from 0 to 365d",
    );
  });
});

describe('the lease of a call', () => {
  const leases = { ttlMs: 15_000, waitMs: 5000 };
  const policy = {
    earlyRefresh: 0,
    softTimeoutMs: undefined,
    hardTimeoutMs: 10_000,
    throttleMs: 0,
    lease: leases,
    lifetimes: undefined,
  };

  test('bends to the hard timeout of the call', () => {
    expect(policyWith(policy, leases, { hardTimeout: '1s' }).lease).toEqual({
      ttlMs: 15_000,
      waitMs: 1000,
    });
    expect(policyWith(policy, leases, { hardTimeout: '4m' }).lease).toEqual({
      ttlMs: 25_000,
      waitMs: 5000,
    });
  });

  test('is what the call says, else what the namespace does', () => {
    expect(policyWith(policy, leases, { lease: false }).lease).toBeUndefined();
    const without = { ...policy, lease: undefined };
    expect(policyWith(without, leases, {}).lease).toBeUndefined();
    expect(policyWith(without, leases, { lease: true }).lease).toEqual(leases);
  });

  test('is the namespace’s own where the call says nothing of it', () => {
    const patient = { ttlMs: 15_000, waitMs: 12_000 };
    const leased = { ...policy, lease: patient };
    expect(policyWith(leased, patient, { throttle: 0 }).lease).toEqual(patient);
  });
});
