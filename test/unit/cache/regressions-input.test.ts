import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  createCache,
  customTier,
  InvalidKey,
  memory,
  namespace,
  redis,
  regional,
} from '../../../src/index.ts';

const make = () =>
  createCache({
    tenant: 'acme',
    namespaces: { users: namespace<unknown>({ ttl: '1m', jitter: 0, staleWhileRevalidate: '1h' }) },
  });

/** What callers without types may pass. */
const untyped = (value: unknown): never => value as never;

/** The error that something throws or rejects with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('tags', () => {
  test('that a reader gets are nobody’s to change: a purge of them still hits', async () => {
    const cache = make();
    const { users } = cache;
    await users.set('set', 1, { tags: ['t'] });
    await users.getOrSet('loaded', () => 1, { tags: ['t'] });
    for (const key of ['set', 'loaded']) {
      const tags = (await users.entry(key))?.tags as string[];
      expect(() => tags.pop()).toThrow(TypeError);
    }
    await cache.purge({ tags: ['t'] });
    expect(await users.getMany(['set', 'loaded'])).toEqual([undefined, undefined]);
  });

  test('that a loader gets of a stale value are nobody’s to change either', async () => {
    const cache = make();
    const { users } = cache;
    await users.set('1', 1, { tags: ['t'] });
    await users.purge({ keys: ['1'] }, { mode: 'soft' });
    let frozen: boolean | undefined;
    await users.getOrSet(
      '1',
      ({ stale }) => {
        frozen = Object.isFrozen(stale?.tags);
        return 2;
      },
      { fresh: true },
    );
    expect(frozen).toBe(true);
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['a text', 'team'],
    ['a set', new Set(['team'])],
    ['null', null],
    ['a list with a number', [7]],
    ['an empty tag', ['']],
    ['half of a surrogate pair', ['\ud800']],
    ['the other half', ['a\udc00']],
  ];
  test.for(wrong)('that are %s are refused everywhere, and nothing is done', async ([, tags]) => {
    const cache = make();
    const { users } = cache;
    await users.set('1', 'before', { tags: ['t', 'e', 'a', 'm'] });
    const given = { tags: untyped(tags) };
    let loads = 0;
    const calls = [
      () => users.set('1', 'after', given),
      () => users.setMany([['1', 'after']], given),
      () => users.getOrSet('2', () => (loads += 1), given),
      () => users.getOrSet('1', () => (loads += 1), given),
      () => users.getOrSetMany(['2'], () => [(loads += 1)], given),
      () => users.purge(given),
      () => cache.purge(given),
    ];
    for (const call of calls)
      expect([call.toString(), await errorOf(call)]).toEqual([
        call.toString(),
        expect.any(InvalidKey),
      ]);
    expect(await users.getMany(['1', '2'])).toEqual(['before', undefined]);
    expect(loads).toBe(0);
  });

  test('of whole surrogate pairs are tags', async () => {
    const cache = make();
    await cache.users.set('1', 1, { tags: ['\u{1f600}'] });
    await cache.purge({ tags: ['\u{1f600}'] });
    expect(await cache.users.get('1')).toBeUndefined();
  });
});

describe('a purge', () => {
  test.for(['HARD', '', null, 7])('of everything refuses the mode %j', async (mode) => {
    const cache = make();
    await cache.users.set('1', 1);
    const error = await errorOf(() => cache.purgeEverything({ mode: untyped(mode) }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(await cache.users.get('1')).toBe(1);
  });

  const wrong: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['keys that are a text', { keys: '1' }],
    ['prefixes that are a text', { prefixes: '1' }],
    ['a mistyped member besides a right one', { keys: ['2'], tag: ['t'] }],
    ['all that is not true', { all: 'yes' }],
    ['a key that is a number', { keys: [5] }],
  ];
  test.for(wrong)('of %s is refused, and purges nothing', async ([, targets]) => {
    const cache = make();
    await cache.users.set('1', 1);
    await cache.users.set('2', 2);
    for (const call of [
      () => cache.users.purge(untyped(targets)),
      () => cache.purge(untyped(targets)),
    ] as const)
      expect(await errorOf(call)).toBeInstanceOf(InvalidKey);
    expect(await cache.users.getMany(['1', '2'])).toEqual([1, 2]);
  });
});

describe('options of a call', () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['a ttl in words', { ttl: '10 minutes' }],
    ['a ttl that is no number', { ttl: Number.NaN }],
    ['a negative ttl', { ttl: -1 }],
    ['an option that there is not', { tll: '1m' }],
    ['null', null],
    ['a text', '1m'],
  ];
  test.for(wrong)(
    'with %s are refused before the loader runs, on a hit as well',
    async ([, given]) => {
      const { users } = make();
      await users.set('hit', 'stored');
      let loads = 0;
      for (const key of ['miss', 'hit'])
        expect(
          await errorOf(() => users.getOrSet(key, () => (loads += 1), untyped(given))),
        ).toBeInstanceOf(ConfigError);
      expect(
        await errorOf(() => users.getOrSetMany(['miss'], () => [(loads += 1)], untyped(given))),
      ).toBeInstanceOf(ConfigError);
      expect(await errorOf(() => users.set('hit', 'other', untyped(given)))).toBeInstanceOf(
        ConfigError,
      );
      expect(loads).toBe(0);
      expect(await users.get('hit')).toBe('stored');
    },
  );

  test('that a loader says and leaves undefined say nothing', async () => {
    const { users } = make();
    const load = { setOptions: { ttl: undefined, tags: ['x'] } };
    await users.getOrSet(
      '1',
      ({ setOptions }) => {
        setOptions(untyped(load.setOptions));
        return 1;
      },
      { ttl: '30s' },
    );
    const entry = await users.entry('1');
    expect(entry?.ttl).toBeLessThanOrEqual(30_000);
    expect(entry?.tags).toEqual(['x']);
  });
});

describe('arguments of no use are refused in words', () => {
  const calls: readonly (readonly [string, (cache: ReturnType<typeof make>) => unknown])[] = [
    ['a loader that is no function', ({ users }) => users.getOrSet('1', untyped(5))],
    ['also on a hit', ({ users }) => users.getOrSet('hit', untyped(5))],
    ['a loader of many that is none', ({ users }) => users.getOrSetMany(['1'], untyped('x'))],
    ['keys that are a text', ({ users }) => users.getMany(untyped('abc'))],
    ['no keys', ({ users }) => users.getMany(untyped(undefined))],
    ['entries that are an object', ({ users }) => users.setMany(untyped({ a: 1 }))],
    [
      'a stamp that was not waited for',
      (cache) => cache.users.set('1', 1, { stamp: untyped(cache.stamp()) }),
    ],
    ['a function to wrap that is none', ({ users }) => users.wrap(untyped(5), { key: () => 'k' })],
    ['a wrap without a key', ({ users }) => users.wrap(() => 1, untyped({}))],
    ['a listener that is none', (cache) => cache.on('hit', untyped(5))],
    ['an event that there is not', (cache) => cache.on(untyped('hits'), () => undefined)],
    ['no options', () => createCache(untyped(undefined))],
    ['null', () => createCache(untyped(null))],
    ['no namespaces', () => createCache(untyped({}))],
    ['an authority of null', () => createCache({ authority: untyped(null), namespaces: {} })],
    ['an authority of a text', () => createCache({ authority: untyped('x'), namespaces: {} })],
    ['a waitUntil that is none', () => createCache({ waitUntil: untyped(5), namespaces: {} })],
    ['the tenant undefined', () => createCache({ namespaces: {} }).forTenant(untyped(undefined))],
  ];
  test.for(calls)('%s', async ([, call]) => {
    const cache = make();
    await cache.users.set('hit', 1);
    const error = await errorOf(() => call(cache));
    expect(error instanceof ConfigError || error instanceof InvalidKey).toBe(true);
  });
});

test('a Map of a loader answers a key however the key is written', async () => {
  const { users } = make();
  const load = (): Map<string, number> =>
    new Map([
      ['a:b', 1],
      ['c:d', 2],
    ]);
  expect(await users.getOrSetMany([['a', 'b'], 'c:d', 'e'], load)).toEqual([1, 2, undefined]);
  const other = new Map([[['f', 'g'], 3]]);
  expect(await users.getOrSetMany(['f:g'], () => untyped(other))).toEqual([3]);
});

describe('tiers', () => {
  const kv = {
    name: 'kv',
    local: false,
    lifetimeMs: 1000,
    get: () => undefined,
    put: () => undefined,
    delete: () => undefined,
  };
  const server = redis({ url: 'https://x.upstash.io', token: 't' });
  const problems = async (options: object): Promise<readonly string[]> => {
    const error = await errorOf(() =>
      createCache(untyped({ namespaces: {}, encryptionKeys: false, ...options })),
    );
    return error instanceof ConfigError ? error.problems.map(({ field }) => field) : [];
  };

  test('that only Redis could purge are refused without it, not left out in silence', async () => {
    const tiers = [memory({ lifetime: '1s' }), regional(), customTier(kv)];
    expect(await problems({ tiers })).toEqual(['tiers[0].lifetime', 'tiers[1]', 'tiers[2]']);
    expect(await problems({ tiers, authority: server })).toEqual([]);
  });

  test.for(['memory', 'regional', 'redis', 'isolate', ''])(
    'of somebody’s own can’t have the name %j of another store',
    async (name) => {
      const tiers = [customTier({ ...kv, name })];
      expect(await problems({ tiers, authority: server })).toEqual(['tiers[0].name']);
    },
  );

  test('of somebody’s own must say where they are and how long they keep copies', async () => {
    const { name, get, put, delete: remove } = kv;
    for (const tier of [
      { name, get, put, delete: remove },
      { ...kv, lifetimeMs: 0 },
      { ...kv, lifetimeMs: Number.NaN },
      { ...kv, lifetimeMs: 25 * 3_600_000 },
      { ...kv, local: 'yes' },
    ])
      expect(await problems({ tiers: [customTier(untyped(tier))], authority: server })).toEqual([
        'tiers[0]',
      ]);
  });
});
