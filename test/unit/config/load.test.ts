import { describe, expect, it, test } from 'vitest';
import { loadConfig, type Variables } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';
import { REDIS, TENANT, loading } from './loading.ts';

const { load, problemsOf } = loading(REDIS);

describe('without any setting', () => {
  test('the defaults of a production deployment hold', () => {
    expect(load({})).toEqual({
      preset: 'production',
      keyPrefix: 'tc',
      keyVersion: 1,
      tenants: [
        {
          id: 'acme',
          hosts: ['acme.example'],
          origin: 'https://origin.example',
          warm: { base: 'https://acme.example', paths: [] },
        },
      ],
      credentials: [],
      redis: {
        url: 'https://name.upstash.io',
        token: 's3cr3t-token',
        timeoutMs: 250,
        need: 'optional',
      },
      adminHost: undefined,
      coherenceMs: 1000,
      maxUnverifiedMs: 30_000,
      memoryBytes: 16_777_216,
      maxEntryBytes: 1_048_576,
      maxLifetimeMs: 2_592_000_000,
      maxLoadMs: 25_000,
      originTimeoutMs: 25_000,
      warmRequests: 45,
    });
  });
});

describe('presets', () => {
  test('minimal needs no Redis and uses none, also when it is configured', () => {
    const config = loadConfig({ CACHE_PRESET: 'minimal' }, [TENANT]);
    expect(config).toMatchObject({ preset: 'minimal', redis: undefined, coherenceMs: 1000 });
    expect(load({ CACHE_PRESET: 'minimal' }).redis).toBeUndefined();
  });

  test('minimal can’t require the Redis that it has not', () => {
    expect(problemsOf({ CACHE_PRESET: 'minimal', CACHE_REDIS: 'required' })).toEqual([
      'CACHE_REDIS: must not be required: this preset has no Redis',
    ]);
    expect(problemsOf({ CACHE_PRESET: 'minimal', CACHE_REDIS: 'optional' })).toEqual([]);
  });

  test('development waits longer for Redis', () => {
    expect(load({ CACHE_PRESET: 'development' }).redis).toMatchObject({ timeoutMs: 1000 });
  });

  it.each(['Production', '', 'toString', '__proto__', 'x'.repeat(100)])(
    '%j is unknown',
    (preset) => {
      const problems = problemsOf({ CACHE_PRESET: preset });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toBe(
        `CACHE_PRESET: '${preset.slice(0, 40)}' is unknown; must be one of minimal, development, production`,
      );
    },
  );

  it.each<[unknown]>([[42], [true], [['minimal']], [{ minimal: 1 }]])(
    'what is no text is unknown too: %j',
    (preset) => {
      expect(problemsOf({ CACHE_PRESET: preset })).toHaveLength(1);
    },
  );
});

describe('every setting overrides the preset', () => {
  it.each<[string, unknown, object]>([
    ['CACHE_KEY_PREFIX', 'my-app', { keyPrefix: 'my-app' }],
    ['CACHE_VERSION', '7', { keyVersion: 7 }],
    ['CACHE_VERSION', 7, { keyVersion: 7 }],
    ['CACHE_COHERENCE_MS', '0', { coherenceMs: 0 }],
    ['CACHE_MAX_UNVERIFIED_MS', '86400000', { maxUnverifiedMs: 86_400_000 }],
    ['CACHE_MEMORY_BYTES', '1048576', { memoryBytes: 1_048_576 }],
    ['CACHE_MAX_ENTRY_BYTES', '7340032', { maxEntryBytes: 7_340_032 }],
    ['CACHE_REDIS', 'required', { redis: { need: 'required' } }],
    ['CACHE_REDIS_TIMEOUT_MS', '1', { redis: { timeoutMs: 1 } }],
    ['CACHE_ORIGIN_TIMEOUT_MS', '100000', { originTimeoutMs: 100_000 }],
    ['CACHE_WARM_REQUESTS', '12', { warmRequests: 12 }],
    ['ADMIN_HOST', 'admin.localhost', { adminHost: 'admin.localhost' }],
  ])('%s=%s', (name, value, expected) => {
    expect(load({ [name]: value })).toMatchObject(expected);
  });
});

describe('a bad setting is a problem that names its variable', () => {
  const whole = (least: number, most: number) => `must be a whole number from ${least} to ${most}`;
  const host = 'must be a host name in lower case, without scheme, port or path';

  it.each<[string, readonly unknown[], string]>([
    [
      'CACHE_KEY_PREFIX',
      ['', 'TC', 'a:b', 'x'.repeat(17)],
      'must be 1 to 16 characters of a-z, 0-9 and -',
    ],
    [
      'CACHE_VERSION',
      ['0', '-1', '1.5', '', ' 1', '1e3', 'x', 0, 1.5, '1000001', null],
      whole(1, 1_000_000),
    ],
    ['CACHE_COHERENCE_MS', ['-1', '3600001', '1s', true], whole(0, 3_600_000)],
    ['CACHE_MAX_UNVERIFIED_MS', ['86400001'], whole(0, 86_400_000)],
    ['CACHE_MEMORY_BYTES', ['1048575', '100663297', '16MB'], whole(1_048_576, 100_663_296)],
    ['CACHE_MAX_ENTRY_BYTES', ['0', '7340033'], whole(1, 7_340_032)],
    ['CACHE_REDIS', ['', 'yes', true], 'must be optional or required'],
    ['CACHE_REDIS_TIMEOUT_MS', ['0', '30001', '9'.repeat(400)], whole(1, 30_000)],
    ['CACHE_ORIGIN_TIMEOUT_MS', ['0', '100001'], whole(1, 100_000)],
    ['CACHE_WARM_REQUESTS', ['11', '10001'], whole(12, 10_000)],
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
  ])('%s', (name, values, message) => {
    for (const value of values)
      expect(problemsOf({ [name]: value })).toEqual([`${name}: ${message}`]);
  });

  test('that is no text at all too', () => {
    expect(problemsOf({ CACHE_KEY_PREFIX: 7 })).toEqual([
      expect.stringMatching(/^CACHE_KEY_PREFIX: /),
    ]);
    expect(problemsOf({ ADMIN_HOST: ['a'] })).toEqual([expect.stringMatching(/^ADMIN_HOST: /)]);
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
    'CACHE_PRESET',
    'CACHE_REDIS',
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
  expect(error.message).toMatch(/^The configuration has 10 problems:\n/);
});

test('one problem is said to be one', () => {
  expect(() => load({ CACHE_VERSION: '0' })).toThrow('The configuration has 1 problem:\n');
});

it.each<[unknown]>([[null], [undefined], [[]]])(
  'where TENANTS is not set and %j is bundled, TENANTS is the problem',
  (bundled) => {
    expect(() => loadConfig(REDIS, bundled)).toThrow(
      expect.objectContaining({
        problems: [{ field: 'TENANTS', message: expect.stringMatching(/./) as string }],
      }) as Error,
    );
  },
);
