import { describe, expect, it, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { DEFAULT_CACHE_POLICY, DEFAULT_QUOTAS } from '../../../src/tenant/policy.ts';
import { MINIMAL, TENANT, loading } from './loading.ts';

const OTHER = { id: 'other', hosts: ['other.example'], origin: 'https://other-origin.example' };

const { load, errorOf, problemsOf } = loading(MINIMAL);

describe('TENANTS', () => {
  it.each<[string, unknown]>([
    ['as a JSON text', JSON.stringify([OTHER])],
    ['as a value that the platform has parsed', [OTHER]],
  ])('counts instead of the bundled list, %s', (_what, value) => {
    expect(load({ TENANTS: value }).tenants.map(({ id }) => id)).toEqual(['other']);
  });

  test('the bundled list may be a JSON text too', () => {
    const config = loadConfig({ CACHE_PRESET: 'minimal' }, JSON.stringify([OTHER]));
    expect(config.tenants.map(({ id }) => id)).toEqual(['other']);
  });

  test('a tenant with everything that is not of caching', () => {
    const full = {
      id: 'a-b_1',
      hosts: ['a.example', '127.0.0.1', 'localhost'],
      origin: 'http://127.0.0.1:8000/base/',
      warm: { base: 'http://localhost:8787/', paths: ['/', '/cities?country=AD', '/%C3%A9'] },
      rules: [{ on: 'city.updated', tags: ['city:{id}'] }],
      quotas: { loadsPerSecond: 100_000, purgesPerSecond: 1 },
    };
    expect(load({ TENANTS: [full] }).tenants).toEqual([
      {
        ...full,
        origin: 'http://127.0.0.1:8000/base',
        warm: { ...full.warm, base: 'http://localhost:8787' },
        caching: DEFAULT_CACHE_POLICY,
        paths: [],
      },
    ]);
  });

  test('what a tenant leaves open is filled in', () => {
    expect(load({ TENANTS: [TENANT] }).tenants).toEqual([
      {
        ...TENANT,
        warm: { base: 'https://acme.example', paths: [] },
        caching: DEFAULT_CACHE_POLICY,
        paths: [],
        quotas: DEFAULT_QUOTAS,
      },
    ]);
    const [one] = load({ TENANTS: [{ ...TENANT, quotas: { loadsPerSecond: 5 } }] }).tenants;
    expect(one?.quotas).toEqual({ loadsPerSecond: 5, purgesPerSecond: 100 });
    const [other] = load({ TENANTS: [{ ...TENANT, quotas: { purgesPerSecond: 5 } }] }).tenants;
    expect(other?.quotas).toEqual({ loadsPerSecond: undefined, purgesPerSecond: 5 });
  });

  test('readers of a tenant ask under https and its first host, unless it says otherwise', () => {
    const hosts = ['first.example', 'second.example'];
    const [tenant] = load({ TENANTS: [{ ...TENANT, hosts, warm: { paths: ['/'] } }] }).tenants;
    expect(tenant?.warm).toEqual({ base: 'https://first.example', paths: ['/'] });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'TENANTS: is not valid JSON'],
    ['an empty text', '', 'TENANTS: is not valid JSON'],
    ['a comma too many', '[\n  { "id": "a", }]', 'TENANTS: is not valid JSON: line 2, column 16'],
    ['no list', '{}', 'TENANTS: '],
    ['a list of nothing', [], 'TENANTS: must hold at least one tenant'],
    ['a tenant that is text', ['acme'], 'TENANTS[0]: '],
    ['no id', [{ ...TENANT, id: undefined }], 'TENANTS[0].id: '],
    ['a bad id', [TENANT, { ...OTHER, id: 'No' }], 'TENANTS[1].id: must be 1 to 64 characters'],
    ['no host', [{ ...TENANT, hosts: [] }], 'TENANTS[0].hosts: must name at least one host'],
    [
      'a host with a port',
      [{ ...TENANT, hosts: ['a', 'b:80'] }],
      'TENANTS[0].hosts[1]: must be a host name',
    ],
    [
      'a host in upper case',
      [{ ...TENANT, hosts: ['A.example'] }],
      'TENANTS[0].hosts[0]: must be a host name',
    ],
    [
      'a wildcard',
      [{ ...TENANT, hosts: ['*.example'] }],
      'TENANTS[0].hosts[0]: must be a host name',
    ],
    [
      'a host that is too long',
      [{ ...TENANT, hosts: [`${'a.'.repeat(127)}a`] }],
      'TENANTS[0].hosts[0]: must be a host name',
    ],
    [
      'an origin without a scheme',
      [{ ...TENANT, origin: 'origin.example' }],
      'TENANTS[0].origin: must be a URL such as',
    ],
    [
      'an origin of another scheme',
      [{ ...TENANT, origin: 'ftp://o.example' }],
      'TENANTS[0].origin: must begin with https:// or http://',
    ],
    [
      'an origin with a user',
      [{ ...TENANT, origin: 'https://u@o.example' }],
      'TENANTS[0].origin: must not hold a user name',
    ],
    [
      'an origin with a password',
      [{ ...TENANT, origin: 'https://:p@o.example' }],
      'TENANTS[0].origin: must not hold a user name',
    ],
    [
      'an origin with a query',
      [{ ...TENANT, origin: 'https://o.example/?a=1' }],
      'TENANTS[0].origin: must not hold a query',
    ],
    [
      'an origin with a fragment',
      [{ ...TENANT, origin: 'https://o.example/#a' }],
      'TENANTS[0].origin: must not hold a query, a fragment',
    ],
    [
      'an origin on its own host: the Worker would ask itself',
      [{ ...TENANT, origin: 'https://acme.example:8443/base' }],
      'TENANTS[0].origin: must not be a host of a tenant',
    ],
    [
      'an origin on its own host, in upper case',
      [{ ...TENANT, origin: 'https://ACME.example' }],
      'TENANTS[0].origin: must not be a host of a tenant',
    ],
    [
      'an origin on another tenant’s host',
      [TENANT, { ...OTHER, origin: 'https://acme.example' }],
      'TENANTS[1].origin: must not be a host of a tenant',
    ],
    [
      'no load a second',
      [{ ...TENANT, quotas: { loadsPerSecond: 0 } }],
      'TENANTS[0].quotas.loadsPerSecond: is 0, must be a whole number from 1 to 100000',
    ],
    [
      'too many loads a second',
      [{ ...TENANT, quotas: { loadsPerSecond: 100_001 } }],
      'TENANTS[0].quotas.loadsPerSecond: is 100001, must be a whole number from 1 to 100000',
    ],
    [
      'a quota that is text',
      [{ ...TENANT, quotas: { loadsPerSecond: '5' } }],
      "TENANTS[0].quotas.loadsPerSecond: is '5', must be a whole number",
    ],
    [
      'too many purges a second',
      [{ ...TENANT, quotas: { purgesPerSecond: 10_001 } }],
      'TENANTS[0].quotas.purgesPerSecond: is 10001, must be a whole number from 1 to 10000',
    ],
    [
      'quotas that are no object',
      [{ ...TENANT, quotas: 5 }],
      'TENANTS[0].quotas: is 5, must be an object of loadsPerSecond, purgesPerSecond',
    ],
    [
      'an unknown quota',
      [{ ...TENANT, quotas: { loads: 5 } }],
      'TENANTS[0].quotas: holds members that it does not have: loads',
    ],
    [
      'a path that does not begin with a slash',
      [{ ...TENANT, warm: { paths: ['/a', 'b'] } }],
      'TENANTS[0].warm.paths[1]: must be a path',
    ],
    [
      'a path with a space',
      [{ ...TENANT, warm: { paths: ['/a b'] } }],
      'TENANTS[0].warm.paths[0]: must be a path',
    ],
    [
      'a path with a fragment',
      [{ ...TENANT, warm: { paths: ['/a#b'] } }],
      'TENANTS[0].warm.paths[0]: must be a path',
    ],
    [
      'a base on a host that is not its own',
      [{ ...TENANT, warm: { base: 'https://other.example', paths: [] } }],
      "TENANTS[0].warm.base: must be on one of the tenant's own hosts",
    ],
    [
      'a bad base',
      [{ ...TENANT, warm: { base: 'x', paths: [] } }],
      'TENANTS[0].warm.base: must be a URL',
    ],
    ['an unknown member', [{ ...TENANT, orign: 'x' }], 'TENANTS[0]: '],
    [
      'an unknown member of warm',
      [{ ...TENANT, warm: { paths: [], cron: 'x' } }],
      'TENANTS[0].warm: ',
    ],
    [
      'two tenants of one id',
      [TENANT, { ...OTHER, id: 'acme' }],
      'TENANTS[1].id: is the id of another tenant already',
    ],
    [
      'a host of two tenants',
      [TENANT, { ...OTHER, hosts: ['x', 'acme.example'] }],
      'TENANTS[1].hosts[1]: is listed already',
    ],
    ['a host twice', [{ ...TENANT, hosts: ['x', 'x'] }], 'TENANTS[0].hosts[1]: is listed already'],
  ])('%s is a problem', (_what, value, problem) => {
    for (const given of typeof value === 'string' ? [value] : [value, JSON.stringify(value)]) {
      const problems = problemsOf({ TENANTS: given });
      expect(problems).toHaveLength(1);
      expect(problems[0]?.startsWith(problem)).toBe(true);
    }
  });

  it.each(['localhost', '127.0.0.1'])(
    'on %s an origin may have the host of a tenant: another port is another server there',
    (host) => {
      const list = [{ ...TENANT, hosts: [host], origin: `http://${host}:8000` }];
      expect(problemsOf({ TENANTS: list })).toEqual([]);
    },
  );

  test('no tenant may own the ADMIN_HOST', () => {
    expect(problemsOf({ ADMIN_HOST: 'acme.example', TENANTS: [OTHER, TENANT] })).toEqual([
      'TENANTS[1].hosts: must not hold the ADMIN_HOST',
    ]);
  });

  it.each([
    'https://o.example?',
    'https://o.example#',
    'https://o.example/base?',
    ' https://o.example ',
    'https://o.example\n',
  ])('the origin %j is refused, or is one that a path can be put behind', (origin) => {
    const TENANTS = [
      { ...TENANT, hosts: ['o.example'], origin, warm: { base: origin, paths: [] } },
    ];
    if (errorOf({ TENANTS })) return;
    const [tenant] = load({ TENANTS }).tenants;
    for (const base of [tenant?.origin, tenant?.warm.base]) {
      const url = `${base}/path?query`;
      expect(URL.canParse(url) && new URL(url).href).toMatch(/example(?:\/base)?\/path\?query$/);
    }
  });
});
