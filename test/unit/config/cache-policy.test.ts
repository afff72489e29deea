import { describe, expect, it, test } from 'vitest';
import { CACHING_FIELDS } from '../../../src/config/cache-policy.ts';
import { DEFAULT_CACHE_POLICY, type CachePolicy } from '../../../src/tenant/policy.ts';
import { MINIMAL, TENANT, loading } from './loading.ts';

const { load, problemsOf } = loading(MINIMAL);

const policyOf = (said: Readonly<Record<string, unknown>>): CachePolicy | undefined =>
  load({ TENANTS: [{ ...TENANT, ...said }] }).tenants[0]?.caching;

/** The problems of a tenant, and that those of a path rule which says the same are the same. */
function problemsIn(said: Readonly<Record<string, unknown>>): string[] {
  const problems = problemsOf({ TENANTS: [{ ...TENANT, ...said }] });
  const inRule = problemsOf({ TENANTS: [{ ...TENANT, paths: [{ path: '/*', ...said }] }] });
  expect(inRule).toEqual(
    problems.map((problem) => problem.replace('TENANTS[0]', 'TENANTS[0].paths[0]')),
  );
  return problems;
}

const TIME =
  'a duration from 0ms to 365d in whole seconds (milliseconds, or a whole number with ms, s, m, h or d)';
const STATUSES = 'only 404, 410, 451, 500, 502, 503, 504 may have a time';

/** Each field as it is written, and what the gateway is given. */
const ACCEPTED: readonly (readonly [keyof CachePolicy, unknown, unknown])[] = [
  ['cache', 'bypass', 'bypass'],
  ['cache', 'store', 'store'],
  ['ttl', { default: '10m', min: '10s', max: '1d' }, { default: 600, min: 10, max: 86_400 }],
  ['ttl', { default: 60_000 }, { default: 60, min: 0, max: Infinity }],
  ['ttl', { min: '1000ms' }, { default: undefined, min: 1, max: Infinity }],
  ['ttl', { default: 0, min: 0, max: 0 }, { default: 0, min: 0, max: 0 }],
  ['ttl', { max: '365d' }, { default: undefined, min: 0, max: 31_536_000 }],
  ['ttl', {}, DEFAULT_CACHE_POLICY.ttl],
  ['browserTtl', { default: '1m', min: '1m', max: '1m' }, { default: 60, min: 60, max: 60 }],
  ['browserTtl', { max: 0 }, { default: undefined, min: 0, max: 0 }],
  [
    'stale',
    { whileRevalidate: '1m', ifError: '1h', ifUnreachable: '1d', max: '1d', keep: 0 },
    { whileRevalidate: 60, ifError: 3600, ifUnreachable: 86_400, max: 86_400, keep: 0 },
  ],
  // What nobody said bends: the window of 60 s stays as it is, and the gateway cuts it.
  ['stale', { max: '10s' }, { ...DEFAULT_CACHE_POLICY.stale, max: 10 }],
  ['stale', {}, DEFAULT_CACHE_POLICY.stale],
  [
    'negativeTtl',
    { 404: '30s', 410: '1d', 451: '1h', 500: 0, 502: '1s', 503: 2000, 504: '3s' },
    new Map([
      [404, 30],
      [410, 86_400],
      [451, 3600],
      [500, 0],
      [502, 1],
      [503, 2],
      [504, 3],
    ]),
  ],
  ['negativeTtl', {}, new Map()],
  ['query', { allow: ['page', 'Q', 'filter[a]', 'ü', 'a b'] }, undefined],
  ['query', { drop: ['utm_*', 'fbclid'] }, undefined],
  ['query', { allow: [] }, undefined],
  ['query', { drop: ['*'] }, undefined],
  ['vary', { allow: ['accept-language', 'x-*', 'cookie', 'authorization'] }, undefined],
  ['vary', { drop: ['user-agent', 'sec-ch-*', 'origin'] }, undefined],
  ['cookies', { allow: ['session', '__Host-id', 'A*'] }, undefined],
  ['cookies', { drop: ['*'] }, undefined],
  ['requestHeaders', 'pass', 'pass'],
  ['requestHeaders', ['x-app-version', 'x-tenant'], undefined],
  ['requestHeaders', [], undefined],
  ['setCookie', 'store', 'store'],
  ['setCookie', 'refuse', 'refuse'],
  ['requestDirectives', 'honour', 'honour'],
  ['requestDirectives', 'ignore', 'ignore'],
  ['exposeTags', true, true],
  ['exposeTags', false, false],
  [
    'responseHeaders',
    { 'X-Frame-Options': 'DENY', 'strict-transport-security': 'max-age=1; a\tb' },
    [
      ['x-frame-options', 'DENY'],
      ['strict-transport-security', 'max-age=1; a\tb'],
    ],
  ],
  ['responseHeaders', {}, []],
  ['maxBodyBytes', '512KiB', 524_288],
  ['maxBodyBytes', 1, 1],
  ['maxBodyBytes', '7MiB', 7_340_032],
  ['maxVariants', 1, 1],
  ['maxVariants', 256, 256],
];

/** What is refused, where inside of the tenant, and why. */
const REFUSED: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ['a mode', { cache: 'off' }, "cache: is 'off', must be one of store, bypass"],
  ['no mode', { cache: null }, 'cache: is null, must be one of store, bypass'],
  ['a time for a ttl', { ttl: '10m' }, "ttl: is '10m', must be an object of default, min, max"],
  ['a list for a ttl', { ttl: [] }, 'ttl: is a list, must be an object of default, min, max'],
  ['a member of ttl', { ttl: { edge: 1 } }, 'ttl: holds members that it does not have: edge'],
  ['seconds by number', { ttl: { default: 60 } }, `ttl.default: is 60, must be ${TIME}`],
  ['part of a second', { ttl: { min: '1500ms' } }, `ttl.min: is '1500ms', must be ${TIME}`],
  ['more than a year', { ttl: { max: '366d' } }, `ttl.max: is '366d', must be ${TIME}`],
  ['less than nothing', { ttl: { default: -1000 } }, `ttl.default: is -1000, must be ${TIME}`],
  ['null', { ttl: { default: null } }, `ttl.default: is null, must be ${TIME}`],
  [
    'a minimum above the maximum',
    { ttl: { min: '2m', max: '1m' } },
    'ttl.min: is 2m, must be at most the max, which is 1m',
  ],
  [
    'a default above the maximum',
    { ttl: { default: '2m', max: '1m' } },
    'ttl.default: is 2m, must be at most the max, which is 1m',
  ],
  [
    'a default below the minimum',
    { ttl: { default: '1s', min: '1m' } },
    'ttl.default: is 1s, must be at least the min, which is 1m',
  ],
  [
    'the same of browsers',
    { browserTtl: { default: 0, min: '1m' } },
    'browserTtl.default: is 0ms, must be at least the min, which is 1m',
  ],
  [
    'a minimum for browsers above the maximum',
    { browserTtl: { min: '2m', max: '1m' } },
    'browserTtl.min: is 2m, must be at most the max, which is 1m',
  ],
  [
    'a time for windows',
    { stale: '1m' },
    "stale: is '1m', must be an object of whileRevalidate, ifError, ifUnreachable, max, keep",
  ],
  ['a window', { stale: { ifError: '1w' } }, `stale.ifError: is '1w', must be ${TIME}`],
  [
    'an unknown window',
    { stale: { ifSlow: 1 } },
    'stale: holds members that it does not have: ifSlow',
  ],
  ...['whileRevalidate', 'ifError', 'ifUnreachable'].map(
    (name) =>
      [
        `${name} above the maximum`,
        { stale: { [name]: '2m', max: '1m' } },
        `stale.${name}: is 2m, must be at most the max, which is 1m`,
      ] as const,
  ),
  [
    'times that are none',
    { negativeTtl: '30s' },
    `negativeTtl: is '30s', must be an object of times by status: each of 404, 410, 451, 500, 502, 503, 504 may have ${TIME}`,
  ],
  ['a negative time', { negativeTtl: { 404: 30 } }, `negativeTtl.404: is 30, must be ${TIME}`],
  [
    'a status of success',
    { negativeTtl: { 200: '30s' } },
    `negativeTtl.200: is no error, ${STATUSES}: the others have the ttl`,
  ],
  ...[400, 401, 403, 405, 413, 414, 429, 431, 501, 505].map(
    (status) =>
      [
        `a time for ${status}`,
        { negativeTtl: { [status]: '30s' } },
        `negativeTtl.${status}: is an answer to the one request and not for everybody who asks for the resource, ${STATUSES}`,
      ] as const,
  ),
  ...['4xx', '', 'default', '0404', '999'].map(
    (name) =>
      [
        `a status that is ${JSON.stringify(name)}`,
        { negativeTtl: { [name]: '30s' } },
        'negativeTtl: has a member that is no status of three digits',
      ] as const,
  ),
  ['cookies stored', { setCookie: true }, 'setCookie: is true, must be one of refuse, store'],
  [
    'directives in another spelling',
    { requestDirectives: 'honor' },
    "requestDirectives: is 'honor', must be one of ignore, honour",
  ],
  ['tags shown', { exposeTags: 'yes' }, "exposeTags: is 'yes', must be true or false"],
  [
    'no bytes',
    { maxBodyBytes: 0 },
    'maxBodyBytes: is 0, must be a size from 1B to 7MiB (bytes, or a whole number with B, KB, MB, KiB or MiB)',
  ],
  [
    'more bytes than any entry may have',
    { maxBodyBytes: '8MiB' },
    "maxBodyBytes: is '8MiB', must be a size from 1B to 7MiB (bytes, or a whole number with B, KB, MB, KiB or MiB)",
  ],
  ['no variant', { maxVariants: 0 }, 'maxVariants: is 0, must be a whole number from 1 to 256'],
  [
    'too many variants',
    { maxVariants: 257 },
    'maxVariants: is 257, must be a whole number from 1 to 256',
  ],
  ['half a variant', { maxVariants: 1.5 }, 'maxVariants: is 1.5, must be a whole number'],
];

describe('what a tenant says of caching', () => {
  it.each(ACCEPTED)('%s may be %j, and nothing else changes by it', (name, written, given) => {
    expect(policyOf({ [name]: written })).toEqual({
      ...DEFAULT_CACHE_POLICY,
      [name]: given === undefined ? written : given,
    });
  });

  test('no field is left out above', () => {
    expect(new Set(ACCEPTED.map(([name]) => name))).toEqual(new Set(Object.keys(CACHING_FIELDS)));
    expect(Object.keys(CACHING_FIELDS)).toEqual(Object.keys(DEFAULT_CACHE_POLICY));
  });

  it.each(REFUSED)('%s is a problem, in a path rule too', (_what, said, problem) => {
    const problems = problemsIn(said);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(`TENANTS[0].${problem}`)).toBe(true);
  });

  test('every problem is told at once', () => {
    const said = { ttl: { min: 1, max: 2 }, negativeTtl: { 403: '1s', 404: 1 }, maxVariants: 0 };
    expect(problemsIn(said).map((problem) => problem.replace(/: .*/, ''))).toEqual([
      'TENANTS[0].ttl.min',
      'TENANTS[0].ttl.max',
      'TENANTS[0].negativeTtl.403',
      'TENANTS[0].negativeTtl.404',
      'TENANTS[0].maxVariants',
    ]);
  });

  it.each(['ttls', 'browser_ttl', 'quota', 'path'])('there is no field %s', (name) => {
    expect(problemsOf({ TENANTS: [{ ...TENANT, [name]: {} }] })).toEqual([
      `TENANTS[0]: holds members that it does not have: ${name}`,
    ]);
  });
});
