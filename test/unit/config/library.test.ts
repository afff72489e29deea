import { describe, expect, expectTypeOf, it, test } from 'vitest';
import type { CacheSettings } from '../../../src/config/cache-settings.ts';
import { cacheOptionsFromEnv, resolveCacheOptions } from '../../../src/config/library.ts';
import {
  optionName,
  SETTING_IDS,
  type Given,
  type SettingId,
} from '../../../src/config/settings.ts';
import { ConfigError } from '../../../src/errors.ts';
import { PRODUCTION, SECRET, loading } from './loading.ts';

const REDIS = { url: 'https://name.upstash.io', token: 's3cr3t-token' };
const BASE = { preset: 'simple', redis: REDIS } as const satisfies CacheSettings;

function problemsOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

const problemsWith = (options: unknown): string[] => problemsOf(() => resolveCacheOptions(options));

describe('options', () => {
  test('may be none for a cache without Redis', () => {
    expect(resolveCacheOptions({ preset: 'minimal' })).toMatchObject({
      preset: 'minimal',
      redis: undefined,
      namespaces: {},
    });
  });

  test('are of the preset production unless they say otherwise', () => {
    expect(problemsWith({})).toEqual([
      'redis.url: is missing; this preset needs Redis (the preset minimal does not)',
      'redis.token: is missing; it is a secret',
      'encryptionKeys: is missing; this preset encrypts what it stores: [{ id, secret }], the secret made by `openssl rand -base64 32`, or false to store in clear on purpose',
    ]);
    expect(resolveCacheOptions({ redis: REDIS, encryptionKeys: false }).preset).toBe('production');
    expect(resolveCacheOptions({ redis: false }).redis).toBeUndefined();
  });

  it.each<[CacheSettings, object]>([
    [{ enabled: false }, { enabled: false }],
    [
      { keyPrefix: 'mine', keyVersion: 3 },
      { keyPrefix: 'mine', keyVersion: 3 },
    ],
    [
      { defaultTtl: '10m', maxTtl: '1h' },
      { maxLifetimeMs: 3_600_000, defaults: { ttlMs: 600_000 } },
    ],
    [{ defaultTtl: 1500 }, { defaults: { ttlMs: 1500 } }],
    [{ staleWhileRevalidate: '1s' }, { defaults: { staleWhileRevalidateMs: 1000 } }],
    [{ staleIfError: 0 }, { defaults: { staleIfErrorMs: 0 } }],
    [{ negativeTtl: '5s' }, { defaults: { negativeTtlMs: 5000 } }],
    [{ jitter: 0.5, earlyRefresh: 1.5 }, { defaults: { jitter: 0.5, earlyRefresh: 1.5 } }],
    [{ softTimeout: '1s' }, { defaults: { softTimeoutMs: 1000 } }],
    [{ softTimeout: false }, { defaults: { softTimeoutMs: undefined } }],
    [
      { hardTimeout: '4s', throttle: '1m' },
      { defaults: { hardTimeoutMs: 4000, throttleMs: 60_000 } },
    ],
    [
      { lease: true, leaseMs: '12s', leaseWait: '1s' },
      { defaults: { lease: true, leaseMs: 12_000, leaseWaitMs: 1000 } },
    ],
    [
      { coherenceMs: '2s', maxUnverifiedMs: 0 },
      { coherenceMs: 2000, maxUnverifiedMs: 0 },
    ],
    [
      { memoryBytes: '1MiB', maxEntryBytes: '1KB' },
      { memoryBytes: 1_048_576, maxEntryBytes: 1000 },
    ],
    [{ regional: true }, { regional: true }],
    [{ compressionThreshold: '2KiB' }, { compressionThreshold: 2048 }],
    [{ compressionThreshold: false }, { compressionThreshold: undefined }],
    [{ logLevel: 'debug' }, { logLevel: 'debug' }],
    [
      { redis: { ...REDIS, timeout: '2s', need: 'required' } },
      { redis: { ...REDIS, timeoutMs: 2000, need: 'required' } },
    ],
    [{ redis: false }, { redis: undefined }],
    [
      { defaultTtl: undefined, redis: { ...REDIS, timeout: undefined } },
      { redis: { timeoutMs: 250 } },
    ],
  ])('%j', (options, expected) => {
    expect(resolveCacheOptions({ ...BASE, ...options })).toMatchObject(expected);
  });

  it.each<[unknown, string]>([
    [{ keyPrefix: 42 }, 'keyPrefix: is 42, must be 1 to 16 characters of a-z, 0-9 and -'],
    [{ keyVersion: '2' }, "keyVersion: is '2', must be a whole number from 1 to 1000000"],
    [
      { defaultTtl: -1 },
      'defaultTtl: is -1, must be a duration from 0ms to 365d (milliseconds, or a whole number with ms, s, m, h or d)',
    ],
    [{ lease: 'on' }, "lease: is 'on', must be true or false"],
    [{ jitter: '0.5' }, "jitter: is '0.5', must be a number from 0 to 1"],
    [
      { softTimeout: 'off' },
      "softTimeout: is 'off', must be a duration from 1ms to 5m (milliseconds, or a whole number with ms, s, m, h or d), or false",
    ],
    [{ defaultTTL: 5 }, 'defaultTTL: is no option of Tiercel'],
    [{ [SECRET]: 5 }, '(another name): is no option of Tiercel'],
    [{ redis: { ...REDIS, tokn: 1 } }, 'redis: holds members that it does not have'],
    [{ redis: { ...REDIS, token: '' } }, 'redis.token: must not be empty; it is a secret'],
    [{ redis: { ...REDIS, token: undefined } }, 'redis.token: is missing; it is a secret'],
    [
      { redis: { ...REDIS, url: 'http://redis.example' } },
      'redis.url: must begin with https:// (plain http:// is accepted for this machine itself only)',
    ],
    [{ redis: { ...REDIS, url: 42 } }, 'redis.url: must be a URL such as https://name.upstash.io'],
    [
      { redis: { ...REDIS, need: 'off' } },
      "redis.need: is 'off', must be one of optional, required; without Redis the option redis is false",
    ],
    [{ softTimeout: '20s' }, 'softTimeout: is 20s, must be less than hardTimeout, which is 10s'],
    [{ preset: 'fast' }, expect.stringMatching(/^preset: is 'fast', must be one of /) as string],
  ])('%j is a problem under its own name', (options, problem) => {
    expect(problemsWith({ ...BASE, ...(options as object) })).toEqual([problem]);
  });

  it.each([undefined, null, 'production', 42, []])('%j are none', (options) => {
    expect(problemsWith(options)[0]).toMatch(/^options: is .*, must be an object$/);
  });

  it.each(['https://name.upstash.io', null, true, []])('Redis is no %j', (redis) => {
    expect(problemsWith({ preset: 'minimal', redis })).toEqual([
      'redis: must be an object with url and token, or false',
    ]);
  });

  test('all problems are listed at once, those of namespaces too', () => {
    const problems = problemsWith({
      defaultTtl: -1,
      memoryBytes: 0,
      keyPrefix: Symbol('x'),
      encryptionKeys: [{ id: 'a', secret: 'short' }],
      redis: { url: 'http://redis.example', token: '' },
      namespaces: { users: { ttl: '366d', jitter: 2 } },
      typo: 1,
    });
    expect(problems.map((problem) => problem.slice(0, problem.indexOf(':'))).toSorted()).toEqual([
      'defaultTtl',
      'encryptionKeys[0].secret',
      'keyPrefix',
      'memoryBytes',
      'namespaces.users.jitter',
      'namespaces.users.ttl',
      'redis.token',
      'redis.url',
      'typo',
    ]);
  });
});

describe('options out of variables', () => {
  test('mean what the variables mean to the Worker', () => {
    const variables = {
      ...PRODUCTION,
      CACHE_PRESET: 'staging',
      CACHE_DEFAULT_TTL: '7m',
      CACHE_SOFT_TIMEOUT: 'off',
      CACHE_COMPRESSION_THRESHOLD: 'off',
      CACHE_LEASE: 'off',
      CACHE_VERSION: '4',
      CACHE_JITTER: '0.3',
      CACHE_REDIS: 'required',
      CACHE_REDIS_TIMEOUT_MS: '2s',
    };
    const { namespaces: _n, ...engine } = resolveCacheOptions(cacheOptionsFromEnv(variables));
    expect(loading({}).load(variables)).toMatchObject(engine);
    expect(engine.redis).toEqual({ ...REDIS, timeoutMs: 2000, need: 'required' });
    expect(engine.encryptionKeys).toHaveLength(1);
  });

  test('of nothing are nothing', () => {
    expect(cacheOptionsFromEnv({})).toEqual({});
    expect(
      cacheOptionsFromEnv({ UPSTASH_REDIS_REST_URL: '', UPSTASH_REDIS_REST_TOKEN: '' }),
    ).toEqual({});
  });

  test('say on purpose what is off on purpose', () => {
    expect(cacheOptionsFromEnv({ CACHE_ENCRYPTION_KEYS: 'off', CACHE_REDIS: 'off' })).toEqual({
      encryptionKeys: false,
      redis: false,
    });
  });

  test('leave variables of others alone', () => {
    expect(
      cacheOptionsFromEnv({ CACHE_DIR: '/x', TENANTS: '[', CACHE_WARM_REQUESTS: '1' }),
    ).toEqual({});
  });

  test('can be overridden in code', () => {
    const options = cacheOptionsFromEnv({ ...PRODUCTION, CACHE_PRESET: 'production' });
    expect(resolveCacheOptions({ ...options, preset: 'simple', defaultTtl: '2m' })).toMatchObject({
      preset: 'simple',
      defaults: { ttlMs: 120_000 },
    });
  });

  test('have all their problems at once, by the names of the variables', () => {
    const act = () =>
      cacheOptionsFromEnv({
        CACHE_PRESET: 'fast',
        CACHE_DEFAULT_TTL: '1h30m',
        CACHE_ENCRYPTION_KEYS: 'x',
        UPSTASH_REDIS_REST_URL: 'https://name.upstash.io',
      });
    expect(problemsOf(act).map((problem) => problem.slice(0, problem.indexOf(':')))).toEqual([
      'CACHE_PRESET',
      'CACHE_DEFAULT_TTL',
      'CACHE_ENCRYPTION_KEYS[0]',
      'UPSTASH_REDIS_REST_TOKEN',
    ]);
    expect(problemsOf(() => cacheOptionsFromEnv({ UPSTASH_REDIS_REST_TOKEN: 'token' }))).toEqual([
      'UPSTASH_REDIS_REST_URL: is missing; the token alone is no Redis',
    ]);
  });
});

describe('the interface of the options', () => {
  type Flat = Exclude<SettingId, `redis${string}`>;
  type OfRedis<Id extends SettingId> = Given<Id> | undefined;

  test('has exactly the settings of the schema, each as the schema takes it', () => {
    expectTypeOf<Required<Omit<CacheSettings, 'preset' | 'namespaces' | 'redis'>>>().toEqualTypeOf<{
      readonly [Id in Flat]: Given<Id> | undefined;
    }>();
    type Redis = Exclude<CacheSettings['redis'], false | undefined>;
    expectTypeOf<Redis['url']>().toEqualTypeOf<OfRedis<'redisUrl'>>();
    expectTypeOf<Redis['token']>().toEqualTypeOf<OfRedis<'redisToken'>>();
    expectTypeOf<Redis['timeout']>().toEqualTypeOf<OfRedis<'redisTimeout'>>();
    expectTypeOf<Redis['need']>().toEqualTypeOf<Exclude<OfRedis<'redisNeed'>, 'off'>>();
  });

  test('no two settings have one name', () => {
    expect(new Set(SETTING_IDS.map(optionName)).size).toBe(SETTING_IDS.length);
  });
});
