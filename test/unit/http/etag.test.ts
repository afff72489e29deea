import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  isEntityTag,
  isStrong,
  matchesIfNoneMatch,
  matchesStrongly,
  weaken,
} from '../../../src/http/etag.ts';

describe('an entity tag (RFC 9110, section 8.8.3)', () => {
  it.each(['"a"', '""', 'W/"a"', 'W/""', '"!#~"', '"\u00ff"', '"a,b"', String.raw`"a\b"`])(
    '%s is one',
    (text) => {
      expect(isEntityTag(text)).toBe(true);
    },
  );

  it.each([
    '',
    'a',
    '"',
    '"a',
    'a"',
    'w/"a"',
    'W/a',
    'W/ "a"',
    '"a b"',
    '"a""',
    '"\t"',
    '"\u007f"',
    '"\u0100"',
    '"a", "b"',
    ' "a"',
    '"a"\n',
    '*',
  ])('%j is none', (text) => {
    expect(isEntityTag(text)).toBe(false);
  });

  test('is weakened once', () => {
    expect(weaken('"a"')).toBe('W/"a"');
    expect(weaken('W/"a"')).toBe('W/"a"');
  });
});

describe('strong comparison (RFC 9110, section 8.8.3.2)', () => {
  it.each<[string, string, boolean]>([
    ['"1"', '"1"', true],
    ['""', '""', true],
    ['W/"1"', 'W/"1"', false],
    ['W/"1"', '"1"', false],
    ['"1"', 'W/"1"', false],
    ['"1"', '"2"', false],
    ['"a"', '"A"', false],
    ['a', 'a', false],
    ['', '', false],
    ['"a", "b"', '"a", "b"', false],
  ])('of %s and %s: %s', (a, b, matches) => {
    expect(matchesStrongly(a, b)).toBe(matches);
  });

  it.each<[string, boolean]>([
    ['"a"', true],
    ['""', true],
    ['W/"a"', false],
    ['a', false],
    ['"a', false],
    ['*', false],
  ])('%s is strong: %s (8.8.3)', (etag, strong) => {
    expect(isStrong(etag)).toBe(strong);
  });
});

describe('If-None-Match (RFC 9110, section 13.1.2)', () => {
  it.each([
    ['the tag itself', '"a"', '"a"'],
    ['weak comparison: a weak tag in the field', 'W/"a"', '"a"'],
    ['weak comparison: a weak tag here', '"a"', 'W/"a"'],
    ['both weak', 'W/"a"', 'W/"a"'],
    ['anything', '*', '"a"'],
    ['anything, with spaces', ' * ', '"a"'],
    ['the last of a list', '"x", "y","a"', '"a"'],
    ['the first of a list', '"a" , "x"', '"a"'],
    ['a tag with a comma', '"a,b", "c"', '"a,b"'],
    ['an empty tag', '""', '""'],
    ['an empty element at the beginning (5.6.1.2)', ', "a"', '"a"'],
    ['an empty element inside', '"x",,"a"', '"a"'],
    ['an empty element of spaces inside', '"x", , "a"', '"a"'],
    ['an empty element of spaces at the beginning', ' ,\t, "a"', '"a"'],
    ['what stands before a fault', '"a", b', '"a"'],
  ])('matches by %s', (_what, field, etag) => {
    expect(matchesIfNoneMatch(field, etag)).toBe(true);
  });

  it.each([
    ['another tag', '"b"', '"a"'],
    ['another case', '"A"', '"a"'],
    ['nothing', '', '"a"'],
    ['only separators', ' , ,', '"a"'],
    ['the tag without quotes', 'a', '"a"'],
    ['part of a tag', '"ab"', '"a"'],
    ['a tag inside another', '"x,"a""', '"a"'],
    ['a star in a list, which is no list', '"b", *', '"a"'],
    ['a star in quotes', '"*"', '"a"'],
    ['what stands behind a fault', 'b, "a"', '"a"'],
    ['a weak mark in lower case', 'w/"a"', '"a"'],
    ['two tags without a comma', '"b" "a"', '"a"'],
  ])('does not match by %s', (_what, field, etag) => {
    expect(matchesIfNoneMatch(field, etag)).toBe(false);
  });

  test('of what has no tag only `*` says anything', () => {
    expect(matchesIfNoneMatch('*', null)).toBe(true);
    expect(matchesIfNoneMatch('"a", W/"b"', null)).toBe(false);
    expect(matchesIfNoneMatch('""', null)).toBe(false);
  });

  const opaque = fc.string({ unit: fc.constantFrom('a', 'b', ',', '/', 'W', '*', '!') });
  const tag = fc
    .tuple(fc.boolean(), opaque)
    .map(([weak, text]) => ({ text: `${weak ? 'W/' : ''}"${text}"`, opaque: text }));

  test('of any list it matches exactly when one of the tags has the same opaque part', () => {
    const separator = fc.constantFrom(',', ', ', ' ,', '\t,\t');
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), separator, tag, (list, between, own) => {
        const field = list.map(({ text }) => text).join(between);
        const expected = list.some((one) => one.opaque === own.opaque);
        expect(matchesIfNoneMatch(field, own.text)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('never throws and always ends', () => {
    const odd = fc.string({ unit: fc.constantFrom('"', 'W', '/', ',', ' ', 'a', '*', '\t') });
    fc.assert(
      fc.property(odd, tag, (field, own) => {
        expect([true, false]).toContain(matchesIfNoneMatch(field, own.text));
      }),
    );
  });
});
