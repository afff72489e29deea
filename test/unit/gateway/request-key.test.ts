import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  isUsableKey,
  originTarget,
  pathKey,
  resourceKey,
  resourceUrl,
  treeKey,
} from '../../../src/gateway/request-key.ts';
import { KeySpace, parseName, segmentPrefixes } from '../../../src/tenant/key.ts';
import { text } from '../support/arbitraries.ts';
import { tenantId } from '../support/tenants.ts';

const key = (url: string): string => resourceKey(new URL(url));

// Parts are put together by hand, so that the parser sees odd ones; what it refuses is no request.
const part = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'b', '/', ':', '%', '3', 'A', '~', '.', '?', '#', '&'),
  }),
  text,
);
const anyUrl = fc
  .tuple(fc.constantFrom('http', 'https'), fc.constantFrom('a', 'b.c', 'a:1'), part, part)
  .map(([scheme, host, path, query]) => `${scheme}://${host}/${path}?${query}`)
  .filter((candidate) => URL.canParse(candidate))
  .map((candidate) => new URL(candidate));

describe('the key of a resource', () => {
  it.each([
    ['https://acme.example', 'g:https:acme.example::?'],
    ['https://acme.example/', 'g:https:acme.example::?'],
    ['https://acme.example/cities/42', 'g:https:acme.example:cities:42:?'],
    ['https://acme.example/cities/', 'g:https:acme.example:cities::?'],
    ['https://acme.example//cities', 'g:https:acme.example::cities:?'],
    ['http://acme.example:8787/', 'g:http:acme.example%3A8787::?'],
    ['https://acme.example:443/', 'g:https:acme.example::?'],
    ['https://ACME.example/A', 'g:https:acme.example:A:?'],
    ['http://[::1]:80/', 'g:http:%5B%3A%3A1%5D::?'],
    ['https://bücher.example/', 'g:https:xn--bcher-kva.example::?'],
    ['https://a.example/x?b=1&a=2', 'g:https:a.example:x:?b%3D1%26a%3D2'],
    ['https://a.example/x?', 'g:https:a.example:x:?'],
    ['https://a.example/x??', 'g:https:a.example:x:?%3F'],
    ['https://a.example/x?a#b', 'g:https:a.example:x:?a'],
    ['https://a.example/x:y/z', 'g:https:a.example:x%3Ay:z:?'],
    ['https://a.example/~me', 'g:https:a.example:%7Eme:?'],
    ['https://a.example/é', 'g:https:a.example:%25C3%25A9:?'],
    ['https://a.example/a%2Fb', 'g:https:a.example:a%252Fb:?'],
    ['https://a.example/a%2fb', 'g:https:a.example:a%252fb:?'],
    ['https://a.example/a/../b/./c', 'g:https:a.example:b:c:?'],
    ['https://a.example/a/%2e%2e/b', 'g:https:a.example:b:?'],
    ['https://a.example/a b', 'g:https:a.example:a%2520b:?'],
  ])('%s', (url, expected) => {
    expect(key(url)).toBe(expected);
  });

  const identity = ({ protocol, host, pathname, search }: URL): string =>
    JSON.stringify([protocol, host, pathname, search]);

  test('two URLs have the same key only when scheme, host, path and query are the same', () => {
    fc.assert(
      fc.property(anyUrl, anyUrl, (one, other) => {
        expect(resourceKey(one) === resourceKey(other)).toBe(identity(one) === identity(other));
      }),
      { numRuns: 2000 },
    );
  });

  test('any part of a URL that is changed changes the key', () => {
    const changes = fc.record({
      part: fc.constantFrom('protocol', 'host', 'pathname', 'search'),
      to: fc.oneof(part, fc.constantFrom('http:', 'https:', 'a.b', 'a:2')),
    });
    fc.assert(
      fc.property(anyUrl, changes, (one, change) => {
        const other = new URL(one);
        other[change.part] = change.to;
        expect(resourceKey(one) === resourceKey(other)).toBe(identity(one) === identity(other));
      }),
      { numRuns: 2000 },
    );
  });

  test('the path and query cannot be moved into one another', () => {
    const keys = [
      '/a?b',
      '/a/b',
      '/a%3Fb',
      '/a:b',
      '/a%3Ab',
      '/a?/b',
      '/a/?b',
      '/?a/b',
      '/a/b?',
    ].map((target) => key(`https://h.example${target}`));
    // The first two of `/a/b` and `/a/b?` are one resource: an empty query is none.
    expect(new Set(keys).size).toBe(keys.length - 1);
  });

  test('is made of exactly what is sent to the origin', () => {
    fc.assert(
      fc.property(anyUrl, anyUrl, (one, other) => {
        fc.pre(one.origin === other.origin);
        expect(resourceKey(one) === resourceKey(other)).toBe(
          originTarget(one) === originTarget(other),
        );
      }),
    );
  });

  test('is readable: its name says path and query again', () => {
    fc.assert(
      fc.property(anyUrl, (one) => {
        const { name, fullName } = new KeySpace('tc', 1).key(tenantId('a'), resourceKey(one));
        fc.pre(name === fullName);
        expect(parseName(name)?.segments).toEqual([
          'g',
          one.protocol.slice(0, -1),
          one.host,
          ...one.pathname.slice(1).split('/'),
          { query: one.search.slice(1) },
        ]);
      }),
    );
  });
});

describe('a key is too long to be used', () => {
  it.each([
    ['at 4096 bytes it is not', 'x'.repeat(4096), true],
    ['at 4097 bytes', 'x'.repeat(4097), false],
    ['with 128 segments it is not', Array(128).fill('a').join(':'), true],
    ['with 129 segments', Array(129).fill('a').join(':'), false],
    ['with 129 segments of nothing', ':'.repeat(128), false],
  ])('%s', (_what, of, usable) => {
    expect(isUsableKey(of)).toBe(usable);
  });
});

describe('a purge by URL', () => {
  test('covers every variant of the resource, and no other query', () => {
    const resource = key('https://a.example/x?q=1');
    expect(segmentPrefixes(`${resource}:br`)).toContain(resource);
    expect(segmentPrefixes(key('https://a.example/x?q=10'))).not.toContain(resource);
    expect(segmentPrefixes(key('https://a.example/x/y?q=1'))).not.toContain(resource);
  });
});

describe('a purge by path prefix', () => {
  const tree = (url: string): string => treeKey(new URL(url));

  it.each([
    ['https://a.example/cities', 'g:https:a.example:cities'],
    ['https://a.example/cities/', 'g:https:a.example:cities'],
    ['https://a.example/cities//', 'g:https:a.example:cities'],
    ['https://a.example/', 'g:https:a.example'],
    ['https://a.example', 'g:https:a.example'],
    ['https://a.example///', 'g:https:a.example'],
    ['https://a.example:8443/a/b', 'g:https:a.example%3A8443:a:b'],
  ])('%s', (url, prefix) => {
    expect(tree(url)).toBe(prefix);
  });

  it.each([
    ['/cities', true],
    ['/cities?a=1', true],
    ['/cities/', true],
    ['/cities/42', true],
    ['/cities/42/map?b', true],
    ['/cities2', false],
    ['/city', false],
    ['/', false],
    ['/x/cities', false],
  ])('of /cities covers %s: %s', (path, covered) => {
    const prefixes = segmentPrefixes(key(`https://a.example${path}`));
    expect(prefixes.includes(tree('https://a.example/cities/'))).toBe(covered);
  });

  it.each(['/', '/a', '/a/b?c', '//x'])('of the host covers %s', (path) => {
    expect(segmentPrefixes(key(`https://a.example${path}`))).toContain(tree('https://a.example/'));
    expect(segmentPrefixes(key(`https://a.example:1${path}`))).not.toContain(
      tree('https://a.example/'),
    );
  });

  test('covers the path itself, with a slash and without', () => {
    expect(pathKey(new URL('https://a.example/x'))).toBe('g:https:a.example:x');
    expect(pathKey(new URL('https://a.example/x/'))).toBe('g:https:a.example:x:');
  });
});

describe('the URL of a key', () => {
  it('is the one that the key was made of, its fragment apart', () => {
    fc.assert(
      fc.property(anyUrl, (url) => {
        const back = resourceUrl(resourceKey(url));
        if (!back) throw new Error(`There is no URL of ${resourceKey(url)}.`);
        expect(originTarget(back)).toBe(originTarget(url));
        expect(back.origin).toBe(url.origin);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    'n:users:1',
    'g',
    'g:https:a.example:?',
    'g:https:a.example:x',
    'g:https:a.example:x:?:variant',
    'g:https:a.example:x%2fy:?',
    'g:https:A.example:x:?',
    'g:ftp:a.example:x:?',
    'g:https:a.example:..:x:?',
    'g:https:a b:x:?',
    'x:https:a.example:x:?',
  ])('is none for what no URL makes: %s', (made) => {
    expect(resourceUrl(made)).toBeUndefined();
  });
});
