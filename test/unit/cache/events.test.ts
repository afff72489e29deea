import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCache, namespace } from '../../../src/index.ts';
import type { TelemetryEvent } from '../../../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 7, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

const make = (memoryBytes?: '1MiB') =>
  createCache({
    tenant: 'acme',
    ...(memoryBytes && { memoryBytes }),
    namespaces: {
      users: namespace<string>({ ttl: '10s', jitter: 0, staleWhileRevalidate: '1m' }),
    },
  });

const down = (): Promise<string> => Promise.reject(new Error('origin down'));

describe('events', () => {
  test('tell what happened, by name and all together', async () => {
    const cache = make();
    const { users } = cache;
    const heard: TelemetryEvent[] = [];
    const named: string[] = [];
    cache.on('*', (event) => void heard.push(event));
    for (const name of ['hit', 'miss', 'stale', 'set', 'purge', 'load', 'load_failed'] as const)
      cache.on(name, (event) => void named.push(event.type));
    await users.getOrSet('1', () => 'v');
    await users.get('1');
    await vi.advanceTimersByTimeAsync(15_000);
    await users.getOrSet('1', down);
    await vi.advanceTimersByTimeAsync(0);
    await users.delete('1');
    await users.set('1', 'w');
    expect(named).toEqual([
      'miss',
      'load',
      'set',
      'hit',
      'miss',
      'stale',
      'load_failed',
      'purge',
      'set',
    ]);
    expect(heard.map(({ type }) => type)).toEqual(named);
    expect(heard[0]).toEqual({ type: 'miss', tenant: 'acme', key: 'n:users:1', reason: 'absent' });
    expect(heard[3]).toEqual({
      type: 'hit',
      tenant: 'acme',
      key: 'n:users:1',
      tier: 'memory',
      verified: true,
    });
    expect(heard[7]).toEqual({ type: 'purge', tenant: 'acme', targets: 1, mode: 'hard' });
    // Never a value.
    expect(JSON.stringify(heard)).not.toContain('"v"');
  });

  test('tell of a copy that gave way to others, with its size', async () => {
    const cache = make('1MiB');
    const evicted: { key: string; bytes: number; tier: string }[] = [];
    cache.on('evict', ({ key, bytes, tier }) => void evicted.push({ key, bytes, tier }));
    for (let at = 0; at < 20; at += 1) await cache.users.set(`${at}`, `${at}`.repeat(50_000));
    expect(evicted[0]).toMatchObject({ key: 'n:users:0', tier: 'memory' });
    expect(evicted[0]?.bytes).toBeGreaterThan(50_000);
    expect(cache.stats().memory?.bytes).toBeLessThanOrEqual(1_048_576);
  });

  test('are heard until the listener is taken away', async () => {
    const cache = make();
    let heard = 0;
    const stop = cache.on('miss', () => (heard += 1));
    const stopOther = cache.on('miss', () => (heard += 10));
    await cache.users.get('1');
    expect(heard).toBe(11);
    stop();
    stop();
    await cache.users.get('1');
    expect(heard).toBe(21);
    stopOther();
    await cache.users.get('1');
    expect(heard).toBe(21);
  });
});

describe('a listener that fails', () => {
  test('changes nothing for the caller nor for other listeners, and is an event itself', async () => {
    const cache = make();
    const errors: TelemetryEvent[] = [];
    const after: string[] = [];
    cache.on('listener_error', (event) => void errors.push(event));
    cache.on('miss', () => {
      throw new RangeError('thrown');
    });
    cache.on('miss', () => Promise.reject(new RangeError('rejected')));
    cache.on('miss', ({ key }) => void after.push(key));
    expect(await cache.users.getOrSet('1', () => 'v')).toBe('v');
    await vi.advanceTimersByTimeAsync(0);
    expect(after).toEqual(['n:users:1']);
    expect(errors).toEqual([
      { type: 'listener_error', event: 'miss', message: 'RangeError: thrown' },
      { type: 'listener_error', event: 'miss', message: 'RangeError: rejected' },
    ]);
  });

  test('also one that hears of failures, or of everything', async () => {
    const cache = make();
    let calls = 0;
    for (const name of ['*', 'listener_error'] as const)
      cache.on(name, () => {
        calls += 1;
        throw new Error('again');
      });
    expect(await cache.users.get('1')).toBeUndefined();
    expect(calls).toBeLessThan(10);
  });
});

test('counters tell the same, tenant by tenant', async () => {
  const cache = make();
  const { users } = cache;
  await users.getOrSet('1', () => 'v');
  await users.get('1');
  await users.get('2');
  expect(cache.forTenant('acme').stats().counters).toMatchObject({
    hits: { memory: 1 },
    misses: { absent: 2 },
    loads: 1,
    stores: 1,
  });
  expect(cache.forTenant('globex').stats().counters.loads).toBe(0);
  expect(cache.stats()).toMatchObject({ preset: 'minimal', memory: { entries: 1 } });
});
