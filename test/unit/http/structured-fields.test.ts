import * as fc from 'fast-check';
import { serializeDictionary } from 'structured-headers';
import { describe, expect, it, test } from 'vitest';
import { parseDeltaSeconds } from '../../../src/http/cache-control.ts';
import {
  formatString,
  formatStringList,
  isList,
  parseDirectiveDictionary,
  parseStringList,
} from '../../../src/http/structured-fields.ts';

describe('a targeted field (RFC 9213, section 2.1)', () => {
  it.each<[string, string, Record<string, string | undefined>]>([
    ['one directive', 'max-age=60', { 'max-age': '60' }],
    ['one without a value', 'no-store', { 'no-store': undefined }],
    ['the same, written in full (RFC 9651, 3.2)', 'no-store=?1', { 'no-store': undefined }],
    ['several', 'max-age=60, must-revalidate', { 'max-age': '60', 'must-revalidate': undefined }],
    ['an unknown one', 'foobar, max-age=60', { foobar: undefined, 'max-age': '60' }],
    ['one that is only there to be there', 'none', { none: undefined }],
    ['white space around', '  max-age=60 ,\tprivate  ', { 'max-age': '60', private: undefined }],
    [
      'parameters are left out',
      'max-age=60;a=1;b, private;x="y"',
      { 'max-age': '60', private: undefined },
    ],
    [
      'what only looks like a Decimal of it',
      'a="x, max-age=1.0";max-age=1.0, max-age=60',
      { a: 'x, max-age=1.0', 'max-age': '60' },
    ],
    ['fields', 'private="set-cookie, x"', { private: 'set-cookie, x' }],
    [
      'of a repeated one the last counts (RFC 9651, 3.2)',
      'max-age=1, max-age=2',
      { 'max-age': '2' },
    ],
    ['a large number', 'max-age=99999999999', { 'max-age': '99999999999' }],
    ['one that is said not to be meant', 'no-store=?0, max-age=60', { 'max-age': '60' }],
    ['none of them meant: not the same as an empty field', 'no-store=?0', {}],
    [
      'an unknown one with a value',
      'a=1, b="c", d=(1 2), e=f',
      { a: '1', b: 'c', d: undefined, e: undefined },
    ],
  ])('%s', (_what, field, directives) => {
    expect(
      Object.fromEntries(parseDirectiveDictionary(field) ?? [['unparsable', '']]),
    ).toStrictEqual(directives);
  });

  it.each([
    ['a String', 'max-age="60"'],
    ['a Token', 'max-age=a60'],
    ['a Decimal', 'max-age=60.5'],
    ['a Decimal of the same number', 'max-age=60.0'],
    ['a Decimal behind other directives', 'private="a\\".", x=1.5 ,\tmax-age=60.0;a=1'],
    ['a Boolean', 'max-age'],
    ['the other Boolean', 'max-age=?0'],
    ['a Byte Sequence', 'max-age=:NjA=:'],
    ['an Inner List', 'max-age=(60)'],
    ['a Display String', 'max-age=%"60"'],
    ['a Date', 'max-age=@60'],
    ['a negative number', 'max-age=-60'],
  ])('delta-seconds are not made of %s: the directive has no number', (_what, field) => {
    const directives = parseDirectiveDictionary(field);
    expect(directives?.has('max-age')).toBe(true);
    expect(parseDeltaSeconds(directives?.get('max-age'))).toBeUndefined();
  });

  it.each(['private', 'no-cache'])('%s with a value that is no String is all of it', (name) => {
    for (const value of ['5', 'set-cookie', '(a b)', '1.5', ':YQ==:', '%"a"'])
      expect([...(parseDirectiveDictionary(`${name}=${value}`) ?? [])]).toEqual([
        [name, undefined],
      ]);
  });

  it.each([
    ['an empty field', ''],
    ['only spaces', '  '],
    ['what is no value', 'max-age=10000, &&&&&'],
    ['a comma at the end', 'max-age=60,'],
    ['an empty member', 'max-age=60,,private'],
    ['a name in upper case', 'Max-Age=60'],
    ['white space before the sign', 'max-age =60'],
    ['white space behind the sign', 'max-age= 60'],
    ['no value', 'max-age='],
    ['no comma', 'max-age=60 private'],
    ['a number that is too long', 'max-age=1234567890123456'],
    ['an open String', 'private="set-cookie'],
    ['a String beyond ASCII', 'private="\u00e9"'],
    ['one fault at the end', 'no-store, max-age=60, x=\u0000'],
  ])('counts as not sent: %s', (_what, field) => {
    expect(parseDirectiveDictionary(field)).toBeUndefined();
  });

  test('the names of object members are names like others', () => {
    expect([...(parseDirectiveDictionary('constructor=1, valueof') ?? [])]).toEqual([
      ['constructor', '1'],
      ['valueof', undefined],
    ]);
  });

  test('what was written is read back', () => {
    const seconds = fc.constantFrom(
      'max-age',
      's-maxage',
      'stale-if-error',
      'stale-while-revalidate',
    );
    const fields = fc.constantFrom('private', 'no-cache');
    const member = fc.oneof(
      fc.tuple(seconds, fc.integer({ min: 0, max: 1e14 })),
      fc.tuple(fields, fc.oneof(fc.constant(true), fc.stringMatching(/^[ -~]{0,20}$/))),
      fc.tuple(fc.constantFrom('no-store', 'public', 'must-revalidate'), fc.constant(true)),
    );
    const list = fc.uniqueArray(member, { selector: ([name]) => name, minLength: 1 });
    fc.assert(
      fc.property(list, (members) => {
        const field = serializeDictionary(
          new Map(members.map(([name, value]) => [name, [value, new Map()]])),
        );
        expect([...(parseDirectiveDictionary(field) ?? [])]).toEqual(
          members.map(([name, value]) => [name, value === true ? undefined : String(value)]),
        );
      }),
    );
  });

  test('never throws', () => {
    const odd = fc.stringMatching(/^[a1=,;"\\():?@%*. Z-]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (field) => {
        const directives = parseDirectiveDictionary(field);
        for (const name of directives?.keys() ?? []) expect(name).toBe(name.toLowerCase());
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a String (RFC 9651, section 3.3.3)', () => {
  it.each([
    ['a text', 'a b', '"a b"'],
    ['nothing', '', '""'],
    ['a quote and a backslash', String.raw`a"b\c`, String.raw`"a\"b\\c"`],
    ['what a String can not hold', 'a\n\u00e9\u{1f600}\u007f', '"a????"'],
  ])('%s', (_what, text, field) => {
    expect(formatString(text)).toBe(field);
  });

  test('any text is written as a String, and printable ASCII is read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ -~]*$/), (any, ascii) => {
        expect(parseStringList(formatString(any))).toHaveLength(1);
        expect(parseStringList(formatString(ascii))).toEqual([ascii]);
      }),
    );
  });
});

test('a List of Strings is read back (RFC 9651, section 3.1)', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ -~]*$/)), (strings) => {
      expect(parseStringList(formatStringList(strings))).toEqual(strings);
    }),
  );
});

it.each<[string, boolean]>([
  ['', true],
  ['A; hit, "B"; fwd=miss', true],
  ['(a b);c', true],
  ['a, ', false],
  ['"a', false],
  ['hit from 10.0.0.1', false],
])('%j is a List: %s (RFC 9651, section 3.1)', (field, is) => {
  expect(isList(field)).toBe(is);
});
