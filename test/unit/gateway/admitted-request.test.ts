import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import reference from '../../../docs/reference/http-api.md?raw';
import { admittedFields, admittedRequest } from '../../../src/gateway/admitted-request.ts';
import { chosenCookies } from '../../../src/gateway/cookie-choice.ts';
import { dropsField } from '../../../src/gateway/dropped-fields.ts';
import {
  isOrdinaryField,
  ORDINARY_REQUEST_HEADERS,
  ORDINARY_REQUEST_PREFIXES,
} from '../../../src/gateway/ordinary-fields.ts';
import { isStrippedRequestHeader } from '../../../src/gateway/request-headers.ts';
import {
  DEFAULT_CACHE_POLICY,
  type CachePolicy,
  type NameChoice,
} from '../../../src/tenant/policy.ts';

const policy = (changes: Partial<CachePolicy>): CachePolicy => ({
  ...DEFAULT_CACHE_POLICY,
  ...changes,
});

describe('the cookies that pass', () => {
  it.each<[string, NameChoice, string | undefined]>([
    ['a=1; b=2; c=3', { allow: ['b'] }, 'b=2'],
    ['a=1; b=2; c=3', { drop: ['b'] }, 'a=1; c=3'],
    ['a=1;b=2', { allow: ['a', 'b'] }, 'a=1;b=2'],
    ['a=1', { allow: ['b'] }, undefined],
    ['a=1', { allow: [] }, undefined],
    ['a=1', { drop: ['*'] }, undefined],
    ['_ga=1; _ga_X=2; s=3', { drop: ['_ga*'] }, 's=3'],
    ['__Host-s=1; __host-s=2; s=3', { allow: ['__Host-s'] }, '__Host-s=1'],
    ['s=1; S=2', { allow: ['S'] }, 'S=2'],
    ['s=1; s=2; a=3', { allow: ['s'] }, 's=1; s=2'],
    ['s=a=b%3B; a=1', { allow: ['s'] }, 's=a=b%3B'],
    ['s="x y"; a=1', { allow: ['s'] }, 's="x y"'],
    [' s = 1 ;a=2', { allow: ['s'] }, 's = 1'],
    ['s; a', { allow: ['s'] }, 's'],
    ['=1; a=2', { allow: ['a'] }, 'a=2'],
    ['', { allow: ['a'] }, undefined],
    [';;', { drop: ['a'] }, undefined],
  ])('of %s, by %j: %s', (field, cookies, expected) => {
    expect(chosenCookies(field, { cookies })).toBe(expected);
  });

  it.each([
    // A server that reads quotation marks would find `s` inside of them; none is sent what it was not judged by.
    ['q="a; s=1"', 'q="a'],
    ['q="; s=1; t="', 'q="; t="'],
    ['%73=1', '%73=1'],
    ['q=1, s=2', 'q=1, s=2'],
    ['$Version=1; s=1; $Path=/', '$Version=1; $Path=/'],
  ])('leave nothing of another one in %s', (field, expected) => {
    expect(chosenCookies(field, { cookies: { drop: ['s'] } })).toBe(expected);
  });

  test('are what passes again', () => {
    const field = array(constantFrom('a', 's', '=', ';', ' ', '"', '1', '; '), { maxLength: 14 });
    assert(
      property(
        field.map((pieces) => pieces.join('')),
        constantFrom('a', 's', 'a*'),
        (sent, name) => {
          const cookies = { drop: [name] };
          const once = chosenCookies(sent, { cookies });
          if (once !== undefined) expect(chosenCookies(once, { cookies })).toBe(once);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a field that no origin is sent', () => {
  it.each<[string, Partial<CachePolicy>]>([
    ['x-ab', { vary: { drop: ['x-ab'] } }],
    ['x-ab', { vary: { drop: ['X-AB'] } }],
    ['x-ab-test', { vary: { drop: ['x-ab*'] } }],
    ['user-agent', { vary: { drop: ['user-agent'] } }],
    ['x-ab', { requestHeaders: [] }],
    ['x-ab', { requestHeaders: ['x-other'] }],
    ['cookie', { cookies: { allow: [] } }],
    ['cookie', { cookies: { drop: ['*'] } }],
    ['cookie', { vary: { drop: ['cookie'] } }],
    ['authorization', { vary: { drop: ['authorization'] } }],
  ])('is %s, by %j', (name, changes) => {
    expect(dropsField(policy(changes), name)).toBe(true);
  });

  it.each<[string, Partial<CachePolicy>]>([
    ['x-ab', {}],
    ['x-ab', { vary: { allow: [] } }],
    ['x-ab', { requestHeaders: ['X-Ab'] }],
    ['accept', { requestHeaders: [] }],
    ['sec-ch-ua', { requestHeaders: [] }],
    ['cookie', { cookies: { allow: ['a'] } }],
    ['cookie', { requestHeaders: [] }],
    // The gateway goes by these itself.
    ...[
      'if-none-match',
      'range',
      'cache-control',
      'pragma',
      'host',
      'connection',
      'cf-connecting-ip',
      'tiercel-debug',
      'x-forwarded-host',
      'cdn-loop',
    ].map((name): [string, Partial<CachePolicy>] => [
      name,
      { vary: { drop: ['*'] }, requestHeaders: [] },
    ]),
  ])('is not %s, by %j', (name, changes) => {
    expect(dropsField(policy(changes), name)).toBe(false);
  });
});

describe('a request at the door', () => {
  const request = new Request('https://acme.example/', {
    headers: { accept: '*/*', 'x-ab': '1', 'x-cd': '2', cookie: 'a=1; b=2', range: 'bytes=0-1' },
  });
  const admitted = (changes: Partial<CachePolicy>): Record<string, string> =>
    Object.fromEntries(admittedRequest(request, policy(changes)).headers);

  test('is itself where all of it passes', () => {
    expect(admittedRequest(request, DEFAULT_CACHE_POLICY)).toBe(request);
    for (const changes of [
      { vary: { allow: [] } },
      { vary: { drop: ['x-zz'] } },
      { cookies: { allow: ['a', 'b'] } },
      { requestHeaders: ['x-ab', 'x-cd'] },
    ])
      expect(admittedRequest(request, policy(changes))).toBe(request);
    const { headers } = request;
    expect(admittedFields(headers, policy({ cookies: { drop: ['c'] } }))).toBe(headers);
  });

  test('is without what a policy drops, and the one that came is whole', () => {
    expect(admitted({ vary: { drop: ['x-*'] }, cookies: { allow: ['b'] } })).toMatchObject({
      accept: '*/*',
      cookie: 'b=2',
      range: 'bytes=0-1',
    });
    expect(Object.keys(admitted({ requestHeaders: ['x-cd'] }))).not.toContain('x-ab');
    expect(admitted({ requestHeaders: ['x-cd'] })).toMatchObject({
      'x-cd': '2',
      cookie: 'a=1; b=2',
    });
    expect(admitted({ cookies: { allow: [] } })).not.toHaveProperty('cookie');
    expect(request.headers.get('x-ab')).toBe('1');
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
  });
});

describe('ordinary fields', () => {
  /** What stands in backticks in the paragraph of the reference that begins with this. */
  const published = (beginning: string): string[] => {
    const paragraph = reference.split(beginning)[1]?.split('\n\n', 1)[0];
    if (paragraph === undefined) throw new Error(`The reference has no paragraph '${beginning}'.`);
    return [...paragraph.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  };

  test('are published', () => {
    expect(published('**What ordinary clients send:**')).toEqual([...ORDINARY_REQUEST_HEADERS]);
    expect(published('**Ordinary names begin with one of these:**')).toEqual([
      ...ORDINARY_REQUEST_PREFIXES,
    ]);
  });

  test('are listed once, in order, and none of them is an odd client’s', () => {
    for (const list of [ORDINARY_REQUEST_HEADERS, ORDINARY_REQUEST_PREFIXES]) {
      expect([...list]).toEqual([...new Set(list)].toSorted());
      for (const name of list) expect([name, isStrippedRequestHeader(name)]).toEqual([name, false]);
    }
  });

  it.each([
    'cf-ray',
    'cf-connecting-ip',
    'x-forwarded-for',
    'connection',
    'te',
    'upgrade',
    'sec-ch-ua',
  ])('are also %s, which ends here or is added on the way', (name) => {
    expect(isOrdinaryField(name)).toBe(true);
  });

  it.each(['x-forwarded-host', 'x-host', 'x-csrf-token', 'x-app-version', 'sec-x', 'expect', ''])(
    'are not %s',
    (name) => {
      expect(isOrdinaryField(name)).toBe(false);
    },
  );
});
