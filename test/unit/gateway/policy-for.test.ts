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
  const caching = policy({ ttl, negativeTtl: new Map([[404, 30]]), maxVariants: 7 });
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
    ['/%61ccount/x', 0],
    ['/static/../account/x', 0],
    ['/static/%2e%2e/account/x', 0],
    ['/static\\..\\account\\x', 0],
    ['/static/a.css', 1],
    ['/static/a.css?a.js', 1],
    ['/static/a.css/me', 2],
    ['/static/a', 2],
    ['/%40me', 3],
  ])('for %s is that of the first rule that fits (%i) [trap:path-normalisation]', (path, at) => {
    expect(policyFor(tenant, url(path))).toBe(paths[at]?.caching);
  });

  it.each(['/account', '/ACCOUNT/x', '/x/account/x', '/?/account/x'])(
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
        ttl: { ...ttl, default: undefined },
        negativeTtl: new Map(),
      });
    expect(policyFor(tenant, url('/a%2fb'))).toBe(policyFor(tenant, url('/c%2fd')));
  });

  test('of an ambiguous path bypasses nothing where no rule does', () => {
    const open = { caching, paths: [rule('/static/*')] };
    expect(policyFor(open, url('/static/a%2fb'))).toMatchObject({
      cache: 'store',
      ttl: { default: undefined, min: 5 },
    });
    expect(policyFor({ caching }, url('/static/a%2fb')).negativeTtl.size).toBe(0);
  });

  test('of an ambiguous path stays a bypass of the whole tenant', () => {
    const closed = { caching: policy({ cache: 'bypass' }), paths: [rule('/static/*')] };
    expect(policyFor(closed, url('/static/a%2fb')).cache).toBe('bypass');
    expect(policyFor(closed, url('/static/a')).cache).toBe('store');
  });
});
