import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigError, createCache, InvalidKey, namespace } from '../../../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 7, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

const make = () =>
  createCache({
    tenant: 'acme',
    maxEntryBytes: '64KiB',
    namespaces: {
      users: namespace<string | null>({
        ttl: '10s',
        negativeTtl: '1s',
        jitter: 0,
        staleIfError: '1m',
        maxLife: '2m',
        tags: (value, key) => [`key:${key.join('/')}`, `value:${value?.slice(0, 9)}`],
      }),
    },
  });

describe('set', () => {
  test('stores a value, with the tags of the call and of the namespace', async () => {
    const { users, purge } = make();
    expect(await users.set('a:b', 'v', { tags: ['mine', 'mine'], ttl: '3s' })).toEqual({
      stored: true,
    });
    expect(await users.entry('a:b')).toMatchObject({ value: 'v', ttl: 3000 });
    expect(new Set((await users.entry('a:b'))?.tags)).toEqual(
      new Set(['mine', 'key:a/b', 'value:v']),
    );
    await purge({ tags: ['value:v'] });
    expect(await users.get('a:b')).toBeUndefined();
  });

  test('says why it has not stored: no value, too large, over already', async () => {
    const { users } = make();
    for (const key of ['1', '2', '3']) await users.set(key, 'old');
    expect(await users.set('1', undefined as never)).toEqual({
      stored: false,
      reason: 'undefined',
    });
    expect(await users.get('1')).toBe('old');
    expect(await users.set('2', 'x'.repeat(70_000))).toEqual({
      stored: false,
      reason: 'too_large',
    });
    expect(await users.set('3', 'v', { ttl: 0, staleIfError: 0 })).toEqual({
      stored: false,
      reason: 'expired',
    });
    // Whoever set these does not mean that the old ones stay.
    expect(await users.getMany(['2', '3'])).toEqual([undefined, undefined]);
  });

  test('with a stamp from before a purge is superseded', async () => {
    const { users, purge, stamp } = make();
    const known = await stamp();
    await purge({ tags: ['value:v'] });
    expect(await users.set('1', 'v', { stamp: known })).toEqual({
      stored: false,
      reason: 'superseded',
    });
    expect(await users.set('1', 'w', { stamp: known })).toEqual({ stored: true });
    expect(await users.set('1', 'v')).toEqual({ stored: true });
  });

  test('of many: each outcome in order, one after the other for the same key', async () => {
    const { users } = make();
    const results = await users.setMany(
      new Map<string, string | null>([
        ['1', 'a'],
        ['2', 'x'.repeat(70_000)],
        ['3', null],
      ]),
    );
    expect(results.map(({ stored }) => stored)).toEqual([true, false, true]);
    expect(await users.getMany(['1', '2', '3'])).toEqual(['a', undefined, null]);
    await users.setMany([
      ['1', 'b'],
      ['1', 'c'],
    ]);
    expect(await users.get('1')).toBe('c');
    expect(await users.setMany([])).toEqual([]);
  });

  test('refuses what no value can have, and stores none of the call', async () => {
    const { users } = make();
    await expect(users.set('1', 'v', { ttl: '1y' as never })).rejects.toThrow(ConfigError);
    await expect(users.set('1', 'v', { tags: [''] })).rejects.toThrow(InvalidKey);
    await expect(users.set('1', 'v', { tags: ['\nhttps://a.example\ngroup'] })).rejects.toThrow(
      InvalidKey,
    );
    await expect(users.set('1', 'v', { tags: ['x'.repeat(300)] })).rejects.toThrow(InvalidKey);
    const many = Array.from({ length: 130 }, (_, at) => `t${at}`);
    await expect(users.set('1', 'v', { tags: many })).rejects.toThrow(InvalidKey);
    expect(await users.has('1')).toBe(false);
  });
});

describe('touch', () => {
  test('makes a value fresh for its ttl, or another one, within its absolute life', async () => {
    const { users } = make();
    await users.set('1', 'v');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await users.get('1')).toBeUndefined();
    expect(await users.touch('1')).toEqual({ touched: true });
    expect(await users.entry('1')).toMatchObject({ value: 'v', state: 'fresh', ttl: 10_000 });
    expect(await users.touch('1', { ttl: '10m' })).toEqual({ touched: true });
    expect((await users.entry('1'))?.ttl).toBe(105_000);
    await vi.advanceTimersByTimeAsync(105_000);
    expect(await users.touch('1')).toEqual({ touched: false, reason: 'absent' });
  });

  test('of null makes it fresh for as long as null is', async () => {
    const { users } = make();
    await users.set('1', null);
    expect((await users.entry('1'))?.ttl).toBe(1000);
    await users.touch('1');
    expect((await users.entry('1'))?.ttl).toBe(1000);
  });

  test('of what is not there, or was purged, is told', async () => {
    const { users } = make();
    expect(await users.touch('1')).toEqual({ touched: false, reason: 'absent' });
    await users.set('1', 'v');
    await users.purge({ tags: ['value:v'] });
    expect(await users.touch('1')).toMatchObject({ touched: false });
    expect(await users.get('1')).toBeUndefined();
    await expect(users.touch('1', { ttl: -1 })).rejects.toThrow(ConfigError);
  });
});

describe('purge', () => {
  test('of keys, tags, prefixes on a segment boundary, everything of the namespace', async () => {
    const { users } = make();
    const all = ['a', 'a:b', 'a:b:c', 'ab', 'z'];
    const left = async (): Promise<string[]> => {
      const values = await users.getMany(all);
      return all.filter((_, at) => values[at] !== undefined);
    };
    for (const key of all) await users.set(key, key);
    await users.purge({ keys: ['a'] });
    expect(await left()).toEqual(['a:b', 'a:b:c', 'ab', 'z']);
    await users.purge({ prefixes: ['a:b'] });
    expect(await left()).toEqual(['ab', 'z']);
    await users.purge({ tags: ['key:z'] });
    expect(await left()).toEqual(['ab']);
    expect(await users.purge({ all: true })).toEqual({
      targets: 1,
      mode: 'hard',
      effectiveWithinMs: 0,
    });
    expect(await left()).toEqual([]);
  });

  test('hard is never served again, soft is served until it is loaded anew or its source is back', async () => {
    const { users } = make();
    const down = (): Promise<string> => Promise.reject(new Error('origin down'));
    await users.set('1', 'v');
    await users.purge({ keys: ['1'] }, { mode: 'soft' });
    expect(await users.get('1')).toBeUndefined();
    expect(await users.get('1', { stale: true })).toBe('v');
    expect(await users.getOrSet('1', down)).toBe('v');
    await users.delete('1');
    expect(await users.get('1', { stale: true })).toBeUndefined();
    expect(await users.entry('1')).toBeUndefined();
    await expect(users.getOrSet('1', down)).rejects.toThrow('origin down');
  });

  test('needs a target, a mode that there is, and no more than a thousand', async () => {
    const { users } = make();
    await expect(users.purge({})).rejects.toThrow(InvalidKey);
    await expect(users.purge({ tags: [''] })).rejects.toThrow(InvalidKey);
    await expect(users.purge({ all: true }, { mode: 'half' as never })).rejects.toThrow(
      ConfigError,
    );
    const tags = Array.from({ length: 1001 }, (_, at) => `t${at}`);
    await expect(users.purge({ tags })).rejects.toThrow(InvalidKey);
  });

  test('during a load, whichever moment it hits, leaves nothing that could come back', async () => {
    let hit = 0;
    for (let steps = 0; steps < 40; steps += 1) {
      const { users } = make();
      let began = false;
      const read = users.getOrSet('1', () => {
        began = true;
        return 'old';
      });
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      // A load that begins after the purge may be stored.
      const isOlder = began;
      await users.delete('1');
      await read;
      if (!isOlder) continue;
      hit += 1;
      expect(await users.get('1'), `purged ${steps} steps after the read`).toBeUndefined();
      // Pushes the mark of the purge out of the ledger.
      await users.setMany(Array.from({ length: 2100 }, (_, at) => [`other:${at}`, 'v'] as const));
      await vi.advanceTimersByTimeAsync(1000);
      expect(await users.get('1'), `purged ${steps} steps after the read, later`).toBeUndefined();
    }
    expect(hit).toBeGreaterThan(10);
  });
});
