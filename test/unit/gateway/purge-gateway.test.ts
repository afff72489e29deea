import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { TenantRegistry } from '../../../src/access/tenants.ts';
import { isUsableKey, resourceKey } from '../../../src/gateway/request-key.ts';
import { parsePurgeBody } from '../../../src/gateway/purge-body.ts';
import { KeySpace, parseName, segmentPrefixes } from '../../../src/tenant/key.ts';
import type { Target } from '../../../src/tenant/target.ts';
import { text } from '../support/arbitraries.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme', { hosts: ['acme.example', '127.0.0.1'] });
const parse = (value: unknown) => parsePurgeBody(value, acme);

describe('a key of the gateway', () => {
  const on = (...rest: string[]): string[] => ['g', 'https', 'acme.example', ...rest];

  it.each<[string, string[], string]>([
    ['is a resource', on('a', '?c=d'), 'https://acme.example/a?c=d'],
    ['at the root', on('', '?'), 'https://acme.example/'],
    ['at the root, its empty path left out', on('?'), 'https://acme.example/'],
    ['with a slash at its end', on('a', '', '?'), 'https://acme.example/a/'],
    ['with an empty segment in front', on('', 'a', '?'), 'https://acme.example//a'],
    ['with letters that are sent encoded', on('città', '?'), 'https://acme.example/citt%C3%A0'],
    ['with letters that are encoded', on('citt%C3%A0', '?'), 'https://acme.example/città'],
    ['with a slash that is encoded', on('a%2Fb', '?'), 'https://acme.example/a%2Fb'],
    ['with a space', on('a b', '?q=c d'), 'https://acme.example/a%20b?q=c%20d'],
    ['with letters in its query', on('a', '?q=città'), 'https://acme.example/a?q=citt%C3%A0'],
    ['with a question mark in its query', on('a', '??'), 'https://acme.example/a??'],
    ['with a separator', on('a:b', '?c:d'), 'https://acme.example/a:b?c:d'],
    ['with dots', on('a', '..', '.', 'b', '?'), 'https://acme.example/b'],
    [
      'with a host in upper case',
      ['g', 'HTTPS', 'ACME.Example', 'a', '?'],
      'https://acme.example/a',
    ],
    [
      'with the port of its scheme',
      ['g', 'https', 'acme.example:443', 'a', '?'],
      'https://acme.example/a',
    ],
    ['with another port', ['g', 'http', '127.0.0.1:8787', 'a', '?'], 'http://127.0.0.1:8787/a'],
    ['with an address in short', ['g', 'http', '127.1', 'a', '?'], 'http://127.0.0.1/a'],
  ])('%s: %j is %s, under its own scheme only', (_what, list, url) => {
    expect(parse({ keys: [list] })).toEqual({
      targets: [`k:${resourceKey(new URL(url))}`],
      mode: 'hard',
    });
  });

  it.each<[string, string[], string]>([
    ['a question mark', on('a?b', '?c=d'), 'https://acme.example/a%3Fb?c=d'],
    ['a question mark first', on('a', '?b', '?c=d'), 'https://acme.example/a/%3Fb?c=d'],
    ['a number sign', on('a#b', '?c=d'), 'https://acme.example/a%23b?c=d'],
    ['a number sign in the query', on('a', '?c#d'), 'https://acme.example/a?c%23d'],
  ])(
    'with %s is refused, or that very text: never a purge of another resource',
    (_what, list, url) => {
      const meant = { targets: [`k:${resourceKey(new URL(url))}`], mode: 'hard' };
      const parsed = parse({ keys: [list] });
      expect('problems' in parsed ? meant : parsed).toEqual(meant);
    },
  );

  it.each<[string, string[], string]>([
    ['a host', ['g', 'https', 'acme.example'], 'g:https:acme.example'],
    ['a path', on('a', 'b'), 'g:https:acme.example:a:b'],
    ['a path with a slash at its end', on('a', ''), 'g:https:acme.example:a'],
    ['a path that is sent encoded', on('città'), 'g:https:acme.example:citt%25C3%25A0'],
    ['a resource: its variants', on('a', '?b'), 'g:https:acme.example:a:?b'],
    ['a host with a port', ['g', 'http', '127.0.0.1:8787'], 'g:http:127.0.0.1%3A8787'],
  ])('is a prefix of %s', (_what, list, prefix) => {
    expect(parse({ prefixes: [list] })).toEqual({ targets: [`p:${prefix}`], mode: 'hard' });
  });
});

describe('whatever URL a tenant is served under', () => {
  const registry = new TenantRegistry([acme]);
  const part = fc.oneof(
    fc.string({
      unit: fc.constantFrom(...'a b / : % 3 A ~ . ? # & à \\ + \t'.split(' '), ' '),
    }),
    text,
  );
  const served = fc
    .tuple(
      fc.constantFrom('http', 'https', 'HTTPS'),
      fc.constantFrom('acme.example', 'ACME.EXAMPLE', '127.0.0.1', '127.1'),
      fc.constantFrom('', ':80', ':443', ':8443'),
      part,
      fc.option(part, { nil: undefined }),
    )
    .map(([scheme, host, port, path, query]) => {
      const asked = `${scheme}://${host}${port}/${path}`;
      return query === undefined ? asked : `${asked}?${query}`;
    })
    .filter((asked) => URL.canParse(asked) && isUsableKey(resourceKey(new URL(asked))));

  const targetsOf = (body: unknown): readonly Target[] => {
    const parsed = parse(body);
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
    return parsed.targets;
  };
  const otherScheme = (url: URL): URL =>
    new URL(url.href.replace(/^https?/, url.protocol === 'https:' ? 'http' : 'https'));

  test('the URL names its entry, and that of the other scheme', () => {
    fc.assert(
      fc.property(served, (asked) => {
        const url = new URL(asked);
        expect(registry.ofHost(url.hostname)).toBe(acme);
        const expected = [url, otherScheme(url)].map((each) => `p:${resourceKey(each)}`);
        expect(targetsOf({ urls: [asked] }).toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 2000 },
    );
  });

  test('the key list of its resource, as its stored name says it, names the entry’s key and nothing else', () => {
    fc.assert(
      fc.property(served, (asked) => {
        const key = resourceKey(new URL(asked));
        const { name, fullName } = new KeySpace('tc', 1).key(acme.id, key);
        fc.pre(name === fullName);
        const list = parseName(name)?.segments?.map((segment) =>
          typeof segment === 'string' ? segment : `?${segment.query}`,
        );
        expect(targetsOf({ keys: [list] })).toEqual([`k:${key}`]);
        expect(targetsOf({ prefixes: [list] })).toEqual([`p:${key}`]);
      }),
      { numRuns: 2000 },
    );
  });

  test('its URL without the query is a prefix of the entry, under both schemes', () => {
    fc.assert(
      fc.property(served, (asked) => {
        const url = new URL(asked);
        const prefixes = targetsOf({ prefixes: [url.origin + url.pathname] });
        for (const each of [url, otherScheme(url)]) {
          const covering: string[] = segmentPrefixes(resourceKey(each)).map((of) => `p:${of}`);
          expect(prefixes.filter((target) => covering.includes(target))).toHaveLength(1);
        }
        expect(prefixes).toHaveLength(2);
      }),
      { numRuns: 2000 },
    );
  });

  test('a trailing dot is another host, here as there', () => {
    expect(registry.ofHost('acme.example.')).toBeUndefined();
    expect(parse({ urls: ['https://acme.example./a'] })).toHaveProperty('problems');
    expect(parse({ keys: [['g', 'https', 'acme.example.', 'a', '?']] })).toHaveProperty('problems');
  });
});
