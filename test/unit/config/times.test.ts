import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { NamespaceDefaults } from '../../../src/config/config.ts';
import { settleTimes, type TimesSaid } from '../../../src/config/times.ts';
import { PRODUCTION, loading } from './loading.ts';

const { load, problemsOf } = loading(PRODUCTION);

describe('times that contradict each other are a problem, when both were set', () => {
  it.each<[string, Record<string, string>, string]>([
    [
      'a ttl above the longest life',
      { CACHE_DEFAULT_TTL: '31d' },
      'CACHE_DEFAULT_TTL: is 31d, must be at most CACHE_MAX_TTL, which is 30d',
    ],
    [
      'a ttl above the longest life that was set',
      { CACHE_DEFAULT_TTL: '2h', CACHE_MAX_TTL: '1h' },
      'CACHE_DEFAULT_TTL: is 2h, must be at most CACHE_MAX_TTL, which is 1h',
    ],
    [
      'a negative ttl above the longest life',
      { CACHE_NEGATIVE_TTL: '31d' },
      'CACHE_NEGATIVE_TTL: is 31d, must be at most CACHE_MAX_TTL, which is 30d',
    ],
    [
      'a stale window that ends past the longest life',
      { CACHE_DEFAULT_TTL: '1d', CACHE_STALE_IF_ERROR: '30d' },
      'CACHE_STALE_IF_ERROR: is 30d, must be at most 29d: behind the ttl of 1d it would end past CACHE_MAX_TTL, which is 30d',
    ],
    [
      'the other window',
      { CACHE_DEFAULT_TTL: '1h', CACHE_MAX_TTL: '2h', CACHE_STALE_WHILE_REVALIDATE: '61m' },
      'CACHE_STALE_WHILE_REVALIDATE: is 61m, must be at most 1h: behind the ttl of 1h it would end past CACHE_MAX_TTL, which is 2h',
    ],
    [
      'a soft timeout that is no less than the hard one',
      { CACHE_SOFT_TIMEOUT: '10s' },
      'CACHE_SOFT_TIMEOUT: is 10s, must be less than CACHE_HARD_TIMEOUT, which is 10s',
    ],
    [
      'a lease that ends before its load',
      { CACHE_LEASE_MS: '9s', CACHE_LEASE_WAIT: '1s' },
      'CACHE_LEASE_MS: is 9s, must be at least 10s: a load may take so long (CACHE_HARD_TIMEOUT, at most 25s)',
    ],
    [
      'a wait that is longer than the lease',
      { CACHE_LEASE_WAIT: '16s' },
      'CACHE_LEASE_WAIT: is 16s, must be at most CACHE_LEASE_MS, which is 15s',
    ],
  ])('%s', (_what, variables, problem) => {
    expect(problemsOf(variables)).toEqual([problem]);
  });
});

describe('what was not set bends to what was', () => {
  it.each<[string, Record<string, string>, Partial<NamespaceDefaults>]>([
    [
      'a short longest life',
      { CACHE_MAX_TTL: '1m' },
      { ttlMs: 60_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, negativeTtlMs: 30_000 },
    ],
    ['a short ttl', { CACHE_DEFAULT_TTL: '5s' }, { ttlMs: 5000, negativeTtlMs: 5000 }],
    [
      'a ttl as long as a life can be',
      { CACHE_DEFAULT_TTL: '30d' },
      { staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
    ],
    [
      'a short hard timeout',
      { CACHE_HARD_TIMEOUT: '1s' },
      { softTimeoutMs: undefined, leaseMs: 15_000 },
    ],
    ['a long hard timeout', { CACHE_HARD_TIMEOUT: '2m' }, { softTimeoutMs: 1000, leaseMs: 25_000 }],
    [
      'a short lease, and the wait for one',
      { CACHE_HARD_TIMEOUT: '2s', CACHE_LEASE_MS: '3s' },
      { leaseMs: 3000, leaseWaitMs: 2000 },
    ],
  ])('%s', (_what, variables, expected) => {
    expect(load(variables).defaults).toMatchObject(expected);
  });
});

test('whatever is said over whatever is inherited: settled times hold together, or there is a problem', () => {
  const ms = fc.integer({ min: 0, max: 400_000 });
  const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
  const base: fc.Arbitrary<NamespaceDefaults> = fc.record({
    ttlMs: ms,
    staleWhileRevalidateMs: ms,
    staleIfErrorMs: ms,
    negativeTtlMs: ms,
    jitter: fc.constant(0),
    earlyRefresh: fc.constant(0),
    softTimeoutMs: maybe(ms),
    hardTimeoutMs: ms,
    throttleMs: ms,
    lease: fc.boolean(),
    leaseMs: ms,
    leaseWaitMs: ms,
  });
  const said: fc.Arbitrary<TimesSaid> = fc.record(
    {
      ttl: maybe(ms),
      staleWhileRevalidate: maybe(ms),
      staleIfError: maybe(ms),
      negativeTtl: maybe(ms),
      softTimeout: maybe(fc.oneof(ms, fc.constant(false as const))),
      hardTimeout: maybe(ms),
      leaseMs: maybe(ms),
      leaseWait: maybe(ms),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(base, said, ms, (inherited, given, lifeMs) => {
      const refused: string[] = [];
      const limits = { life: { ms: lifeMs, name: 'maxTtl' }, maxLoadMs: 25_000 };
      const times = settleTimes(given, inherited, limits, {
        refuse: (setting) => refused.push(setting),
        name: (setting) => setting,
      });
      // Only what was set is ever a problem.
      for (const setting of refused) expect(given[setting as keyof TimesSaid]).toBeDefined();
      if (refused.length > 0) return;
      const { ttlMs, softTimeoutMs = -1 } = times;
      expect(ttlMs + times.staleWhileRevalidateMs).toBeLessThanOrEqual(lifeMs);
      expect(ttlMs + times.staleIfErrorMs).toBeLessThanOrEqual(lifeMs);
      expect(times.negativeTtlMs).toBeLessThanOrEqual(lifeMs);
      expect(softTimeoutMs).toBeLessThan(times.hardTimeoutMs);
      expect(times.leaseMs).toBeGreaterThanOrEqual(Math.min(times.hardTimeoutMs, 25_000));
      expect(times.leaseWaitMs).toBeLessThanOrEqual(times.leaseMs);
      // What was set is kept as it is.
      for (const [setting, value] of Object.entries(given)) {
        if (value === undefined) continue;
        const kept =
          times[`${setting === 'leaseMs' ? 'lease' : setting}Ms` as keyof NamespaceDefaults];
        expect(kept).toBe(value === false ? undefined : value);
      }
    }),
    { numRuns: 1000 },
  );
});
