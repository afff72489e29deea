import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  MAX_VARY_NAMES,
  normaliseSelecting,
  parseVary,
  preferredLanguage,
} from '../../../src/http/vary.ts';

const fieldNames = (count: number) =>
  Array.from({ length: count }, (_, index) => `x-${index + 10}`).join(', ');

describe('Vary (RFC 9110, section 12.5.5)', () => {
  it.each<[string, string | null, readonly string[] | '*']>([
    ['no field', null, []],
    ['an empty field', '', []],
    ['one name', 'Foo', ['foo']],
    ['several, sorted: their order says nothing', 'b, A,c', ['a', 'b', 'c']],
    ['one named twice', 'Foo, foo', ['foo']],
    ['Accept-Encoding counts for nothing', 'Accept-Encoding, foo', ['foo']],
    ['Accept-Encoding alone', 'accept-encoding', []],
    ['empty members (5.6.1.2)', ' , foo,,', ['foo']],
    ['anything', '*', '*'],
    ['anything twice', '*, *', '*'],
    ['anything before a name', '*, foo', '*'],
    ['anything behind a name', 'foo, *', '*'],
    ['anything on a second line', ', *', '*'],
    ['what can be no field name', 'foo bar', '*'],
    ['a name in quotes', '"foo"', '*'],
    ['names that are separated by something else', 'foo; bar', '*'],
    ['a name beyond ASCII', 'f\u00f6o', '*'],
    ['the name of an object member', '__proto__', ['__proto__']],
    ['as many as there may be', fieldNames(MAX_VARY_NAMES), fieldNames(MAX_VARY_NAMES).split(', ')],
    ['more than there may be', fieldNames(MAX_VARY_NAMES + 1), '*'],
  ])('%s', (_what, field, names) => {
    expect(parseVary(field)).toEqual(names);
  });

  test('of any text: `*`, or names that a request can be asked for, sorted, each once', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', 'B', ',', ' ', '*', '"', '-', '\t', ':') });
    const headers = new Headers();
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (field) => {
        const names = parseVary(field);
        if (names === '*') return;
        expect(names).toEqual([...new Set(names)].toSorted());
        for (const name of names) expect(headers.get(name)).toBeNull();
        expect(parseVary(names.join(', '))).toEqual(names);
        expect(field.split(',')).not.toContain('*');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a field that a response varies by (RFC 9111, section 4.1)', () => {
  it.each<[string, string, string | null, string | null]>([
    ['none', 'foo', null, null],
    ['an empty one is another thing than none', 'foo', '', ''],
    ['a value', 'foo', '1', '1'],
    ['its case stays', 'foo', 'aB', 'aB'],
    ['the white space around it', 'foo', ' 1\t', '1'],
    ['the white space around commas', 'foo', '1 ,\t2,  3', '1,2,3'],
    ['the white space elsewhere stays', 'foo', 'a  b, c d', 'a  b,c d'],
    ['the order of an unknown list stays', 'foo', '2, 1', '2,1'],
    ['a quoted comma separates nothing', 'foo', '"a , b" , c', '"a , b",c'],
    ['a quoted quote ends nothing', 'foo', String.raw`"a\" , b" , c`, String.raw`"a\" , b",c`],
    ['an open quote', 'foo', 'a , "b , c', 'a,"b , c'],
    ['empty members stay', 'foo', 'a,,b', 'a,,b'],
    ['a list of a browser’s brands', 'sec-ch-ua', '"A";v="1",  "B";v="2"', '"A";v="1","B";v="2"'],
  ])('%s', (_what, name, value, expected) => {
    expect(normaliseSelecting(name, value)).toBe(expected);
  });

  it.each([
    'authorization',
    'cookie',
    'date',
    'dpop',
    'from',
    'idempotency-key',
    'last-event-id',
    'origin',
    'proxy-authorization',
    'referer',
    'user-agent',
    'x-api-key',
    'x-auth-token',
    'x-csrf-token',
  ])('%s is no list: it stays as it is, but for the white space around it', (name) => {
    const value = 'user=a , b;  c="d ,e",\tf';
    expect(normaliseSelecting(name, `\t ${value} `)).toBe(value);
    expect(normaliseSelecting(name, 'user=a, b')).not.toBe(normaliseSelecting(name, 'user=a,b'));
  });

  test('any value is written as what is written the same again', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', '1', '"', '\\', ',', ' ', ';', '=', '\t') });
    fc.assert(
      fc.property(fc.constantFrom('foo', 'accept-language'), odd, (name, value) => {
        const once = normaliseSelecting(name, value);
        expect(normaliseSelecting(name, once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  test('no two values become one that differ in more than white space', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', 'A', '"', ',', ' ') });
    const solid = (text: string) => text.replaceAll(/\s/g, '');
    fc.assert(
      fc.property(odd, (value) => {
        expect(solid(normaliseSelecting('foo', value) ?? '')).toBe(solid(value));
      }),
    );
  });
});

describe('Accept-Language that a response varies by (RFC 9110, section 12.5.4)', () => {
  it.each<[string, string, string]>([
    ['one language', 'en', 'en'],
    ['in any case', 'eN-gB', 'en-gb'],
    ['white space', ' en ,   de', 'de,en'],
    ['the order of one quality says nothing', 'en, de', 'de,en'],
    ['the most preferred first', 'en;q=0.5, de;q=0.8, fr', 'fr,de;q=0.8,en;q=0.5'],
    ['no quality is 1 (12.4.2)', 'en;q=1, de;q=1.000, fr;q=1.', 'de,en,fr'],
    ['one quality, written in two ways', 'en;q=0.5, de;q=0.50', 'de;q=0.5,en;q=0.5'],
    ['what is not acceptable', 'en, *;q=0', 'en,*;q=0'],
    ['white space around the quality', 'en ;\tQ=0.5', 'en;q=0.5'],
    ['a language twice', 'en, EN;q=1.0', 'en'],
    ['empty members', ', en,', 'en'],
    ['what is no list of languages stays, but for its white space', 'en_GB , de', 'en_GB,de'],
    ['a quality out of range', 'en;q=1.1, de', 'en;q=1.1,de'],
    ['a quality of four digits', 'DE;q=0.1234', 'DE;q=0.1234'],
    ['another parameter', 'EN;level=1, de', 'EN;level=1,de'],
    ['a subtag that is too long', 'abcdefghi, de', 'abcdefghi,de'],
  ])('%s', (_what, value, expected) => {
    expect(normaliseSelecting('accept-language', value)).toBe(expected);
  });

  test('more than 64 languages are compared as they are', () => {
    const many = Array.from({ length: 65 }, () => 'EN').join(', ');
    expect(normaliseSelecting('accept-language', many)).toBe(many.replaceAll(' ', ''));
    expect(preferredLanguage(many)).toBeUndefined();
  });

  test('the same for any order, case and spacing of the same preferences', () => {
    const language = fc.tuple(
      fc.constantFrom('en', 'en-gb', 'de', 'fr', '*', 'zh-hant-tw'),
      fc.integer({ min: 0, max: 1000 }),
    );
    const written = fc
      .uniqueArray(language, { selector: ([range]) => range })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, full(list))));
    fc.assert(
      fc.property(written, ([list, other]) => {
        const tidy = list.map(([range, q]) => `${range};q=${q / 1000}`).join(', ');
        const untidy = other
          .map(([range, q]) =>
            q === 1000 ? range.toUpperCase() : `${range} ; Q=${(q / 1000).toFixed(3)}`,
          )
          .join('\t,,');
        expect(normaliseSelecting('accept-language', untidy)).toBe(
          normaliseSelecting('accept-language', tidy),
        );
        expect(preferredLanguage(untidy)).toBe(preferredLanguage(tidy));
      }),
    );
  });
});

function full(list: readonly unknown[]): { minLength: number; maxLength: number } {
  return { minLength: list.length, maxLength: list.length };
}

describe('the language that is preferred (RFC 9110, section 12.5.4)', () => {
  it.each<[string, string | null, string | undefined]>([
    ['no field', null, undefined],
    ['an empty field', '', undefined],
    ['the only one', 'DE', 'de'],
    ['the one of the highest quality', 'fr;q=0.5, de;q=1.0', 'de'],
    ['wherever it stands', 'en;q=0.2, de-CH;q=0.9, fr;q=0.8', 'de-ch'],
    ['none of two of one quality: their order says nothing', 'en, de', undefined],
    ['none of two of the highest quality', 'en;q=0.9, de;q=0.9, fr;q=0.8', undefined],
    ['one that is preferred to several', 'de;q=0.5, fr;q=0.5, en', 'en'],
    ['one that is named twice', 'en, EN, de;q=0.5', 'en'],
    ['any', '*', undefined],
    ['any more than one', '*, de;q=0.5', undefined],
    ['any as well', 'de, *', undefined],
    ['one more than any', 'de, *;q=0.5', 'de'],
    ['one that is not acceptable', 'de;q=0', undefined],
    ['of what is no list of languages none', 'de, fr_FR;q=0.5', undefined],
  ])('%s', (_what, field, language) => {
    expect(preferredLanguage(field)).toBe(language);
  });
});
