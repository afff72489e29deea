import { createExecutionContext, createScheduledController } from 'cloudflare:test';
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import worker from '../../src/worker.ts';
import { deploy, isolate } from '../support/deployment.ts';

interface ConfigProblem {
  readonly field: string;
  readonly message: string;
}

let logged: MockInstance<typeof console.error>;
beforeEach(() => {
  logged = vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => logged.mockRestore());

const TENANT = { id: 'a', hosts: ['a.test'], origin: 'https://origin.test' };
const CREDENTIAL = { id: 'c', sha256: '0'.repeat(64), tenant: 'a', scopes: ['purge'] };
const tenant = (change: Record<string, unknown>) => ({
  TENANTS: JSON.stringify([{ ...TENANT, ...change }]),
});
const credential = (change: Record<string, unknown>) => ({
  CREDENTIALS: JSON.stringify([{ ...CREDENTIAL, ...change }]),
});

async function problemsOf(change: Readonly<Record<string, unknown>>): Promise<ConfigProblem[]> {
  const { variables } = await deploy({ variables: change });
  const answer = await isolate(variables, 'a.test', '').get('/');
  expect(answer.status).toBe(500);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const problem = answer.json() as { code: string; problems: ConfigProblem[] };
  expect(problem.code).toBe('config_invalid');
  return problem.problems;
}

const broken: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
  ['an unknown preset', { CACHE_PRESET: 'fast' }, 'CACHE_PRESET'],
  ['a preset that is no text', { CACHE_PRESET: 7 }, 'CACHE_PRESET'],
  ['a preset of the prototype', { CACHE_PRESET: 'constructor' }, 'CACHE_PRESET'],
  ['no Redis URL', { UPSTASH_REDIS_REST_URL: undefined }, 'UPSTASH_REDIS_REST_URL'],
  ['a Redis URL that is none', { UPSTASH_REDIS_REST_URL: 'redis' }, 'UPSTASH_REDIS_REST_URL'],
  [
    'a plain Redis URL outside loopback',
    { UPSTASH_REDIS_REST_URL: 'http://redis.test' },
    'UPSTASH_REDIS_REST_URL',
  ],
  [
    'a plain Redis URL that begins like loopback',
    { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1.evil.test' },
    'UPSTASH_REDIS_REST_URL',
  ],
  [
    'a Redis URL of another scheme',
    { UPSTASH_REDIS_REST_URL: 'redis://127.0.0.1:6379' },
    'UPSTASH_REDIS_REST_URL',
  ],
  [
    'a Redis URL with a user name',
    { UPSTASH_REDIS_REST_URL: 'https://user@redis.test' },
    'UPSTASH_REDIS_REST_URL',
  ],
  [
    'a Redis URL with a password',
    { UPSTASH_REDIS_REST_URL: 'https://:pass@redis.test' },
    'UPSTASH_REDIS_REST_URL',
  ],
  ['no token', { UPSTASH_REDIS_REST_TOKEN: undefined }, 'UPSTASH_REDIS_REST_TOKEN'],
  ['an empty token', { UPSTASH_REDIS_REST_TOKEN: ' ' }, 'UPSTASH_REDIS_REST_TOKEN'],
  ['TENANTS that is no JSON', { TENANTS: '[{]' }, 'TENANTS'],
  ['TENANTS that is no list', { TENANTS: '{}' }, 'TENANTS'],
  ['no tenants', { TENANTS: '[]' }, 'TENANTS'],
  ['a tenant id in capitals', tenant({ id: 'Acme' }), 'TENANTS[0].id'],
  ['a tenant id with a separator', tenant({ id: 'a:b' }), 'TENANTS[0].id'],
  ['a tenant without hosts', tenant({ hosts: [] }), 'TENANTS[0].hosts'],
  ['a host with a port', tenant({ hosts: ['a.test', 'b.test:80'] }), 'TENANTS[0].hosts[1]'],
  ['a host in capitals', tenant({ hosts: ['A.test'] }), 'TENANTS[0].hosts[0]'],
  ['a host with a scheme', tenant({ hosts: ['https://a.test'] }), 'TENANTS[0].hosts[0]'],
  ['an origin that is no URL', tenant({ origin: 'origin' }), 'TENANTS[0].origin'],
  ['an origin of another scheme', tenant({ origin: 'ftp://o.test' }), 'TENANTS[0].origin'],
  ['an origin with a query', tenant({ origin: 'https://o.test/?a' }), 'TENANTS[0].origin'],
  ['an origin with a password', tenant({ origin: 'https://u:p@o.test' }), 'TENANTS[0].origin'],
  ['a warm path without a slash', tenant({ warm: { paths: ['a'] } }), 'TENANTS[0].warm.paths[0]'],
  ['an unknown field of a tenant', tenant({ orgin: 'x' }), 'TENANTS[0]'],
  ['a time that is no whole second', tenant({ ttl: { default: 60 } }), 'TENANTS[0].ttl.default'],
  [
    'a default below the minimum',
    tenant({ ttl: { default: '1s', min: '1m' } }),
    'TENANTS[0].ttl.default',
  ],
  ['a time for 403', tenant({ negativeTtl: { 403: '1m' } }), 'TENANTS[0].negativeTtl.403'],
  ['a choice of nothing', tenant({ query: {} }), 'TENANTS[0].query'],
  ['cookies out of Vary', tenant({ vary: { drop: ['cookie'] } }), 'TENANTS[0].vary.drop[0]'],
  [
    'a header that splits the answer',
    tenant({ responseHeaders: { 'x-a': 'b\r\nset-cookie: c=d' } }),
    'TENANTS[0].responseHeaders.x-a',
  ],
  ['no loads', tenant({ quotas: { loadsPerSecond: 0 } }), 'TENANTS[0].quotas.loadsPerSecond'],
  [
    'a path rule behind one that fits all',
    tenant({ paths: [{ path: '/*' }, { path: '/account/*', cache: 'bypass' }] }),
    'TENANTS[0].paths[1].path',
  ],
  [
    'a field of a tenant in a path rule',
    tenant({ paths: [{ path: '/a', origin: 'https://b.test' }] }),
    'TENANTS[0].paths[0]',
  ],
  [
    'two tenants of one id',
    { TENANTS: JSON.stringify([TENANT, { ...TENANT, hosts: ['b.test'] }]) },
    'TENANTS[1].id',
  ],
  [
    'two tenants of one host',
    { TENANTS: JSON.stringify([TENANT, { ...TENANT, id: 'b' }]) },
    'TENANTS[1].hosts[0]',
  ],
  [
    'an ADMIN_HOST that is a tenant’s',
    { ...tenant({}), CREDENTIALS: undefined, ADMIN_HOST: 'a.test' },
    'TENANTS[0].hosts',
  ],
  [
    'an origin on a host of the tenant',
    tenant({ origin: 'https://a.test/x' }),
    'TENANTS[0].origin',
  ],
  [
    'an origin on a host of another tenant',
    { TENANTS: [TENANT, { id: 'b', hosts: ['b.test'], origin: 'http://a.test:81' }] },
    'TENANTS[1].origin',
  ],
  ['an ADMIN_HOST that is none', { ADMIN_HOST: 'https://admin.test' }, 'ADMIN_HOST'],
  ['CREDENTIALS that is no JSON', { CREDENTIALS: 'x' }, 'CREDENTIALS'],
  ['CREDENTIALS that is no list', { CREDENTIALS: '{}' }, 'CREDENTIALS'],
  [
    'a token instead of its digest',
    credential({ sha256: 'secret-token' }),
    'CREDENTIALS[0].sha256',
  ],
  ['a digest in capitals', credential({ sha256: 'A'.repeat(64) }), 'CREDENTIALS[0].sha256'],
  ['an unknown scope', credential({ scopes: ['purge', 'root'] }), 'CREDENTIALS[0].scopes[1]'],
  ['no scope', credential({ scopes: [] }), 'CREDENTIALS[0].scopes'],
  ['a credential of no tenant', credential({ tenant: 'A*' }), 'CREDENTIALS[0].tenant'],
  ['a credential of an unknown tenant', credential({ tenant: 'nobody' }), 'CREDENTIALS[0].tenant'],
  [
    'a Redis that is required where there is none',
    { CACHE_PRESET: 'minimal', CACHE_REDIS: 'required' },
    'CACHE_REDIS',
  ],
  ['a bound that is no number', { CACHE_COHERENCE_MS: 'soon' }, 'CACHE_COHERENCE_MS'],
  ['a bound below zero', { CACHE_COHERENCE_MS: '-1' }, 'CACHE_COHERENCE_MS'],
  ['a bound with a fraction', { CACHE_COHERENCE_MS: 0.5 }, 'CACHE_COHERENCE_MS'],
  ['a memory budget too small', { CACHE_MEMORY_BYTES: '1' }, 'CACHE_MEMORY_BYTES'],
  ['a need that is none', { CACHE_REDIS: 'yes' }, 'CACHE_REDIS'],
  ['a prefix with a separator', { CACHE_KEY_PREFIX: 'a:b' }, 'CACHE_KEY_PREFIX'],
  ['a version of 0', { CACHE_VERSION: '0' }, 'CACHE_VERSION'],
  ['a warming budget too small', { CACHE_WARM_REQUESTS: 1 }, 'CACHE_WARM_REQUESTS'],
  ['a CACHE_ variable that is no setting', { CACHE_COHERANCE_MS: '5' }, 'CACHE_COHERANCE_MS'],
  ['a setting in small letters', { CACHE_version: '2' }, 'CACHE_version'],
];

describe('a configuration that can’t be used', () => {
  test.each(broken)('%s: the Worker refuses to serve and says where', async (_, change, field) => {
    const problems = await problemsOf(change);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.message).not.toBe('');
  });

  test('every problem is listed at once', async () => {
    const problems = await problemsOf({
      CACHE_PRESET: 'x',
      UPSTASH_REDIS_REST_URL: 'http://redis.test',
      UPSTASH_REDIS_REST_TOKEN: '',
      TENANTS: '[',
      CREDENTIALS: '[',
      CACHE_VERSION: 'x',
    });
    expect(problems.map((problem) => problem.field).toSorted()).toEqual([
      'CACHE_PRESET',
      'CACHE_VERSION',
      'CREDENTIALS',
      'TENANTS',
      'UPSTASH_REDIS_REST_TOKEN',
      'UPSTASH_REDIS_REST_URL',
    ]);
  });

  test('no secret is in the answer or in the log [trap:leaks]', async () => {
    const { variables } = await deploy({
      variables: {
        UPSTASH_REDIS_REST_TOKEN: 'very-secret-token',
        UPSTASH_REDIS_REST_URL: 'http://user:very-secret-password@redis.test',
        ...credential({ sha256: 'very-secret-credential' }),
      },
    });
    const answer = await isolate(variables, 'a.test', '').get('/');
    expect(answer.status).toBe(500);
    const said = answer.text + logged.mock.calls.map(String).join('');
    expect(said).toContain('CREDENTIALS[0].sha256');
    expect(said).not.toContain('very-secret');
  });

  test('the cron trigger rejects with it, and it is logged once for the isolate', async () => {
    const env = { CACHE_PRESET: 'x' };
    const controller = createScheduledController({ scheduledTime: new Date(), cron: '' });
    for (let time = 0; time < 2; time += 1) {
      await expect(
        worker.scheduled(controller, env, createExecutionContext()),
      ).rejects.toBeInstanceOf(ConfigError);
    }
    expect(logged).toHaveBeenCalledTimes(1);
  });

  test('no route of it is served, health included', async () => {
    const { variables, host } = await deploy({ variables: { CACHE_VERSION: 'x' } });
    const refusing = isolate(variables, host, '');
    for (const path of ['/', '/_tiercel/healthz', '/_tiercel/v1/stats'])
      expect((await refusing.get(path)).status).toBe(500);
  });
});

describe('a configuration that can be used', () => {
  test.each([
    [
      'lists that the platform has parsed already',
      { TENANTS: [TENANT], CREDENTIALS: [CREDENTIAL] },
    ],
    ['numbers as numbers', { CACHE_COHERENCE_MS: 0, CACHE_VERSION: 2 }],
    ['no credentials: nobody may purge', { CREDENTIALS: undefined }],
    ['loopback under its names', { UPSTASH_REDIS_REST_URL: 'http://localhost:1' }],
    ['the preset minimal without Redis', { CACHE_PRESET: 'minimal', UPSTASH_REDIS_REST_URL: '' }],
    ['the bundled tenants', { TENANTS: undefined, CREDENTIALS: undefined }],
    ['a binding that begins as settings do', { CACHE_STORE: { get: () => null } }],
    ['variables of others', { CACHED: 'x', XCACHE_VERSION: 'x', cache_version: 'x' }],
  ])('%s', async (_, change) => {
    const { variables } = await deploy({ variables: change });
    const answer = await isolate(variables, 'nobody.test', '').get('/');
    expect(answer.json()).toMatchObject({ code: 'unknown_tenant' });
  });

  test('raising the version leaves everything that was stored behind', async () => {
    const { isolate: next } = await deploy();
    await next().get('/cities/10');
    const raised = await next({ CACHE_VERSION: 2 }).get('/cities/10');
    expect(raised.cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
  });

  test('another key prefix shares nothing', async () => {
    const { isolate: next } = await deploy();
    await next().get('/cities/11');
    const other = await next({ CACHE_KEY_PREFIX: 'other' }).get('/cities/11');
    expect(other.cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
  });
});
