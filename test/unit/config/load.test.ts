import { describe, expect, it, test } from 'vitest';
import { loadConfig, type Variables } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';
import { DEFAULT_CACHE_POLICY, DEFAULT_QUOTAS } from '../../../src/tenant/policy.ts';
import { PRODUCTION, TENANT, loading } from './loading.ts';

const { load, problemsOf } = loading(PRODUCTION);

describe('without any setting', () => {
  test('the defaults of a production deployment hold', () => {
    expect(load({})).toEqual({
      preset: 'production',
      enabled: true,
      keyPrefix: 'tc',
      keyVersion: 1,
      tenants: [
        {
          id: 'acme',
          hosts: ['acme.example'],
          origin: 'https://origin.example',
          warm: { base: 'https://acme.example', paths: [] },
          caching: DEFAULT_CACHE_POLICY,
          paths: [],
          quotas: DEFAULT_QUOTAS,
        },
      ],
      credentials: [],
      eventSecrets: [],
      redis: {
        url: 'https://name.upstash.io',
        token: 's3cr3t-token',
        timeoutMs: 250,
        need: 'optional',
      },
      regional: true,
      adminHost: undefined,
      coherenceMs: 1000,
      maxUnverifiedMs: 30_000,
      memoryBytes: 16_777_216,
      maxEntryBytes: 1_048_576,
      maxLifetimeMs: 2_592_000_000,
      maxLoadMs: 25_000,
      compressionThreshold: 1000,
      encryptionKeys: [{ id: 'k1', secret: Uint8Array.from({ length: 32 }, (_, at) => at) }],
      logLevel: 'warn',
      defaults: {
        ttlMs: 300_000,
        staleWhileRevalidateMs: 60_000,
        staleIfErrorMs: 86_400_000,
        negativeTtlMs: 30_000,
        jitter: 0.1,
        earlyRefresh: 1,
        softTimeoutMs: 1000,
        hardTimeoutMs: 10_000,
        throttleMs: 5000,
        lease: true,
        leaseMs: 15_000,
        leaseWaitMs: 5000,
      },
      originTimeoutMs: 25_000,
      warmRequests: 45,
      privateOrigins: 'refuse',
    });
  });
});

describe('every setting overrides the preset', () => {
  it.each<[string, unknown, object]>([
    ['CACHE_ENABLED', 'off', { enabled: false }],
    ['CACHE_ENABLED', false, { enabled: false }],
    ['CACHE_KEY_PREFIX', 'my-app', { keyPrefix: 'my-app' }],
    ['CACHE_VERSION', '7', { keyVersion: 7 }],
    ['CACHE_VERSION', 7, { keyVersion: 7 }],
    ['CACHE_DEFAULT_TTL', '2h', { defaults: { ttlMs: 7_200_000 } }],
    ['CACHE_DEFAULT_TTL', '1500', { defaults: { ttlMs: 1500 } }],
    ['CACHE_DEFAULT_TTL', 1500, { defaults: { ttlMs: 1500 } }],
    ['CACHE_MAX_TTL', '365d', { maxLifetimeMs: 31_536_000_000 }],
    ['CACHE_STALE_WHILE_REVALIDATE', '30s', { defaults: { staleWhileRevalidateMs: 30_000 } }],
    ['CACHE_STALE_IF_ERROR', '0', { defaults: { staleIfErrorMs: 0 } }],
    ['CACHE_NEGATIVE_TTL', '1m', { defaults: { negativeTtlMs: 60_000 } }],
    ['CACHE_JITTER', '0.25', { defaults: { jitter: 0.25 } }],
    ['CACHE_EARLY_REFRESH', '2', { defaults: { earlyRefresh: 2 } }],
    ['CACHE_SOFT_TIMEOUT', '500ms', { defaults: { softTimeoutMs: 500 } }],
    ['CACHE_SOFT_TIMEOUT', 'off', { defaults: { softTimeoutMs: undefined } }],
    ['CACHE_HARD_TIMEOUT', '12s', { defaults: { hardTimeoutMs: 12_000 } }],
    ['CACHE_THROTTLE', '0', { defaults: { throttleMs: 0 } }],
    ['CACHE_LEASE', 'off', { defaults: { lease: false } }],
    ['CACHE_LEASE', true, { defaults: { lease: true } }],
    ['CACHE_LEASE_MS', '20s', { defaults: { leaseMs: 20_000 } }],
    ['CACHE_LEASE_WAIT', '0', { defaults: { leaseWaitMs: 0 } }],
    ['CACHE_COHERENCE_MS', '0', { coherenceMs: 0 }],
    ['CACHE_COHERENCE_MS', '2s', { coherenceMs: 2000 }],
    ['CACHE_MAX_UNVERIFIED_MS', '86400000', { maxUnverifiedMs: 86_400_000 }],
    ['CACHE_MEMORY_BYTES', '1048576', { memoryBytes: 1_048_576 }],
    ['CACHE_MEMORY_BYTES', '32MiB', { memoryBytes: 33_554_432 }],
    ['CACHE_MAX_ENTRY_BYTES', '7340032', { maxEntryBytes: 7_340_032 }],
    ['CACHE_REGIONAL', 'off', { regional: false }],
    ['CACHE_COMPRESSION_THRESHOLD', '4KB', { compressionThreshold: 4000 }],
    ['CACHE_COMPRESSION_THRESHOLD', 'off', { compressionThreshold: undefined }],
    ['CACHE_ENCRYPTION_KEYS', 'off', { encryptionKeys: [] }],
    ['CACHE_LOG_LEVEL', 'silent', { logLevel: 'silent' }],
    ['CACHE_REDIS', 'required', { redis: { need: 'required' } }],
    ['CACHE_REDIS', 'off', { redis: undefined, regional: false }],
    ['CACHE_REDIS_TIMEOUT_MS', '1', { redis: { timeoutMs: 1 } }],
    ['CACHE_ORIGIN_TIMEOUT_MS', '100000', { originTimeoutMs: 100_000 }],
    ['CACHE_WARM_REQUESTS', '20', { warmRequests: 20 }],
    ['CACHE_PRIVATE_ORIGINS', 'allow', { privateOrigins: 'allow' }],
    ['ADMIN_HOST', 'admin.localhost', { adminHost: 'admin.localhost' }],
  ])('%s=%j', (name, value, expected) => {
    expect(load({ [name]: value })).toMatchObject(expected);
  });
});

describe('a bad setting is a problem that names its variable, says its value and what is allowed', () => {
  const whole = (least: number, most: number) => `a whole number from ${least} to ${most}`;
  const duration = (least: string, most: string) =>
    `a duration from ${least} to ${most} (milliseconds, or a whole number with ms, s, m, h or d)`;
  const size = (least: string, most: string) =>
    `a size from ${least} to ${most} (bytes, or a whole number with B, KB, MB, KiB or MiB)`;
  const host = 'a host name in lower case, without scheme, port or path';
  const presets =
    'one of disabled, minimal, simple, development, testing, staging, production, ai-development, ai-production';

  const said = (value: unknown): string =>
    typeof value === 'string'
      ? value.length > 32
        ? `a text of ${value.length} characters`
        : `'${value}'`
      : String(value);

  it.each<[string, readonly unknown[], string]>([
    [
      'CACHE_PRESET',
      ['Production', '', 'toString', '__proto__', 'x'.repeat(100), 42, true, null],
      presets,
    ],
    ['CACHE_ENABLED', ['', 'yes', 'true', 1], 'on or off'],
    [
      'CACHE_KEY_PREFIX',
      ['', 'TC', 'a:b', 'x'.repeat(17), 7, null],
      '1 to 16 characters of a-z, 0-9 and -',
    ],
    [
      'CACHE_VERSION',
      ['0', '-1', '1.5', '', ' 1', '1e3', 'x', 0, 1.5, '1000001', null, Number.NaN],
      whole(1, 1_000_000),
    ],
    [
      'CACHE_DEFAULT_TTL',
      ['-1', -1, '366d', '31536000001', '1.5h', '1h30m', '10 m', '10M', 'm', '', null, true],
      duration('0ms', '365d'),
    ],
    ['CACHE_MAX_TTL', ['0', '999ms', '366d'], duration('1s', '365d')],
    ['CACHE_STALE_WHILE_REVALIDATE', ['-5m', '366d'], duration('0ms', '365d')],
    ['CACHE_STALE_IF_ERROR', ['1y'], duration('0ms', '365d')],
    ['CACHE_NEGATIVE_TTL', ['-1'], duration('0ms', '365d')],
    ['CACHE_JITTER', ['-0.1', '1.1', '10%', '.5', Number.NaN], 'a number from 0 to 1'],
    ['CACHE_EARLY_REFRESH', ['11', 'on'], 'a number from 0 to 10'],
    ['CACHE_SOFT_TIMEOUT', ['0', '6m', 'none'], `${duration('1ms', '5m')}, or off`],
    ['CACHE_HARD_TIMEOUT', ['0', '6m', 'off'], duration('1ms', '5m')],
    ['CACHE_THROTTLE', ['2h'], duration('0ms', '1h')],
    ['CACHE_LEASE', ['ON', 0], 'on or off'],
    ['CACHE_LEASE_MS', ['99', '2m'], duration('100ms', '1m')],
    ['CACHE_LEASE_WAIT', ['61s'], duration('0ms', '1m')],
    ['CACHE_COHERENCE_MS', ['-1', '3600001', '61m', true], duration('0ms', '1h')],
    ['CACHE_MAX_UNVERIFIED_MS', ['86400001'], duration('0ms', '1d')],
    ['CACHE_MEMORY_BYTES', ['1048575', '100663297', '0', '1GB', '16mb'], size('1MiB', '96MiB')],
    ['CACHE_MAX_ENTRY_BYTES', ['0', '7340033', '-1B'], size('1B', '7MiB')],
    ['CACHE_REGIONAL', ['1'], 'on or off'],
    ['CACHE_COMPRESSION_THRESHOLD', ['0', 'none', ''], `${size('1B', '7MiB')}, or off`],
    ['CACHE_LOG_LEVEL', ['verbose', 'WARN'], 'one of silent, error, warn, info, debug'],
    ['CACHE_REDIS', ['', 'yes', true], 'one of optional, required, off'],
    ['CACHE_REDIS_TIMEOUT_MS', ['0', '30001', '9'.repeat(400)], duration('1ms', '30s')],
    ['CACHE_ORIGIN_TIMEOUT_MS', ['0', '100001'], duration('1ms', '100s')],
    ['CACHE_WARM_REQUESTS', ['19', '10001'], whole(20, 10_000)],
    [
      'ADMIN_HOST',
      [
        '',
        'Admin.example',
        'https://admin.example',
        'admin.example:1',
        'a..b',
        '-a',
        'a/b',
        'x'.repeat(64),
      ],
      host,
    ],
  ])('%s', (name, values, allowed) => {
    for (const value of values)
      expect(problemsOf({ [name]: value })).toEqual([
        `${name}: is ${said(value)}, must be ${allowed}`,
      ]);
  });

  it.each<[unknown, string]>([
    [['minimal'], 'a list'],
    [{ minimal: 1 }, 'an object'],
    ['a\nb', 'a text of 3 characters'],
    [() => 1, 'a function'],
  ])('of a value that is no plain text only the kind is said: %j', (value, kind) => {
    expect(problemsOf({ CACHE_LOG_LEVEL: value })).toEqual([
      `CACHE_LOG_LEVEL: is ${kind}, must be one of silent, error, warn, info, debug`,
    ]);
  });
});

describe('a variable that begins as the settings do, and is none', () => {
  it.each([
    'CACHE_COHERENCE',
    'CACHE_COHERENCE_MS ',
    'CACHE_cOHERENCE_MS',
    'CACHE_TENANTS',
    'CACHE_',
    'CACHE_toString',
  ])('%j is a problem: a mistyped setting would be taken for its default', (name) => {
    expect(problemsOf({ [name]: '0' })).toEqual([`${name}: is no setting of Tiercel`]);
    expect(problemsOf({ [name]: '' })).toHaveLength(1);
  });

  test('each of them is one, beside all others; no message holds its value', () => {
    const problems = problemsOf({
      CACHE_VERSION: '0',
      CACHE_TOKEN: 's3cr3t-value',
      CACHE_A: 's3cr3t-value',
    });
    expect(problems).toHaveLength(3);
    for (const name of ['CACHE_VERSION', 'CACHE_TOKEN', 'CACHE_A'])
      expect(problems.filter((problem) => problem.startsWith(`${name}: `))).toHaveLength(1);
    expect(problems.join()).not.toContain('s3cr3t-value');
  });

  test('is one with the preset minimal too', () => {
    expect(problemsOf({ CACHE_PRESET: 'minimal', CACHE_REDIS_URL: 'x' })).toEqual([
      'CACHE_REDIS_URL: is no setting of Tiercel',
    ]);
  });

  it.each<[string, unknown]>([
    ['a binding, which is no text', { get: () => undefined }],
    ['nothing', undefined],
  ])('%s is left alone', (_what, value) => {
    expect(problemsOf({ CACHE_STORE: value })).toEqual([]);
  });

  it.each(['CACHE', 'MY_CACHE_MS', 'cache_coherence_ms', 'OTHER'])(
    '%s does not begin as they do',
    (name) => {
      expect(problemsOf({ [name]: '0' })).toEqual([]);
    },
  );
});

test('every problem is listed at once, in one error', () => {
  const variables: Variables = {
    CACHE_PRESET: 'fast',
    CACHE_VERSION: '0',
    CACHE_REDIS: 'maybe',
    ADMIN_HOST: 'x y',
    CACHE_ENCRYPTION_KEYS: 'k1:short',
    CACHE_DEFAULT_TTL: '-1s',
    CACHE_HARD_TIMEOUT: '2s',
    CACHE_SOFT_TIMEOUT: '3s',
    CACHE_OTHER: '1',
    UPSTASH_REDIS_REST_URL: 'http://name.upstash.io',
    TENANTS: '[{"id":"A","hosts":[],"origin":"ftp://o"}]',
    CREDENTIALS: '{',
  };
  let error: unknown;
  try {
    loadConfig(variables, [TENANT]);
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof ConfigError)) throw new Error('no ConfigError');
  expect(error).toMatchObject({ code: 'config_invalid', retryable: false });
  expect(error.problems.map(({ field }) => field).toSorted()).toEqual([
    'ADMIN_HOST',
    'CACHE_DEFAULT_TTL',
    'CACHE_ENCRYPTION_KEYS[0].secret',
    'CACHE_OTHER',
    'CACHE_PRESET',
    'CACHE_REDIS',
    'CACHE_SOFT_TIMEOUT',
    'CACHE_VERSION',
    'CREDENTIALS',
    'TENANTS[0].hosts',
    'TENANTS[0].id',
    'TENANTS[0].origin',
    'UPSTASH_REDIS_REST_TOKEN',
    'UPSTASH_REDIS_REST_URL',
  ]);
  for (const { field, message } of error.problems)
    expect(error.message).toContain(`${field}: ${message}`);
  expect(error.message).toMatch(/^The configuration has 14 problems:\n/);
});

test('one problem is said to be one', () => {
  expect(() => load({ CACHE_VERSION: '0' })).toThrow('The configuration has 1 problem:\n');
});

it.each<[unknown]>([[null], [undefined], [[]]])(
  'where TENANTS is not set and %j is bundled, TENANTS is the problem',
  (bundled) => {
    expect(() => loadConfig(PRODUCTION, bundled)).toThrow(
      expect.objectContaining({
        problems: [{ field: 'TENANTS', message: expect.stringMatching(/./) as string }],
      }) as Error,
    );
  },
);
