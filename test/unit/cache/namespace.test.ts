import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConfigError, createCache, InvalidKey, namespace } from '../../../src/index.ts';
import type { KeyInput } from '../../../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 7, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

const make = (version = 1) =>
  createCache({
    namespaces: {
      users: namespace<string>({ ttl: '10s', jitter: 0, staleIfError: '1m', version }),
      teams: namespace<string>({ ttl: '10s', jitter: 0 }),
    },
  });

describe('keys', () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['an empty text', ''],
    ['an empty list', []],
    ['a list of nothing', ['']],
    ['a number', 42],
    ['null', null],
    ['undefined', undefined],
    ['an object', { id: 1 }],
    ['a list with a number', ['a', 1]],
    ['one that is too long', 'x'.repeat(5000)],
    ['one that is too long once encoded', 'ü'.repeat(1000)],
    ['one of too many segments', Array.from({ length: 200 }, () => 'a')],
  ];
  test.for(wrong)('%s is refused by every method, by a rejection', async ([, given]) => {
    const cache = make().forTenant('acme');
    const { users } = cache;
    const key = given as KeyInput;
    const calls: readonly (() => Promise<unknown>)[] = [
      () => users.get(key),
      () => users.getOrSet(key, () => 'v'),
      () => users.getMany([key]),
      () => users.getOrSetMany([key], () => ['v']),
      () => users.set(key, 'v'),
      () => users.setMany([[key, 'v']]),
      () => users.delete(key),
      () => users.has(key),
      () => users.entry(key),
      () => users.touch(key),
      () => users.purge({ keys: [key] }),
      () => users.purge({ prefixes: [key] }),
      () => users.wrap(() => 'v', { key: () => key })(),
    ];
    for (const call of calls) {
      let answer: Promise<unknown>;
      try {
        answer = call();
      } catch (error) {
        throw new Error(`thrown, not rejected: ${call.toString()}`, { cause: error });
      }
      const outcome = await answer.catch((error: unknown) => error);
      expect([call.toString(), outcome]).toEqual([call.toString(), expect.any(InvalidKey)]);
    }
  });

  test.for(wrong.slice(0, 8))('%s is refused by a purge of the tenant', async ([, given]) => {
    const cache = make().forTenant('acme');
    const key = given as KeyInput;
    await expect(cache.purge({ keys: [key] })).rejects.toThrow(InvalidKey);
    await expect(cache.purge({ prefixes: [key] })).rejects.toThrow(InvalidKey);
  });

  test('a text is its segments; a segment may hold any text', async () => {
    const { users } = make().forTenant('acme');
    await users.set('a:b', 'two');
    expect(await users.get(['a', 'b'])).toBe('two');
    await users.set(['a:b'], 'one');
    expect(await users.get(['a:b'])).toBe('one');
    expect(await users.get('a:b')).toBe('two');
    const odd = ['~ledger', '%7E', '../x', '\0', '\ud800', ''];
    for (const segment of odd) await users.set(['odd', segment], segment);
    expect(await users.getMany(odd.map((segment) => ['odd', segment]))).toEqual(odd);
  });
});

describe('apart from each other are', () => {
  test('tenants', async () => {
    const cache = make();
    const [acme, globex] = [cache.forTenant('acme'), cache.forTenant('globex')];
    await acme.users.set('1', 'of acme');
    expect(await globex.users.get('1')).toBeUndefined();
    await globex.users.set('1', 'of globex');
    await globex.purge({ all: true });
    expect(await acme.users.get('1')).toBe('of acme');
    expect(await globex.users.get('1')).toBeUndefined();
    expect(acme.stats().counters.purges).toBe(0);
    expect(globex.stats()).toMatchObject({ tenant: 'globex', counters: { purges: 1 } });
  });

  test('namespaces, whatever their keys; a tag is of the whole tenant', async () => {
    const { users, teams } = make().forTenant('acme');
    await users.set('teams:1', 'user', { tags: ['x'] });
    await teams.set('1', 'team', { tags: ['x'] });
    await users.purge({ all: true });
    expect(await teams.get('1')).toBe('team');
    await users.purge({ tags: ['x'] });
    expect(await teams.get('1')).toBeUndefined();
  });

  test.for(['', 'Acme', 'a'.repeat(65), 'a:b', '~x', 7, null, undefined])(
    'no tenant: %j',
    (name) => {
      expect(() => make().forTenant(name as string)).toThrow(InvalidKey);
    },
  );
});

test('names of methods, and versions that are none, are no namespaces', () => {
  const reserved = ['purge', 'stats', 'stamp', 'tenant', 'on', 'forTenant', 'then', 'constructor'];
  const namespaces = Object.fromEntries(reserved.map((name) => [name, {}]));
  let problems: readonly { readonly field: string }[] = [];
  try {
    createCache({ namespaces });
  } catch (error) {
    if (error instanceof ConfigError) problems = error.problems;
  }
  expect(new Set(problems.map(({ field }) => field))).toEqual(
    new Set(reserved.map((name) => `namespaces.${name}`)),
  );
  expect(() => make(0)).toThrow(ConfigError);
  expect(() => make(1.5)).toThrow(ConfigError);
  expect(make(2).forTenant('acme').users).toBeDefined();
});

describe('entry', () => {
  test('tells what is stored, how old it is and how long it is fresh', async () => {
    const { users } = make().forTenant('acme');
    expect(await users.entry('1')).toBeUndefined();
    await users.set('1', 'v', { tags: ['x'] });
    await vi.advanceTimersByTimeAsync(4000);
    expect(await users.entry('1')).toEqual({
      value: 'v',
      tier: 'memory',
      state: 'fresh',
      age: 4000,
      ttl: 6000,
      tags: ['x'],
      verified: true,
    });
    await vi.advanceTimersByTimeAsync(16_000);
    expect(await users.entry('1')).toMatchObject({ state: 'stale', ttl: 0, age: 20_000 });
    expect(await users.has('1')).toBe(false);
    expect(await users.get('1')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(await users.entry('1')).toBeUndefined();
  });
});

describe('wrap', () => {
  test('caches a function by the key of its arguments', async () => {
    const { users } = make().forTenant('acme');
    const calls: string[] = [];
    const greet = users.wrap(
      async (name: string, _loud: boolean) => {
        calls.push(name);
        return `hi ${name}`;
      },
      { key: (name, loud) => [name, `${loud}`], ttl: '5s', tags: ['greetings'] },
    );
    expect(await Promise.all([greet('Ada', true), greet('Ada', true)])).toEqual([
      'hi Ada',
      'hi Ada',
    ]);
    expect(await greet('Ada', false)).toBe('hi Ada');
    expect(calls).toEqual(['Ada', 'Ada']);
    expect(await users.entry(['Ada', 'true'])).toMatchObject({ ttl: 5000, tags: ['greetings'] });
    await users.purge({ tags: ['greetings'] });
    await greet('Ada', true);
    expect(calls).toHaveLength(3);
  });

  test('passes on what the function and the key throw, as a rejection', async () => {
    const { users } = make().forTenant('acme');
    const thrown = users.wrap(
      (): string => {
        throw new RangeError('no');
      },
      { key: () => 'a' },
    );
    await expect(thrown()).rejects.toThrow(RangeError);
    const keyless = users.wrap(() => 'v', {
      key: () => {
        throw new SyntaxError('no key');
      },
    });
    await expect(keyless()).rejects.toThrow(SyntaxError);
  });
});

describe('a cache that is switched off', () => {
  test('stores and serves nothing; each caller’s load is their own', async () => {
    const cache = createCache({
      tenant: 'acme',
      preset: 'disabled',
      namespaces: { users: namespace<string>() },
    });
    const { users } = cache;
    expect(await users.set('1', 'v')).toEqual({ stored: false, reason: 'disabled' });
    expect(await users.get('1')).toBeUndefined();
    expect(await users.touch('1')).toEqual({ touched: false, reason: 'disabled' });
    let loads = 0;
    const load = async (): Promise<string> => {
      loads += 1;
      return `v${loads}`;
    };
    expect(await Promise.all([users.getOrSet('1', load), users.getOrSet('1', load)])).toEqual([
      'v1',
      'v2',
    ]);
    expect(await users.has('1')).toBe(false);
    await users.delete('1');
    expect(await users.purge({ all: true })).toMatchObject({ targets: 1 });
    // Others may read what this one purges: the marks are made all the same.
    expect(await cache.purgeEverything()).toMatchObject({ tenants: 1 });
    await expect(users.getOrSet('2', () => Promise.reject(new Error('down')))).rejects.toThrow(
      'down',
    );
  });

  test('gives each batch a load of its own as well', async () => {
    const { users } = createCache({
      tenant: 'acme',
      preset: 'disabled',
      namespaces: { users: namespace<string>() },
    });
    let loads = 0;
    const load = async (): Promise<readonly string[]> => {
      loads += 1;
      return [`v${loads}`];
    };
    const both = await Promise.all([
      users.getOrSetMany(['1'], load),
      users.getOrSetMany(['1'], load),
    ]);
    expect(both).toEqual([['v1'], ['v2']]);
  });
});
