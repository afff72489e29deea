import { describe, expect, it, test } from 'vitest';
import { policyFor } from '../../../src/gateway/policy-for.ts';
import {
  DEFAULT_CACHE_POLICY,
  type CachePolicy,
  type PathRule,
} from '../../../src/tenant/policy.ts';

const policy = (changes: Partial<CachePolicy> = {}): CachePolicy => ({
  ...DEFAULT_CACHE_POLICY,
  ...changes,
});
const url = (path: string): URL => new URL(`https://acme.example${path}`);
const rule = (path: string, changes: Partial<CachePolicy> = {}): PathRule => ({
  path,
  caching: policy(changes),
});

describe('the policy for a URL', () => {
  const ttl = { default: 60, min: 5, max: 600 };
  const stale = { ...DEFAULT_CACHE_POLICY.stale, whileRevalidate: 5, ifError: 6, ifUnreachable: 7 };
  const negativeTtl = new Map([[404, 30]]);
  const caching = policy({ ttl, browserTtl: ttl, stale, negativeTtl, maxVariants: 7 });
  const paths = [
    rule('/account/*', { cache: 'bypass' }),
    rule('/static/*.css'),
    rule('/static/*'),
    rule('/@me'),
  ];
  const tenant = { caching, paths };

  test('is the default where a tenant says nothing, whatever the path', () => {
    expect(policyFor({}, url('/a'))).toBe(DEFAULT_CACHE_POLICY);
    expect(policyFor({ paths: [] }, url('/a%2fb'))).toBe(DEFAULT_CACHE_POLICY);
  });

  test('is the tenant’s own, the same object each time', () => {
    const plain = { caching: policy({ maxVariants: 3 }) };
    for (const path of ['/', '/a%2fb', '/a'])
      expect(policyFor(plain, url(path))).toBe(plain.caching);
    expect(policyFor(tenant, url('/other'))).toBe(caching);
  });

  it.each([
    ['/account/x', 0],
    ['/account/', 0],
    // A rule that bypasses has to fit what an origin may take for its path.
    ['/ACCOUNT/x', 0],
    ['/%41ccount/x', 0],
    ['/%EF%BC%A1ccount/x', 0],
    ['/%61ccount/x', 0],
    ['/static/../account/x', 0],
    ['/static/%2e%2e/account/x', 0],
    ['/static\\..\\account\\x', 0],
    ['/static/a.css', 1],
    ['/static/a.css?a.js', 1],
    ['/static/a.css/me', 2],
    ['/static/a', 2],
    ['/%40me', 3],
  ])(
    'is that of the first rule that fits, however the path is written: %s, rule %i [trap:path-normalisation]',
    (path, at) => {
      expect(policyFor(tenant, url(path))).toBe(paths[at]?.caching);
    },
  );

  it.each(['/account', '/STATIC/x', '/Static/a.CSS', '/x/account/x', '/?/account/x'])(
    'for %s is the tenant’s: no rule fits',
    (path) => {
      expect(policyFor(tenant, url(path))).toBe(caching);
    },
  );

  test('of an ambiguous path has no time that the response does not say, and bypasses where a rule does [trap:deception]', () => {
    for (const path of [
      '/static/..%2faccount/x',
      '/account;x/y',
      '/account//x',
      '/account/x%00.css',
    ])
      expect(policyFor(tenant, url(path))).toEqual({
        ...caching,
        cache: 'bypass',
        ttl: { default: undefined, min: 0, max: 600 },
        browserTtl: { default: undefined, min: 0, max: 600 },
        stale: { ...stale, whileRevalidate: 0, ifError: 0 },
        negativeTtl: new Map(),
      });
    expect(policyFor(tenant, url('/a%2fb'))).toBe(policyFor(tenant, url('/c%2fd')));
  });

  test('of an ambiguous path bypasses nothing where no rule does', () => {
    const open = { caching, paths: [rule('/static/*')] };
    expect(policyFor(open, url('/static/a%2fb'))).toMatchObject({
      cache: 'store',
      ttl: { default: undefined, min: 0 },
    });
    expect(policyFor({ caching }, url('/static/a%2fb')).negativeTtl.size).toBe(0);
  });

  it.each<[string, Partial<CachePolicy>]>([
    ['ttl.default', { ttl: { default: 5, min: 0, max: 600 } }],
    ['ttl.min', { ttl: { default: undefined, min: 5, max: 600 } }],
    ['browserTtl.default', { browserTtl: { default: 5, min: 0, max: 600 } }],
    ['browserTtl.min', { browserTtl: { default: undefined, min: 5, max: 600 } }],
    ['stale.whileRevalidate', { stale: { ...DEFAULT_CACHE_POLICY.stale, whileRevalidate: 5 } }],
    ['stale.ifError', { stale: { ...DEFAULT_CACHE_POLICY.stale, ifError: 5 } }],
    ['negativeTtl', { negativeTtl: new Map([[404, 5]]) }],
  ])('of an ambiguous path has nothing of %s, also of a tenant without rules', (_, said) => {
    const own = { caching: policy(said) };
    expect(policyFor(own, url('/a'))).toBe(own.caching);
    const {
      ttl: time,
      browserTtl,
      stale: windows,
      negativeTtl: times,
    } = policyFor(own, url('/a;b'));
    for (const { default: unsaid, min } of [time, browserTtl])
      expect([unsaid, min]).toEqual([undefined, 0]);
    expect([windows.whileRevalidate, windows.ifError, times.size]).toEqual([0, 0, 0]);
  });

  test('of an ambiguous path stores no cookie where a rule stores none [trap:set-cookie]', () => {
    const store = policy({ setCookie: 'store' });
    const open = { caching: store, paths: [{ path: '/static/*', caching: store }] };
    const careful = { caching: store, paths: [...open.paths, rule('/account/*')] };
    expect(policyFor(open, url('/account;x')).setCookie).toBe('store');
    expect(policyFor(careful, url('/account;x')).setCookie).toBe('refuse');
  });

  test('of an ambiguous path stays a bypass of the whole tenant', () => {
    const closed = { caching: policy({ cache: 'bypass' }), paths: [rule('/static/*')] };
    expect(policyFor(closed, url('/static/a%2fb')).cache).toBe('bypass');
    expect(policyFor(closed, url('/static/a')).cache).toBe('store');
  });
});
