import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseCacheControl, parseDeltaSeconds } from '../../../src/http/cache-control.ts';

const parsed = (field: string | null | undefined) => Object.fromEntries(parseCacheControl(field));

describe('Cache-Control (RFC 9111, section 5.2)', () => {
  it.each<[string, string | null | undefined, Record<string, string | undefined>]>([
    ['no field', null, {}],
    ['an undefined field', undefined, {}],
    ['an empty field', '', {}],
    ['one directive', 'no-store', { 'no-store': undefined }],
    ['one with an argument', 'max-age=60', { 'max-age': '60' }],
    ['several', 'public, max-age=60', { public: undefined, 'max-age': '60' }],
    ['names in any case', 'No-Store, MAX-AGE=1', { 'no-store': undefined, 'max-age': '1' }],
    ['the case of an argument stays', 'ext=AbC', { ext: 'AbC' }],
    ['a quoted argument (5.2: both forms are accepted)', 'max-age="60"', { 'max-age': '60' }],
    ['a quoted list', 'no-cache="a, b", x', { 'no-cache': 'a, b', x: undefined }],
    ['a quoted pair', String.raw`ext="a\"b\\c, d"`, { ext: String.raw`a"b\c, d` }],
    ['a directive inside quotes is none', 'ext="no-store", x', { ext: 'no-store', x: undefined }],
    ['of a repeated one the first counts (4.2.1)', 'max-age=1, max-age=2', { 'max-age': '1' }],
    ['the first counts in any case', 'max-age=1, Max-Age=2', { 'max-age': '1' }],
    [
      'private is not narrowed by being repeated (5.2.2.7)',
      'private="a", private',
      { private: undefined },
    ],
    ['in any order', 'private, private="a"', { private: undefined }],
    [
      'the fields of all of them count',
      'private="a", x, PRIVATE="b, c"',
      { private: 'a, b, c', x: undefined },
    ],
    ['nor is no-cache (5.2.2.4)', 'no-cache="a", no-cache', { 'no-cache': undefined }],
    ['nor by an empty list', 'private="", private="a"', { private: undefined }],
    ['what is broken has no fields', 'no-cache="a", no-cache="b" c', { 'no-cache': undefined }],
    [
      'an invalid number is not mended by a second one',
      'max-age=x, max-age=60',
      { 'max-age': 'x' },
    ],
    ['empty elements (RFC 9110, 5.6.1)', ', ,a,, b,', { a: undefined, b: undefined }],
    ['no space', 'a,b=1,c', { a: undefined, b: '1', c: undefined }],
    ['tabs and spaces', '\t a \t,\tb=1\t', { a: undefined, b: '1' }],
    ['spaces around the sign', 'max-age = 60', { 'max-age': '60' }],
    ['an empty argument', 'max-age=', { 'max-age': '' }],
    ['an empty quoted argument', 'max-age=""', { 'max-age': '' }],
    ['an unknown directive', 'x-very=odd', { 'x-very': 'odd' }],
    ['the names of object members', '__proto__=1', { ['__proto__']: '1' }],
    ['what is no directive is skipped to the next comma', '=1, @, max-age=5', { 'max-age': '5' }],
    ['a number with rubbish is an argument, not a number', 'max-age=6x', { 'max-age': '6x' }],
  ])('%s', (_what, field, directives) => {
    expect(parsed(field)).toStrictEqual(directives);
  });

  test('never throws and always ends', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', '"', '\\', '=', ',', ' ', ';', '1', '\t') });
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (field) => {
        for (const name of parseCacheControl(field).keys()) expect(name).toBe(name.toLowerCase());
      }),
      { numRuns: 1000 },
    );
  });

  test('what was put together is read back, in whatever form', () => {
    const name = fc.stringMatching(/^[a-z][a-z-]{0,8}$/);
    const value = fc.oneof(
      fc.constant(undefined),
      fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', '=', ';') }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([of]) => of }), (list) => {
        const field = list
          .map(([of, text]) =>
            text === undefined ? of : `${of}="${text.replace(/["\\]/g, String.raw`\$&`)}"`,
          )
          .join(' , ');
        expect([...parseCacheControl(field)]).toEqual(list);
      }),
    );
  });

  test('reads a field of a megabyte in no time, however it is made', () => {
    const long = 1_000_000;
    for (const part of [' ', 'a', ',', '"', '\\', 'a=', '"a', 'a="', 'a ', ' =']) {
      const field = `a${part.repeat(long / part.length)}`;
      const before = performance.now();
      parseCacheControl(field);
      // Quadratic time would be hours; this bound is only there to end the wait.
      expect(performance.now() - before).toBeLessThan(10_000);
    }
  });
});

describe('a restrictive directive is never lost to what stands around it', () => {
  it.each(['private', 'no-store', 'no-cache'])('%s', (name) => {
    for (const field of [
      `${name}="set-cookie, max-age=60`,
      `${name}; x, max-age=60`,
      `max-age=60 ${name}`,
      `${name} max-age=60, s-maxage=60`,
      `${name}=a"b, max-age=60`,
    ]) {
      const directives = parseCacheControl(field);
      const storable = ['max-age', 's-maxage'].some((of) => parseDeltaSeconds(directives.get(of)));
      expect({ field, lost: storable && !directives.has(name) }).toEqual({ field, lost: false });
    }
  });
});

describe('delta-seconds (RFC 9111, section 1.2.2)', () => {
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['60', 60],
    ['0060', 60],
    ['2147483648', 2_147_483_648],
    ['2147483649', 2_147_483_648],
    ['9'.repeat(400), 2_147_483_648],
    ['-1', undefined],
    ['+1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    [' 60', undefined],
    ['60\n', undefined],
    ['٣', undefined],
  ])('%j is %s', (text, seconds) => {
    expect(parseDeltaSeconds(text)).toBe(seconds);
  });
});
