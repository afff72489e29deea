import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InvalidKey } from '../../../src/errors.ts';
import { Allowance } from '../../../src/invalidation/allowance.ts';
import { EventFault } from '../../../src/invalidation/event-fault.ts';
import {
  compileHost,
  compileKey,
  compilePrefix,
  compileText,
  compileUrl,
} from '../../../src/invalidation/template.ts';
import { parsePurgeBody } from '../../../src/gateway/purge-body.ts';
import { encodeSegment, type KeyInput } from '../../../src/tenant/segments.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme');
const HOST = 'acme.example';

/** The targets of a purge by what was filled in, or what is wrong with it. */
function targetsOf(body: object): readonly string[] | 'refused' {
  const parsed = parsePurgeBody(body, acme);
  return 'targets' in parsed ? parsed.targets : 'refused';
}

function messageOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidKey || error instanceof EventFault) return error.message;
    throw error;
  }
  return undefined;
}

describe('a text', () => {
  it.each<[string, string, unknown, string[]]>([
    ['without places', 'cities', undefined, ['cities']],
    ['with a place', 'city:{id}', { id: 7 }, ['city:7']],
    [
      'with a place further down',
      '{city.country.code}',
      { city: { country: { code: 'AD' } } },
      ['AD'],
    ],
    ['with two places', '{a}-{b}', { a: 'x', b: true }, ['x-true']],
    ['with braces', '{{id}} {{{id}}}', { id: 7 }, ['{id} {7}']],
    ['with a list', 'city:{ids}', { ids: [1, 'two', false] }, ['city:1', 'city:two', 'city:false']],
    ['with an empty list', 'city:{ids}', { ids: [] }, []],
    ['with two lists', '{a}{b}', { a: [1, 2], b: ['x', 'y'] }, ['1x', '1y', '2x', '2y']],
    ['with one list twice', '{a}={a}', { a: [1, 2] }, ['1=1', '2=2']],
    ['that looks like a template when it is filled', '{a}', { a: '{b} {{' }, ['{b} {{']],
    [
      'with numbers of every kind',
      '{a}',
      { a: [0, -0, -1, 1.5, 2 ** 53 - 1] },
      ['0', '0', '-1', '1.5', '9007199254740991'],
    ],
  ])('%s', (_, text, data, expected) => {
    expect(compileText(text).from(data)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['no data', undefined, "The field 'a.b' is missing."],
    ['data that is text', 'a.b', "The field 'a.b' is missing."],
    ['null', { a: { b: null } }, "The field 'a.b' is missing."],
    [
      'what only the prototype has',
      { a: Object.create({ b: 1 }) as unknown },
      "The field 'a.b' is missing.",
    ],
    ['a field of a list', { a: [{ b: 1 }] }, "The field 'a.b' is missing."],
    ['an empty text', { a: { b: '' } }, "The field 'a.b' is empty."],
    ['a list with an empty text', { a: { b: ['x', ''] } }, "The field 'a.b' is empty."],
    [
      'a list with a hole',
      { a: { b: [1, null] } },
      "The field 'a.b' must be a text, a finite number, true or false, or a list of these.",
    ],
    [
      'a list in a list',
      { a: { b: [[1]] } },
      "The field 'a.b' must be a text, a finite number, true or false, or a list of these.",
    ],
    [
      'an object',
      { a: { b: {} } },
      "The field 'a.b' must be a text, a finite number, true or false, or a list of these.",
    ],
    [
      'no finite number',
      { a: { b: Infinity } },
      "The field 'a.b' must be a text, a finite number, true or false, or a list of these.",
    ],
    [
      'a number that lost digits',
      { a: { b: 2 ** 53 } },
      "The field 'a.b' is a number too large to be exact; send it as a text.",
    ],
    ['half a character', { a: { b: '\ud800' } }, "The field 'a.b' holds a lone surrogate."],
    [
      'a text that is too long',
      { a: { b: 'x'.repeat(4097) } },
      "The field 'a.b' is longer than 4096 characters.",
    ],
    [
      'too many elements',
      { a: { b: Array.from({ length: 101 }, (_, at) => at) } },
      "The field 'a.b' makes more than 100 targets of one event.",
    ],
  ])('is refused for %s', (_, data, message) => {
    expect(messageOf(() => compileText('x{a.b}').from(data))).toBe(message);
  });

  test('does not expand what would be too much', () => {
    const list = Array.from({ length: 100 }, (_, at) => at);
    const template = compileText('{a}{b}{c}{d}');
    expect(messageOf(() => template.from({ a: list, b: list, c: list, d: list }))).toContain("'b'");
  });

  test('looks at no element of a list that is too long', () => {
    const list = Array.from({ length: 101 }, () => ({}));
    expect(messageOf(() => compileText('{a}').from({ a: list }))).toContain('more than 100');
  });

  test('has one letter in its places as a sample, whatever the data must hold', () => {
    expect(compileText('{a}-{b.c}-{a}').sample()).toEqual(['x-x-x']);
    expect(compileText('{a}-{b.c}-{a}').places).toEqual(['a', 'b.c']);
    expect(compileKey(['n', '{a}', 'b']).sample()).toEqual([['n', 'x', 'b']]);
  });

  it.each(['__proto__', 'constructor', 'length', 'toString', 'a.__proto__', 'a.constructor.name'])(
    'finds nothing in {%s} that the data does not say',
    (field) => {
      expect(messageOf(() => compileText(`{${field}}`).from({ a: 'x' }))).toContain('is missing');
    },
  );

  it.each([
    ['{', "has a '{' alone"],
    ['a}', "has a '}' alone"],
    ['{a}}', "has a '}' alone"],
    ['{a{b}', "has a '{' alone"],
    ['{}', 'names no field'],
    ['{a.}', 'names no field'],
    ['{.a}', 'names no field'],
    ['{a..b}', 'names no field'],
    ['{a b}', 'names no field'],
  ])('%s is none', (text, message) => {
    expect(messageOf(() => compileText(text))).toContain(message);
  });
});

describe('a URL', () => {
  it.each([['/cities/{id}', 'https://{host}/x', 'x/y', 'https://{host}/x']])(
    'may have a place for its host, which the tenant must have (%s)',
    (_, text, host) => {
      expect(compileUrl(text).from({ host })).toEqual(['https://x%2Fy/x']);
      expect(targetsOf({ urls: compileUrl(text).from({ host }) })).toBe('refused');
      expect(targetsOf({ urls: compileUrl(text).from({ host: HOST }) })).toHaveLength(2);
    },
  );

  it.each<[string, () => unknown, string]>([
    ['with a place in front', () => compileUrl('{url}'), 'must begin with https://'],
    ['of another scheme', () => compileUrl('ftp://a/'), 'must begin with https://'],
    ['as a prefix with a query', () => compilePrefix('https://a/?b'), 'must not have a query'],
  ])('%s is refused', (_, act, message) => {
    expect(messageOf(act)).toContain(message);
  });

  it.each(['.', '..', '%2e', '%2E.', '.%2e', '%2e%2E'])('refuses %s as a segment', (dots) => {
    // A value's own percent sign is encoded, so that only bare dots are dots.
    const bare = /^\.+$/.test(dots);
    const fill = () => compileUrl(`https://${HOST}/a/{id}`).from({ id: dots });
    if (bare) expect(messageOf(fill)).toContain('segment of dots');
    else expect(fill()).toEqual([`https://${HOST}/a/${encodeURIComponent(dots)}`]);
  });

  it.each<[string, object]>([
    ['https://acme.example/a/{x}{y}/b', { x: '.', y: '.' }],
    ['https://acme.example/a/.{x}', { x: '.' }],
    ['https://acme.example/a/%2{x}%2E', { x: 'e' }],
    ['https://acme.example/a/{x}?q', { x: '..' }],
    ['https://acme.example/a/{x}#f', { x: '..' }],
    ['https://acme.example/a/{x}\\b', { x: '..' }],
  ])('refuses dots that are put together: %s', (text, data) => {
    expect(messageOf(() => compileUrl(text).from(data))).toContain('segment of dots');
  });
});

describe('what one event may name is counted while it is filled', () => {
  const list = (length: number): number[] => Array.from({ length }, (_, at) => at);

  it.each<[string, { from: (data: unknown, allowance: Allowance) => unknown }, number]>([
    ['a tag', compileText('{ids}'), 100],
    ['a URL, which is two', compileUrl(`https://${HOST}/{ids}`), 50],
    ['a prefix that is a URL', compilePrefix(`https://${HOST}/{ids}`), 50],
    ['a key', compileKey('n:{ids}'), 100],
    ['a host, which is two', compileHost('{ids}.example'), 50],
  ])('%s', (_, template, most) => {
    const fill = (count: number) => () => template.from({ ids: list(count) }, new Allowance());
    expect(messageOf(fill(most))).toBeUndefined();
    if (most < 100)
      expect(messageOf(fill(most + 1))).toBe('The event names more than 100 targets.');
    const together = new Allowance();
    template.from({ ids: list(most) }, together);
    expect(messageOf(() => template.from({ ids: [1] }, together))).toContain('more than 100');
  });

  test('in characters as well, those of the template included', () => {
    const template = compileText(`${'x'.repeat(96)}{id}`);
    const fill = (length: number) => () =>
      template.from({ id: Array.from({ length: 16 }, () => 'y'.repeat(length)) });
    expect(messageOf(fill(4000))).toBeUndefined();
    expect(messageOf(fill(4001))).toBe(
      'The event names targets of more than 65536 characters together.',
    );
  });

  test('encoded, as they are named', () => {
    const template = compileUrl(`https://${HOST}/{id}`);
    const fill = (length: number) => () =>
      template.from({ id: Array.from({ length: 6 }, () => '/'.repeat(length)) });
    expect(messageOf(fill(3600))).toBeUndefined();
    expect(messageOf(fill(3700))).toContain('65536 characters');
  });
});

describe('a key', () => {
  it.each<[string, KeyInput, unknown, KeyInput[]]>([
    ['as text', 'n:cities:{id}', { id: 'a:b' }, [['n', 'cities', 'a:b']]],
    ['as a list', ['n', 'cities', '{id}'], { id: 'a:b/c' }, [['n', 'cities', 'a:b/c']]],
    [
      'with a list',
      'n:cities:{ids}:x',
      { ids: [1, 2] },
      [
        ['n', 'cities', '1', 'x'],
        ['n', 'cities', '2', 'x'],
      ],
    ],
    ['with a place beside text', 'n:c-{a}-{b}', { a: 1, b: ':' }, [['n', 'c-1-:']]],
    [
      'of the gateway',
      ['g', 'https', HOST, '{id}', '?p={p}'],
      { id: 'a/b', p: 'x&y' },
      [['g', 'https', HOST, 'a%2Fb', '?p=x%26y']],
    ],
  ])('%s', (_, key, data, expected) => {
    expect(compileKey(key).from(data)).toEqual(expected);
  });

  it.each<[string, KeyInput, string]>([
    ['nothing', '', 'must begin with g'],
    ['another owner', 'x:a', 'must begin with g'],
    ['a place as its owner', '{owner}:a', 'must begin with g'],
    ['a place in its owner', ['n{x}', 'a'], 'must begin with g'],
    ['a gateway key as text', 'g:https:a:b', 'must be a list of segments'],
  ])('is refused: %s', (_, key, message) => {
    expect(messageOf(() => compileKey(key))).toContain(message);
    expect(messageOf(() => compilePrefix(key))).toContain(message);
  });

  it('of the gateway refuses dots in its path, and takes them in its query', () => {
    const path = compileKey(['g', 'https', HOST, 'a', '{id}', '?']);
    expect(messageOf(() => path.from({ id: '..' }))).toContain('segment of dots');
    const last = compilePrefix(['g', 'https', HOST, 'a', '{id}']);
    expect(messageOf(() => last.from({ id: '..' }))).toContain('segment of dots');
    const query = compileKey(['g', 'https', HOST, 'a', '?{q}']);
    expect(query.from({ q: '..' })).toEqual([['g', 'https', HOST, 'a', '?..']]);
  });
});

describe('whatever is filled in stays in its place', () => {
  const nasty = fc.constantFrom(
    '.',
    '..',
    '/',
    '//',
    '\\',
    ':',
    '?',
    '#',
    '@',
    '%',
    '%2e',
    '%2F',
    '%00',
    '&',
    '=',
    '+',
    ' ',
    '\t',
    '\n',
    '\0',
    '\u202e',
    '~',
    '*',
    '{id}',
    '}}',
    'é',
    '\u{1f600}',
    'a',
    '-',
  );
  const value = fc
    .oneof(
      fc.array(nasty, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.string({ minLength: 1, unit: 'binary' }),
    )
    .filter((text) => text !== '');

  /** What the places of a template make of one value: targets, or undefined where it was refused. */
  function filledTargets(
    kind: 'urls' | 'prefixes' | 'keys' | 'tags',
    fill: () => readonly unknown[],
  ): readonly string[] | undefined {
    let filled: readonly unknown[] | undefined;
    const message = messageOf(() => void (filled = fill()));
    if (message !== undefined) return undefined;
    const targets = targetsOf({ [kind]: filled });
    return targets === 'refused' ? undefined : targets;
  }

  const gateway = (kind: 'k' | 'p', end: string): RegExp =>
    new RegExp(`^${kind}:g:https?:acme\\.example:cities:(?=[^:?])[^:?]+${end}$`);

  test('in the path of a URL it is one segment', () => {
    const url = compileUrl(`https://${HOST}/cities/{id}`);
    const below = compileUrl(`https://${HOST}/cities/{id}/a?b=c`);
    let filled = 0;
    fc.assert(
      fc.property(value, (id) => {
        for (const target of filledTargets('urls', () => url.from({ id })) ?? []) {
          filled += 1;
          expect(target).toMatch(gateway('p', ':\\?'));
        }
        for (const target of filledTargets('urls', () => below.from({ id })) ?? [])
          expect(target).toMatch(gateway('p', ':a:\\?b%3Dc'));
        for (const target of filledTargets('prefixes', () => url.from({ id })) ?? [])
          expect(target).toMatch(gateway('p', ''));
      }),
      { numRuns: 2000 },
    );
    expect(filled).toBeGreaterThan(1000);
  });

  test('in the query of a URL it is its place in the query', () => {
    const url = compileUrl(`https://${HOST}/cities?a={id}&b`);
    fc.assert(
      fc.property(value, (id) => {
        for (const target of filledTargets('urls', () => url.from({ id })) ?? []) {
          const [, query = ''] = /^p:g:https?:acme\.example:cities:\?(.*)$/.exec(target) ?? [];
          expect(decodeURIComponent(query)).toMatch(/^a=[^&=#]*&b$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('in a gateway key it is one segment', () => {
    const key = compileKey(['g', 'https', HOST, 'cities', '{id}', '?']);
    const prefix = compilePrefix(['g', 'https', HOST, 'cities', '{id}']);
    fc.assert(
      fc.property(value, (id) => {
        for (const target of filledTargets('keys', () => key.from({ id })) ?? [])
          expect(target).toMatch(gateway('k', ':\\?'));
        for (const target of filledTargets('prefixes', () => prefix.from({ id })) ?? [])
          // A value that begins as a query does is encoded, and so is none.
          expect(target).toMatch(gateway('p', ''));
      }),
      { numRuns: 2000 },
    );
  });

  test('in any other key it is exactly that segment', () => {
    const written = compileKey('n:cities:{id}');
    const listed = compilePrefix(['n', 'cities', '{id}']);
    fc.assert(
      fc.property(value, (id) => {
        const one = encodeSegment(id);
        const targets = filledTargets('keys', () => written.from({ id }));
        if (targets) expect(targets).toEqual([`k:n:cities:${one}`]);
        const prefixes = filledTargets('prefixes', () => listed.from({ id }));
        if (prefixes) expect(prefixes).toEqual([`p:n:cities:${one}`]);
        expect(targets === undefined).toBe(!id.isWellFormed());
      }),
      { numRuns: 2000 },
    );
  });

  test('in a tag it is exactly the tag', () => {
    const tag = compileText('city:{id}');
    fc.assert(
      fc.property(value, (id) => {
        const targets = filledTargets('tags', () => tag.from({ id }));
        if (targets) expect(targets).toEqual([`t:city:${id}`]);
      }),
    );
    expect(tag.from({ id: 'a, b' })).toEqual(['city:a, b']);
  });
});
