import { describe, expect, it, test } from 'vitest';
import { PRESET_NAMES, type EngineSettings } from '../../../src/config/config.ts';
import { ofPreset } from '../../../src/config/engine-settings.ts';
import { resolveCacheOptions } from '../../../src/config/library.ts';
import { PRESETS } from '../../../src/config/presets.ts';
import { MINIMAL, PRODUCTION, loading } from './loading.ts';

const { load, problemsOf } = loading(PRODUCTION);
const NO_REDIS = {
  UPSTASH_REDIS_REST_URL: undefined,
  UPSTASH_REDIS_REST_TOKEN: undefined,
} as const;
const of = (preset: string): EngineSettings => load({ CACHE_PRESET: preset });
const WITH_REDIS = PRESET_NAMES.filter((name) => PRESETS[name].redis !== 'none');

describe('a preset', () => {
  test.each(PRESET_NAMES)('%s comes out exactly as it is written: nothing of it bends', (name) => {
    const settings = of(name);
    const at = <Id extends Parameters<typeof ofPreset>[1]>(id: Id) => ofPreset(PRESETS[name], id);
    expect(settings).toMatchObject({
      preset: name,
      enabled: at('enabled'),
      keyPrefix: 'tc',
      keyVersion: 1,
      maxLifetimeMs: 30 * 86_400_000,
      memoryBytes: 16_777_216,
      maxLoadMs: 25_000,
      coherenceMs: at('coherenceMs'),
      maxUnverifiedMs: at('maxUnverifiedMs'),
      maxEntryBytes: at('maxEntryBytes'),
      regional: at('regional'),
      compressionThreshold: at('compressionThreshold') || undefined,
      logLevel: at('logLevel'),
      defaults: {
        ttlMs: at('defaultTtl'),
        staleWhileRevalidateMs: at('staleWhileRevalidate'),
        staleIfErrorMs: at('staleIfError'),
        negativeTtlMs: at('negativeTtl'),
        jitter: at('jitter'),
        earlyRefresh: at('earlyRefresh'),
        softTimeoutMs: at('softTimeout') || undefined,
        hardTimeoutMs: at('hardTimeout'),
        throttleMs: at('throttle'),
        lease: at('lease'),
        leaseMs: at('leaseMs'),
        leaseWaitMs: at('leaseWait'),
      },
    });
  });

  test.each(PRESET_NAMES)('%s means the same at both doors', (name) => {
    const { tenants: _t, credentials: _c, adminHost: _a, ...rest } = load({ CACHE_PRESET: name });
    const { originTimeoutMs: _o, warmRequests: _w, eventSecrets: _e, ...others } = rest;
    const { privateOrigins: _p, ...engine } = others;
    const { namespaces, ...settings } = resolveCacheOptions({
      preset: name,
      encryptionKeys: rest.encryptionKeys.length > 0 && rest.encryptionKeys,
      redis: {
        url: PRODUCTION['UPSTASH_REDIS_REST_URL'],
        token: PRODUCTION['UPSTASH_REDIS_REST_TOKEN'],
      },
    });
    expect(settings).toEqual(engine);
    expect(namespaces).toEqual({});
  });

  test.each(WITH_REDIS)('%s uses the Redis that is configured', (name) => {
    expect(of(name).redis).toMatchObject({ url: 'https://name.upstash.io', need: 'optional' });
  });

  test.each(['disabled', 'minimal'])('%s uses no Redis, also when it is configured', (name) => {
    expect(of(name)).toMatchObject({ redis: undefined, regional: false });
    expect(problemsOf({ ...NO_REDIS, CACHE_PRESET: name, CACHE_REDIS: 'required' })).toEqual([
      'CACHE_REDIS: must not be required: this preset has no Redis',
    ]);
    expect(problemsOf({ ...NO_REDIS, CACHE_PRESET: name, CACHE_REDIS: 'optional' })).toEqual([]);
  });

  test.each(WITH_REDIS.filter((name) => name !== 'testing'))('%s needs Redis', (name) => {
    expect(problemsOf({ ...NO_REDIS, CACHE_PRESET: name })).toEqual([
      'UPSTASH_REDIS_REST_URL: is missing; this preset needs Redis (the preset minimal does not)',
      'UPSTASH_REDIS_REST_TOKEN: is missing; it is a secret',
    ]);
    expect(load({ ...NO_REDIS, CACHE_PRESET: name, CACHE_REDIS: 'off' })).toMatchObject({
      redis: undefined,
      regional: false,
    });
  });

  test('testing needs no Redis, unless a part of it is configured or it is required', () => {
    expect(load({ ...NO_REDIS, CACHE_PRESET: 'testing' }).redis).toBeUndefined();
    for (const change of [
      { UPSTASH_REDIS_REST_TOKEN: undefined },
      { UPSTASH_REDIS_REST_URL: undefined },
      { ...NO_REDIS, CACHE_REDIS: 'required' },
    ])
      expect(problemsOf({ CACHE_PRESET: 'testing', ...change })).not.toEqual([]);
  });

  test('disabled caches nothing; every other preset does', () => {
    expect(PRESET_NAMES.filter((name) => !of(name).enabled)).toEqual(['disabled']);
  });

  test('testing leaves nothing to chance or to time', () => {
    expect(of('testing')).toMatchObject({
      coherenceMs: 0,
      regional: false,
      defaults: { jitter: 0, earlyRefresh: 0, throttleMs: 0, staleIfErrorMs: 0 },
    });
  });

  test('staging is production, but for what it says of itself', () => {
    const { preset: _p, logLevel: _l, ...staging } = of('staging');
    expect(of('production')).toMatchObject(staging);
  });

  test('what is not there is unknown, and nothing is said to be missing for its sake', () => {
    expect(
      problemsOf({ ...NO_REDIS, CACHE_PRESET: 'fast', CACHE_ENCRYPTION_KEYS: undefined }),
    ).toEqual([
      expect.stringMatching(/^CACHE_PRESET: is 'fast', must be one of disabled, minimal/),
    ]);
  });
});

describe('the data centre’s cache', () => {
  it.each<[string, object]>([
    ['minimal', {}],
    ['testing', NO_REDIS],
    ['production', { CACHE_REDIS: 'off' }],
  ])('%s: is refused without Redis, which could not purge it', (CACHE_PRESET, change) => {
    expect(problemsOf({ CACHE_PRESET, ...change, CACHE_REGIONAL: 'on' })).toEqual([
      'CACHE_REGIONAL: must be off without Redis: what a data centre keeps could not be purged',
    ]);
  });

  test('may be turned on where the preset leaves it out', () => {
    expect(load({ CACHE_PRESET: 'simple', CACHE_REGIONAL: 'on' }).regional).toBe(true);
  });
});

test('the variables of a preset without Redis are enough', () => {
  expect(loading(MINIMAL).problemsOf({})).toEqual([]);
});
