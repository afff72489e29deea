import { describe, expect, it, test } from 'vitest';
import {
  ConfigError,
  createCache,
  customTier,
  inIsolate,
  memory,
  redis,
  regional,
  type Tier,
} from '../../../src/index.ts';

const REDIS = redis({ url: 'https://x.upstash.example', token: 'token' });
const own = (changes: object = {}): Tier => ({
  name: 'own',
  local: true,
  lifetimeMs: 1000,
  get: () => undefined,
  put: () => undefined,
  delete: () => undefined,
  ...changes,
});

/** The problems of a cache with these options, each a line. */
function problemsOf(options: object): string[] {
  try {
    createCache({ encryptionKeys: false, namespaces: {}, ...options } as never);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ field, message }) => `${field}: ${message}`);
  }
}

describe('the tiers of a cache', () => {
  test('are what was listed, in that order, the authority behind them', () => {
    const tiers = [customTier(own()), memory({ bytes: '2MiB' }), regional()];
    const cache = createCache({
      authority: REDIS,
      encryptionKeys: false,
      logLevel: 'silent',
      tiers,
      namespaces: {},
    });
    expect(cache.stats().stores.map(({ name }) => name)).toEqual([
      'own',
      'memory',
      'regional',
      'redis',
    ]);
    expect(cache.stats().memory).toEqual({ bytes: 0, entries: 0 });
  });

  test('are memory alone without Redis, and what the preset has with it', () => {
    const names = (options: object): string[] =>
      createCache({ encryptionKeys: false, namespaces: {}, ...options } as never)
        .stats()
        .stores.map(({ name }) => name);
    expect(names({})).toEqual(['memory', 'isolate']);
    expect(names({ authority: inIsolate() })).toEqual(['memory', 'isolate']);
    expect(names({ authority: REDIS })).toEqual(['memory', 'regional', 'redis']);
    expect(names({ authority: REDIS, preset: 'simple' })).toEqual(['memory', 'redis']);
    expect(names({ preset: 'disabled' })).toEqual(['isolate']);
  });

  it.each<[string, object, RegExp]>([
    ['no list', { tiers: memory() }, /^tiers: is an object, must be a list of tiers$/],
    ['something else', { tiers: [{ type: 'disk' }] }, /^tiers\[0\]: must be memory\(\)/],
    ['a tier twice', { tiers: [memory(), memory()] }, /^tiers\[1\]: is a second tier 'memory'$/],
    ['no budget', { tiers: [memory({ bytes: 0 })] }, /^tiers\[0\]\.bytes: is 0, must be a size/],
    [
      'a lifetime of nothing',
      { tiers: [memory({ lifetime: 0 })] },
      /^tiers\[0\]\.lifetime: is 0, must be a duration/,
    ],
    [
      'a base with a path',
      { tiers: [regional({ base: 'https://a.example/x' })] },
      /^tiers\[0\]\.base: must be a scheme and a host/,
    ],
    ['a cache of no name', { tiers: [regional({ name: '' })] }, /^tiers\[0\]\.name: is ''/],
    [
      'a store of one’s own by another’s name',
      { tiers: [customTier(own({ name: 'redis' }))] },
      /^tiers\[0\]\.name: is 'redis', which is the name of another store$/,
    ],
    [
      'a store of one’s own without a lifetime',
      { tiers: [customTier(own({ lifetimeMs: undefined }))] },
      /^tiers\[0\]: must be .* lifetimeMs/,
    ],
    [
      'a budget said twice',
      { tiers: [memory({ bytes: '2MiB' })], memoryBytes: '3MiB' },
      /^memoryBytes: is said twice/,
    ],
  ])('%s is a problem', (_what, options, problem) => {
    const problems = problemsOf({ authority: REDIS, ...options });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it.each<[string, object, RegExp]>([
    ['a data centre’s cache', { tiers: [memory(), regional()] }, /^tiers\[1\]: needs Redis/],
    ['a store of one’s own', { tiers: [customTier(own())] }, /^tiers\[0\]: needs Redis/],
    [
      'a life of copies',
      { tiers: [memory({ lifetime: '1m' })] },
      /^tiers\[0\]\.lifetime: needs Redis/,
    ],
  ])('without Redis %s is a problem', (_what, options, problem) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });
});

describe('the authority of a cache', () => {
  it.each<[string, object, RegExp]>([
    [
      'null',
      { authority: null },
      /^authority: must be redis\(\{ url, token \}\) or inIsolate\(\)$/,
    ],
    ['a text', { authority: 'redis' }, /^authority: must be redis/],
    [
      'said twice',
      { authority: REDIS, redis: { url: 'https://x.example', token: 't' } },
      /^redis: is said twice: authority as well$/,
    ],
    [
      'Redis under a preset that has none',
      { authority: REDIS, preset: 'minimal' },
      /^authority: is Redis, which the preset minimal does not use$/,
    ],
  ])('%s is a problem', (_what, options, problem) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  test('decides which preset counts where none is named', () => {
    const presetOf = (options: object): string =>
      createCache({ encryptionKeys: false, namespaces: {}, ...options } as never).stats().preset;
    expect(presetOf({})).toBe('minimal');
    expect(presetOf({ authority: inIsolate() })).toBe('minimal');
    expect(presetOf({ authority: REDIS })).toBe('production');
    expect(presetOf({ authority: REDIS, preset: 'staging' })).toBe('staging');
  });
});

describe('what a cache is made of', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^options: is missing, must be an object$/],
    ['null', null, /^options: is null, must be an object$/],
  ])('%s is a problem', (_what, options, problem) => {
    let thrown: unknown;
    try {
      createCache(options as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).problems.map((one) => `${one.field}: ${one.message}`)).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  test('every problem is listed at once, whichever part finds it', () => {
    expect(
      problemsOf({
        authority: 5,
        tiers: [{ type: 'disk' }],
        waitUntil: 'later',
        tenant: 'Acme',
        coherenceMs: -1,
        swr: '1m',
        namespaces: { stats: {}, users: { ttl: '400d', tll: '1m' } },
      }).map((line) => line.split(':', 1)[0]),
    ).toEqual(
      expect.arrayContaining([
        'authority',
        'tiers[0]',
        'waitUntil',
        'tenant',
        'coherenceMs',
        'swr',
        'namespaces.stats',
        'namespaces.users.ttl',
        'namespaces.users.tll',
      ]),
    );
    expect(problemsOf({ swr: '1m' })).toEqual([
      'swr: is no option of Tiercel; perhaps staleWhileRevalidate',
    ]);
  });
});
