import { describe, expect, test } from 'vitest';
import { createCache, namespace, InvalidKey } from '../../../src/index.ts';

const make = () =>
  createCache({
    tenant: 'acme',
    logLevel: 'silent',
    namespaces: {
      values: namespace<number>({ ttl: '10m' }),
      copies: namespace<{ id: number } | null>({
        ttl: '10m',
        negativeTtl: '1s',
        sharing: 'copy',
      }),
    },
  });

/** A promise that a test settles. */
function held<T>() {
  return Promise.withResolvers<T>();
}

describe('a forced load', () => {
  test('loads where something fresh is stored, and stores what it makes', async () => {
    const { values } = make();
    await values.getOrSet('1', () => 1);
    expect(await values.getOrSet('1', () => 2)).toBe(1);
    expect(await values.getOrSet('1', () => 2, { fresh: true })).toBe(2);
    expect(await values.get('1')).toBe(2);
  });

  test('serves what is stored when it fails', async () => {
    const { values } = make();
    await values.getOrSet('1', () => 1);
    const failing = () => Promise.reject(new Error('down'));
    expect(await values.getOrSet('1', failing, { fresh: true })).toBe(1);
    await expect(values.getOrSet('2', failing, { fresh: true })).rejects.toThrow('down');
  });

  test('does not join a load that began before it was asked for', async () => {
    const { values } = make();
    const slow = held<number>();
    const before = values.getOrSet('1', () => slow.promise);
    // The clock has to tell them apart.
    const asked = Date.now();
    await expect.poll(() => Date.now()).toBeGreaterThan(asked + 1);
    const anew = values.getOrSet('1', () => 2, { fresh: true });
    expect(await anew).toBe(2);
    slow.resolve(1);
    expect(await before).toBe(1);
    expect(await values.get('1')).toBe(2);
  });
});

describe('null', () => {
  test('is fresh for its own time in a namespace of copies, set or loaded or touched', async () => {
    const { copies } = make();
    await copies.set('set', null);
    await copies.getOrSet('loaded', () => null);
    for (const key of ['set', 'loaded']) {
      expect((await copies.entry(key))?.ttl).toBeLessThanOrEqual(1000);
      await copies.touch(key);
      expect((await copies.entry(key))?.ttl).toBeLessThanOrEqual(1000);
    }
    await copies.set('something', { id: 1 });
    expect((await copies.entry('something'))?.ttl).toBeGreaterThan(60_000);
  });
});

describe('a purge of the tenant', () => {
  test.each([['users:42'], ['u'], ['n:nope'], ['n:values.v2']])(
    'of %s, which nothing here could have, is refused',
    async (key) => {
      const cache = make();
      await expect(cache.purge({ keys: [key] })).rejects.toThrow(InvalidKey);
      await expect(cache.purge({ prefixes: [key] })).rejects.toThrow(InvalidKey);
    },
  );

  test('takes keys and prefixes of its namespaces, and all of them', async () => {
    const cache = make();
    for (const prefix of ['n:values', 'n', 'g', 'e']) {
      await cache.values.set('1', 1);
      await cache.purge({ prefixes: [prefix] });
      expect(await cache.values.has('1')).toBe(prefix === 'g' || prefix === 'e');
    }
    await cache.values.set('1', 1);
    await cache.purge({ keys: ['n:values:1'] });
    expect(await cache.values.has('1')).toBe(false);
  });
});

describe('a source that has a value no more', () => {
  const stale = () =>
    createCache({
      tenant: 'acme',
      logLevel: 'silent',
      namespaces: {
        values: namespace<number>({ ttl: 1, staleWhileRevalidate: '1h', throttle: 0 }),
      },
    });
  /** Stores a value and waits until it is stale. */
  async function stored() {
    const { values } = stale();
    await values.set('1', 1);
    await expect.poll(async () => (await values.entry('1'))?.state).toBe('stale');
    return values;
  }

  test('ends what is stale, asked for one or for many', async () => {
    const one = await stored();
    expect(await one.getOrSet('1', () => undefined)).toBe(1);
    await expect.poll(() => one.entry('1')).toBeUndefined();
    const many = await stored();
    expect(await many.getOrSetMany(['1'], () => [undefined])).toEqual([1]);
    await expect.poll(() => many.entry('1')).toBeUndefined();
  });

  test('is not one that skips, whatever it hands on', async () => {
    const values = await stored();
    let calls = 0;
    await values.getOrSet('1', ({ skip }) => {
      calls += 1;
      return skip(undefined as never);
    });
    await expect.poll(() => calls).toBe(1);
    await values.getOrSet('2', () => 2);
    expect((await values.entry('1'))?.value).toBe(1);
  });
});
