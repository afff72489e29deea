import { describe, expect, expectTypeOf, it, test } from 'vitest';
import type * as z from 'zod';
import type { NamespaceOptions, NamespaceSettings } from '../../../src/cache/options.ts';
import type { CacheSettings } from '../../../src/config/cache-settings.ts';
import { resolveCacheOptions } from '../../../src/config/library.ts';
import type { namespaceFields } from '../../../src/config/namespaces.ts';
import { ConfigError } from '../../../src/errors.ts';

const REDIS = { url: 'https://name.upstash.io', token: 's3cr3t-token' };

function resolve(users: unknown, cache: CacheSettings = {}): NamespaceSettings {
  const { namespaces } = resolveCacheOptions({
    preset: 'staging',
    redis: REDIS,
    ...cache,
    namespaces: { users },
  });
  const { users: config } = namespaces;
  if (!config) throw new Error('The namespace is not there.');
  return config;
}

function problemsOf(users: unknown, cache?: CacheSettings): string[] {
  try {
    resolve(users, cache);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

const standard = { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } };
const serializer = { serialize: () => 1, deserialize: () => 1 };
const LIFE = 'a duration from 0ms to 365d (milliseconds, or a whole number with ms, s, m, h or d)';

describe('a namespace', () => {
  test('that says nothing is as its cache says', () => {
    const cache = resolveCacheOptions({ preset: 'staging', redis: REDIS });
    expect(resolve({})).toEqual({
      ...cache.defaults,
      maxLifeMs: 30 * 86_400_000,
      tiers: { memoryMs: undefined, regionalMs: undefined },
      version: 1,
      sharing: 'frozen',
    });
  });

  it.each<[NamespaceOptions, object]>([
    [{ ttl: '1h' }, { ttlMs: 3_600_000 }],
    [
      { staleWhileRevalidate: '2m', staleIfError: 0 },
      { staleWhileRevalidateMs: 120_000, staleIfErrorMs: 0 },
    ],
    [
      { negativeTtl: '1s', jitter: 0, earlyRefresh: 0 },
      { negativeTtlMs: 1000, jitter: 0, earlyRefresh: 0 },
    ],
    [
      { softTimeout: false, hardTimeout: '3s' },
      { softTimeoutMs: undefined, hardTimeoutMs: 3000 },
    ],
    [
      { throttle: 0, lease: false },
      { throttleMs: 0, lease: false },
    ],
    [{ tiers: { memory: '10s', regional: 0 } }, { tiers: { memoryMs: 10_000, regionalMs: 0 } }],
    [
      { version: 2, sharing: 'copy' },
      { version: 2, sharing: 'copy' },
    ],
    [{ maxLife: '1h' }, { maxLifeMs: 3_600_000, ttlMs: 300_000, staleIfErrorMs: 3_300_000 }],
    [{ maxLife: '1m' }, { maxLifeMs: 60_000, ttlMs: 60_000, staleIfErrorMs: 0 }],
    [{ hardTimeout: '2m' }, { hardTimeoutMs: 120_000, leaseMs: 25_000 }],
    [{ hardTimeout: '500ms' }, { hardTimeoutMs: 500, softTimeoutMs: undefined }],
  ])('%j overrides its cache', (settings, expected) => {
    expect(resolve(settings)).toMatchObject(expected);
  });

  test('bends to its own settings what the cache was told, not what it was told itself', () => {
    expect(resolve({ maxLife: '1m' }, { defaultTtl: '10m' }).ttlMs).toBe(60_000);
    expect(problemsOf({ ttl: '10m', maxLife: '1m' })).toHaveLength(1);
  });

  test('may have functions, a serializer and a schema, which may be a function too', () => {
    const callable = Object.assign(() => true, standard);
    const functions = { tags: () => ['a'], migrate: () => 1, serializer };
    expect(problemsOf({ ...functions, schema: standard })).toEqual([]);
    expect(problemsOf({ ...functions, schema: callable })).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ ttl: -1 }, `ttl: is -1, must be ${LIFE}`],
    [{ ttl: '366d' }, `ttl: is '366d', must be ${LIFE}`],
    [{ ttl: '31d' }, 'ttl: is 31d, must be at most maxTtl, which is 30d'],
    [{ negativeTtl: '31d' }, 'negativeTtl: is 31d, must be at most maxTtl, which is 30d'],
    [{ maxLife: '31d' }, 'maxLife: is 31d, must be at most maxTtl, which is 30d'],
    [{ ttl: '1h', maxLife: '30m' }, 'maxLife: is 30m, must be at least the ttl, which is 1h'],
    [
      { ttl: '1h', maxLife: '2h', staleIfError: '2h' },
      'staleIfError: is 2h, must be at most 1h: behind the ttl of 1h it would end past maxLife, which is 2h',
    ],
    [
      { softTimeout: '9s', hardTimeout: '9s' },
      'softTimeout: is 9s, must be less than hardTimeout, which is 9s',
    ],
    [{ jitter: 1.5 }, 'jitter: is 1.5, must be a number from 0 to 1'],
    [{ earlyRefresh: -1 }, 'earlyRefresh: is -1, must be a number from 0 to 10'],
    [{ throttle: '2h' }, expect.stringMatching(/^throttle: is '2h', must be /) as string],
    [{ lease: 'on' }, "lease: is 'on', must be true or false"],
    [{ version: 0 }, 'version: is 0, must be a whole number from 1 to 1000000'],
    [{ version: 1.5 }, 'version: is 1.5, must be a whole number from 1 to 1000000'],
    [{ sharing: 'shared' }, "sharing: is 'shared', must be one of frozen, copy"],
    [{ tiers: { memory: -1 } }, `tiers.memory: is -1, must be ${LIFE}`],
    [
      { tiers: { regional: '31d' } },
      'tiers.regional: is 31d, must be at most maxTtl, which is 30d',
    ],
    [{ tiers: { redis: 1 } }, 'tiers: holds members that it does not have'],
    [{ tiers: '1m' }, "tiers: is '1m', must be an object"],
    [{ tags: ['a'] }, 'tags: is a list, must be a function'],
    [{ migrate: {} }, 'migrate: is an object, must be a function'],
    [
      { serializer: { serialize: () => 1 } },
      'serializer: is an object, must be an object with the functions serialize and deserialize',
    ],
    [
      { schema: {} },
      'schema: is an object, must be a Standard Schema (https://standardschema.dev)',
    ],
    [
      { schema: { '~standard': { version: 2, validate: () => ({ value: 1 }) } } },
      expect.stringMatching(/^schema: /) as string,
    ],
    [{ tll: '1m' }, 'tll: is no setting of a namespace'],
    [{ toString: '1m' }, 'toString: is no setting of a namespace'],
  ])('%j is a problem under its path', (settings, problem) => {
    const problems = problemsOf(settings);
    expect(problems.every((text) => text.startsWith('namespaces.users.'))).toBe(true);
    expect(problems.map((text) => text.slice('namespaces.users.'.length))).toEqual([problem]);
  });

  test('has no life above its cache’s to measure its ttl by', () => {
    expect(problemsOf({ ttl: '35d', maxLife: '40d' })).toEqual([
      'namespaces.users.maxLife: is 40d, must be at most maxTtl, which is 30d',
      'namespaces.users.ttl: is 35d, must be at most maxTtl, which is 30d',
    ]);
  });

  test('is no text, and no list', () => {
    expect(problemsOf('1m')).toEqual(["namespaces.users: is '1m', must be an object"]);
    expect(problemsOf([])).toEqual(['namespaces.users: is a list, must be an object']);
    expect(problemsOf(undefined)).toHaveLength(1);
  });

  test('has all its problems listed, what is wrong with one beside what two contradict', () => {
    expect(problemsOf({ jitter: 2, ttl: '31d', softTimeout: '1m', tll: 1 })).toHaveLength(4);
  });
});

describe('namespaces', () => {
  const problemsWith = (namespaces: unknown): string[] => {
    try {
      resolveCacheOptions({ preset: 'minimal', namespaces });
    } catch (error) {
      if (error instanceof ConfigError)
        return error.problems.map(({ field, message }) => `${field}: ${message}`);
      throw error;
    }
    return [];
  };

  it.each(['', '_a', '1a', 'a b', 'a:b', 'a.b', 'x'.repeat(65), '__proto__'])(
    'can’t be called %j',
    (name) => {
      const problems = problemsWith(Object.fromEntries([[name, {}]]));
      expect(problems).toEqual([
        expect.stringMatching(/^namespaces: the name of a namespace must/),
      ]);
    },
  );

  it.each(['a', 'Users', 'a-b_1', 'constructor', 'x'.repeat(64)])('can be called %j', (name) => {
    expect(problemsWith({ [name]: {} })).toEqual([]);
  });

  it.each([null, [], 'users', 1])('are no %j', (namespaces) => {
    expect(problemsWith(namespaces)).toEqual([
      expect.stringMatching(/^namespaces: is .*, must be an object of namespaces by name$/),
    ]);
  });
});

test('the interface of the options has exactly the settings of the schema', () => {
  type Input = z.input<typeof namespaceFields>;
  type Name = Extract<keyof NamespaceOptions, string>;
  type Plain = Exclude<Name, 'tags' | 'migrate' | 'serializer' | 'schema'>;
  expectTypeOf<Name>().toEqualTypeOf<keyof Input>();
  expectTypeOf<Required<Pick<NamespaceOptions, Plain>>>().toExtend<Pick<Input, Plain>>();
});
