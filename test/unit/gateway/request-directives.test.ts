import { describe, expect, it, test } from 'vitest';
import { judgeRequest, type RequestWish } from '../../../src/gateway/request-directives.ts';

const NOW = Date.UTC(2026, 7, 1);

function wish(field: string | undefined, honour = true, more: Record<string, string> = {}) {
  const headers = new Headers(field === undefined ? more : { 'cache-control': field, ...more });
  return judgeRequest({ headers }, honour);
}

interface Stored {
  /** Seconds. */
  readonly age?: number;
  /** Seconds of freshness left. */
  readonly left?: number;
  readonly control?: string;
  readonly state?: 'fresh' | 'stale';
}

function accepts(
  { accepts: judge }: RequestWish,
  {
    age = 30,
    left = 30,
    control = 'max-age=60',
    state = left > 0 ? 'fresh' : 'stale',
  }: Stored = {},
): boolean {
  const entry = {
    createdAt: NOW - age * 1000,
    freshUntil: NOW + left * 1000,
    form: { type: 'http', status: 200, headers: [['cache-control', control]] },
  } as const;
  return judge(entry, state, NOW);
}

describe('what counts for every tenant (RFC 9111, section 5.2.1)', () => {
  it.each<[string, boolean]>([
    ['only-if-cached', true],
    ['No-Store, ONLY-IF-CACHED', true],
    ['no-store', false],
    ['max-age=0, no-cache', false],
    ['x="only-if-cached, no-store"', false],
  ])('%s', (field, onlyIfCached) => {
    for (const honour of [true, false]) expect(wish(field, honour)).toMatchObject({ onlyIfCached });
  });
});

describe('where a tenant ignores them, what costs the origin something counts for nothing', () => {
  it.each(['no-cache', 'max-age=0', 'min-fresh=99', 'max-stale', 'max-age=0, max-stale=9'])(
    '%s',
    (field) => {
      const ignored = wish(field, false, { pragma: 'no-cache' });
      expect(ignored.refusesStale).toBe(false);
      expect(accepts(ignored)).toBe(true);
      expect(accepts(ignored, { left: -1 })).toBe(false);
    },
  );

  test('Pragma', () => {
    expect(accepts(wish(undefined, false, { pragma: 'no-cache' }))).toBe(true);
  });
});

describe('where a tenant honours them', () => {
  it.each<[string | undefined, Stored, boolean]>([
    [undefined, {}, true],
    [undefined, { left: -1 }, false],
    ['no-cache', {}, false],
    ['no-cache, max-stale', { left: -1 }, false],
    // max-age (5.2.1.1)
    ['max-age=0', { age: 0 }, true],
    ['max-age=0', { age: 1 }, false],
    ['max-age=30', { age: 30 }, true],
    ['max-age=29', { age: 30 }, false],
    ['max-age=60', { age: 70, left: -10 }, false],
    ['max-age=x', {}, true],
    ['max-age', {}, true],
    // min-fresh (5.2.1.3)
    ['min-fresh=30', { left: 30 }, true],
    ['min-fresh=31', { left: 30 }, false],
    ['min-fresh=x', {}, true],
    ['min-fresh=1, max-stale', { left: -1 }, false],
    // max-stale (5.2.1.2)
    ['max-stale', { left: -1000 }, true],
    ['max-stale=10', { left: -10 }, true],
    ['max-stale=9', { left: -10 }, false],
    ['max-stale=x', { left: -1 }, false],
    ['max-stale=0', { left: 0 }, true],
    ['max-stale', { left: 30 }, true],
    ['max-age=60, max-stale=20', { age: 70, left: -10 }, false],
    ['max-age=80, max-stale=20', { age: 70, left: -10 }, true],
    ['max-stale', { left: -1, control: 'max-age=1, must-revalidate' }, false],
    ['max-stale', { left: -1, control: 'max-age=1, proxy-revalidate' }, false],
    ['max-stale', { left: -1, control: 's-maxage=1' }, false],
    ['max-stale', { left: -1, control: 'no-cache' }, false],
    // A soft purge says that it has changed, not for how long.
    ['max-stale', { left: 30, state: 'stale' }, false],
    // RFC 8246
    ['max-age=0', { age: 30, control: 'max-age=60, immutable' }, true],
    ['max-age=0', { age: 70, left: -10, control: 'max-age=60, immutable' }, false],
    ['max-age=0, max-stale', { age: 70, left: -10, control: 'max-age=60, immutable' }, false],
    ['no-cache', { control: 'max-age=60, immutable' }, false],
  ])('%s, of %j: %s', (field, stored, expected) => {
    expect(accepts(wish(field), stored)).toBe(expected);
  });

  it.each<[string | undefined, boolean]>([
    [undefined, false],
    ['no-cache', true],
    ['max-age=60', true],
    ['max-age=60, max-stale', false],
    ['min-fresh=1', true],
    ['max-stale', false],
    ['no-store', false],
  ])('%s refuses what is stale, also while it is refreshed: %s', (field, expected) => {
    expect(wish(field).refusesStale).toBe(expected);
  });

  it.each<[string | undefined, string, boolean]>([
    [undefined, 'no-cache', false],
    [undefined, 'No-Cache', false],
    [undefined, 'foo', true],
    ['max-age=60', 'no-cache', true],
    ['', 'no-cache', true],
  ])('Cache-Control %s and Pragma %s (5.4)', (field, pragma, expected) => {
    expect(accepts(wish(field, true, { pragma }))).toBe(expected);
  });

  test('an age below zero is none: the origin’s clock may be ahead', () => {
    expect(accepts(wish('max-age=0'), { age: -5 })).toBe(true);
  });
});
