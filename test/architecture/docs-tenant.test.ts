import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { effectiveUrl } from '../../src/gateway/effective-url.ts';
import { policyFor } from '../../src/gateway/policy-for.ts';
import type { CachePolicy } from '../../src/tenant/policy.ts';

const page = readFileSync(
  new URL('../../docs/reference/configuration.md', import.meta.url),
  'utf8',
);
const [, section = ''] = page.split('\n## Tenants\n');
const [, example = ''] = /```json\n([\s\S]*?)```/.exec(section) ?? [];
const [, told = ''] = section.split('In the example above:');

const [tenant, ...others] = loadConfig({ CACHE_PRESET: 'minimal' }, example).tenants;
if (!tenant) throw new Error('The example of docs/reference/configuration.md holds no tenant.');
const whole = tenant.caching;

const DAY = 86_400;

/** What the page says of each request, in the order of the page: what the origin is asked for, and how it differs from the tenant's policy. */
const SAID: readonly (readonly [string, string, Partial<CachePolicy>])[] = [
  ['/products?page=2&utm_source=x', '/products?page=2', {}],
  ['/account/invoice.pdf', '/account/invoice.pdf', { cache: 'bypass' }],
  [
    '/static/app.css?v=3&x=1',
    '/static/app.css?v=3',
    {
      ttl: { default: DAY, min: 0, max: Infinity },
      browserTtl: { default: 3600, min: 0, max: Infinity },
      query: { allow: ['v'] },
      cookies: { drop: ['*'] },
    },
  ],
  ['/docs/manual.pdf', '/docs/manual.pdf', { maxBodyBytes: 524_288 }],
  ['/Account/invoice.pdf', '/Account/invoice.pdf', { cache: 'bypass' }],
  [
    '/account%2Finvoice',
    '/account%2Finvoice',
    {
      cache: 'bypass',
      ttl: { default: undefined, min: 0, max: DAY },
      stale: { whileRevalidate: 0, ifError: 0, ifUnreachable: 60, max: Infinity, keep: 3600 },
      negativeTtl: new Map(),
    },
  ],
];

describe('the tenant in the reference of the configuration', () => {
  test('is one that loads, with what the page says of it', () => {
    expect(others).toEqual([]);
    expect(tenant).toMatchObject({ id: 'acme', quotas: { loadsPerSecond: 200 } });
    expect(whole).toMatchObject({
      cache: 'store',
      ttl: { default: 60, min: 0, max: DAY },
      cookies: { allow: ['session'] },
      negativeTtl: new Map([
        [404, 30],
        [503, 5],
      ]),
    });
  });

  test('is told with the requests that are tried here', () => {
    const requests = [...told.matchAll(/^\| `([^`]+)` \|/gm)].map(([, request]) => request);
    expect(requests).toEqual(SAID.map(([request]) => request));
  });

  it.each(SAID)(
    '%s is asked for as %s, under the policy that the page says',
    (path, asked, own) => {
      const url = new URL(path, 'https://www.acme.example');
      const policy = policyFor(tenant, url);
      expect(policy).toEqual({ ...whole, ...own });
      expect(effectiveUrl(url, policy).href).toBe(`https://www.acme.example${asked}`);
    },
  );
});
