import { describe, expect, test } from 'vitest';
import { createCache, LoadFailed, namespace } from '../../../src/index.ts';
import type { KeyInput } from '../../../src/index.ts';

const make = () =>
  createCache({
    tenant: 'acme',
    namespaces: { users: namespace<string | null>({ ttl: '1m', staleIfError: '1m' }) },
  });

describe('getMany', () => {
  test('answers in the order of the keys, the same for the same key', async () => {
    const { users } = make();
    await users.setMany([
      ['1', 'a'],
      ['2', null],
    ]);
    expect(await users.getMany(['2', '3', '1', ['1'], '3'])).toEqual([
      null,
      undefined,
      'a',
      'a',
      undefined,
    ]);
    expect(await users.getMany([])).toEqual([]);
  });
});

describe('getOrSetMany', () => {
  test('gives the loader exactly the missing keys, as they were given, in order, once each', async () => {
    const { users } = make();
    await users.set('2', 'stored');
    const calls: (readonly KeyInput[])[] = [];
    const load = (missing: readonly KeyInput[]): string[] => {
      calls.push(missing);
      return missing.map((key) => `made ${String(key)}`);
    };
    expect(await users.getOrSetMany(['3', '2', ['a', 'b'], '3', 'a:b', '1'], load)).toEqual([
      'made 3',
      'stored',
      'made a,b',
      'made 3',
      'made a,b',
      'made 1',
    ]);
    expect(calls).toEqual([['3', ['a', 'b'], '1']]);
    await users.getOrSetMany(['1', '2', '3'], load);
    await users.getOrSetMany([], load);
    expect(calls).toHaveLength(1);
  });

  test('takes a Map; what is undefined or not in it is no value, null is one', async () => {
    const { users } = make();
    const values = await users.getOrSetMany(
      ['1', '2', '3'],
      () =>
        new Map<KeyInput, string | null | undefined>([
          ['2', null],
          ['1', 'a'],
        ]),
    );
    expect(values).toEqual(['a', null, undefined]);
    expect(await users.has('2')).toBe(true);
    expect(await users.has('3')).toBe(false);
    expect(await users.getOrSetMany(['3'], () => [undefined])).toEqual([undefined]);
    expect(await users.has('3')).toBe(false);
  });

  test('refuses an answer of another length, and stores none of it', async () => {
    const { users } = make();
    await expect(users.getOrSetMany(['1', '2'], () => ['a'])).rejects.toThrow(LoadFailed);
    expect(await users.getMany(['1', '2'])).toEqual([undefined, undefined]);
    expect(await users.getOrSetMany(['1', '2'], () => ['a', 'b'])).toEqual(['a', 'b']);
  });

  test('stores with the tags of the call', async () => {
    const { users, purge } = make();
    await users.getOrSetMany(['1', '2'], () => ['a', 'b'], { tags: ['x'], ttl: '5s' });
    expect(await users.entry('2')).toMatchObject({ tags: ['x'] });
    await purge({ tags: ['x'] });
    expect(await users.getMany(['1', '2'])).toEqual([undefined, undefined]);
  });

  test('joins single loads and lets them join', async () => {
    const { users } = make();
    let loads = 0;
    const [batch, single, other] = await Promise.all([
      users.getOrSetMany(['1', '2'], async (missing) => {
        loads += missing.length;
        return missing.map((key) => `batch ${String(key)}`);
      }),
      users.getOrSet('1', () => 'single 1'),
      users.getOrSetMany(['2', '3'], async (missing) => {
        loads += missing.length;
        return missing.map((key) => `other ${String(key)}`);
      }),
    ]);
    expect(batch[0]).toBe(single);
    expect(other[0]).toBe(batch[1]);
    expect(other[1]).toBe('other 3');
    expect(loads).toBeLessThanOrEqual(3);
  });

  test('rejects with what the loader rejects with', async () => {
    const { users } = make();
    const error = new RangeError('down');
    await expect(users.getOrSetMany(['1'], () => Promise.reject(error))).rejects.toBe(error);
    await expect(
      users.getOrSetMany(['1'], () => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  test('says in words that an answer is neither a list nor a Map', async () => {
    const { users } = make();
    const wrong = users.getOrSetMany(['1'], () => 'none' as never);
    await expect(wrong).rejects.toThrow(LoadFailed);
  });
});
