import { describe, expect, it, test } from 'vitest';
import { changedResources, describesItself } from '../../../src/gateway/changed-resources.ts';
import type { PolicyOwner } from '../../../src/gateway/policy-for.ts';
import { resourceKey } from '../../../src/gateway/request-key.ts';
import { DEFAULT_CACHE_POLICY } from '../../../src/tenant/policy.ts';
import { keyTarget } from '../../../src/tenant/target.ts';

const url = new URL('https://acme.example:8443/orders/?page=1');
const named = (headers: Record<string, string>, tenant: PolicyOwner = {}) =>
  changedResources(url, new Headers(headers), tenant);
const target = (text: string) => keyTarget(resourceKey(new URL(text)));

describe('what else an unsafe request has changed (RFC 9111, section 4.4)', () => {
  it.each([
    ['/orders/1', 'https://acme.example:8443/orders/1'],
    ['1', 'https://acme.example:8443/orders/1'],
    ['?page=2', 'https://acme.example:8443/orders/?page=2'],
    ['//acme.example:8443/a', 'https://acme.example:8443/a'],
    ['https://ACME.example:8443/a#part', 'https://acme.example:8443/a'],
  ])('%s is %s, in either field', (reference, expected) => {
    expect(named({ location: reference })).toEqual([target(expected)]);
    expect(named({ 'content-location': reference })).toEqual([target(expected)]);
  });

  it.each([
    ['another host', 'https://other.example:8443/a'],
    ['another port', 'https://acme.example/a'],
    ['another scheme', 'http://acme.example:8443/a'],
    ['a name below it', 'https://a.acme.example:8443/a'],
    ['no URL', 'https://[/'],
    ['another kind of URL', 'mailto:a@acme.example'],
    ['data', 'data:text/plain,acme.example'],
    ['what is too long to be a key', `/${'x'.repeat(5000)}`],
  ])('%s is nothing of the tenant’s', (_what, reference) => {
    expect(named({ location: reference, 'content-location': reference })).toEqual([]);
  });

  test('both fields count, and none is none', () => {
    const both = { location: '/a', 'content-location': '/b' };
    expect(named(both)).toEqual([
      target('https://acme.example:8443/a'),
      target('https://acme.example:8443/b'),
    ]);
    expect(named({})).toEqual([]);
  });
});

test('an answer describes its own URL only when Content-Location is that URL, query included', () => {
  const says = (value?: string) =>
    describesItself(url, new Headers(value === undefined ? {} : { 'content-location': value }), {});
  for (const same of ['/orders/?page=1', '?page=1', '', url.href, `${url.href}#a`])
    expect([same, says(same)]).toEqual([same, true]);
  for (const other of [
    undefined,
    '/orders/',
    '/orders?page=1',
    'https://acme.example/orders/?page=1',
  ])
    expect([other, says(other)]).toEqual([other, false]);
});

describe('where a policy leaves something out of the query', () => {
  const drop = { caching: { ...DEFAULT_CACHE_POLICY, query: { drop: ['utm'] } } };

  test('what has changed is what is stored, also by whoever leaves nothing out', () => {
    const stored = target('https://acme.example:8443/orders/1');
    for (const query of ['?utm=x', '?utm'])
      expect(named({ location: `/orders/1${query}` }, drop)).toEqual([
        stored,
        target(`https://acme.example:8443/orders/1${query}`),
      ]);
    expect(named({ location: '/orders/1' }, drop)).toEqual([stored]);
  });

  test('an answer describes its own URL when both are stored under one key', () => {
    const says = (value: string, tenant: PolicyOwner) =>
      describesItself(url, new Headers({ 'content-location': value }), tenant);
    expect(says('?page=1&utm=x', drop)).toBe(true);
    expect(says('?page=1&utm=x', {})).toBe(false);
    expect(says('?page=2', drop)).toBe(false);
  });
});
