import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InvalidKey } from '../../../src/errors.ts';
import { decodeSegment, encodeKey, encodeSegment } from '../../../src/tenant/segments.ts';
import { segments, text } from '../support/arbitraries.ts';

describe('encodeSegment', () => {
  it.each([
    ['letters, digits, dot, underscore and hyphen stay', 'aZ09._-', 'aZ09._-'],
    ['an empty segment stays empty', '', ''],
    ['the separator', 'a:b', 'a%3Ab'],
    ['the mark of an internal record', '~ledger', '%7Eledger'],
    ['the escape itself, so that nothing is encoded twice alike', '%7E', '%257E'],
    ['the mark of a query', '?a=1', '%3Fa%3D1'],
    ['a slash', 'a/b', 'a%2Fb'],
    ['NUL', '\0', '%00'],
    ['DEL', '\u007f', '%7F'],
    ['a space and a line feed', ' \n', '%20%0A'],
    ['two bytes of UTF-8', 'é', '%C3%A9'],
    ['three bytes', '€', '%E2%82%AC'],
    ['four bytes', '😀', '%F0%9F%98%80'],
    ['the replacement character itself', '\ufffd', '%EF%BF%BD'],
    ['a lone high surrogate, as WTF-8', '\ud800', '%ED%A0%80'],
    ['a lone low surrogate, as WTF-8', '\udfff', '%ED%BF%BF'],
    ['surrogates in the wrong order', '\udc00\ud800', '%ED%B0%80%ED%A0%80'],
  ])('%s', (_what, segment, encoded) => {
    expect(encodeSegment(segment)).toBe(encoded);
    expect(decodeSegment(encoded)).toBe(segment);
  });

  test('whatever goes in, only characters that no separator or record uses come out', () => {
    fc.assert(
      fc.property(text, (segment) => {
        expect(encodeSegment(segment)).toMatch(/^(?:[A-Za-z0-9._-]|%[0-9A-F]{2})*$/);
      }),
    );
  });

  test('decoding gives back exactly what was encoded', () => {
    fc.assert(
      fc.property(text, (segment) => {
        expect(decodeSegment(encodeSegment(segment))).toBe(segment);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('decodeSegment refuses what encodeSegment never writes', () => {
  it.each([
    ['a separator', 'a:b'],
    ['a record', '~ledger'],
    ['a plain character that has to be encoded', 'a b'],
    ['the same behind an escape', '%41 '],
    ['an escape of a plain character', '%41'],
    ['lower-case hex', '%c3%a9'],
    ['an escape cut short', 'a%4'],
    ['an escape without digits', 'a%'],
    ['no hex', '%GG'],
    ['a continuation byte alone', '%80'],
    ['a sequence cut short', '%E2%82'],
    ['a sequence cut short by a plain character', '%E2%82a'],
    ['an overlong NUL', '%C0%80'],
    ['a point past U+10FFFF', '%F7%BF%BF%BF'],
    ['a pair written as two surrogates (CESU-8)', '%ED%A0%BD%ED%B8%80'],
    ['a byte that begins no sequence', '%FF'],
  ])('%s', (_what, encoded) => {
    expect(() => decodeSegment(encoded)).toThrow(InvalidKey);
  });

  test('any text either decodes to what encodes to it, or is refused with InvalidKey', () => {
    const escapes = fc.string({
      unit: fc.oneof(
        fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
        fc
          .integer({ min: 0, max: 255 })
          .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`),
        fc.constantFrom('a', '%', '~', '?', ':'),
      ),
    });
    fc.assert(
      fc.property(fc.oneof(text, escapes), (encoded) => {
        let decoded: string;
        try {
          decoded = decodeSegment(encoded);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidKey);
          return;
        }
        expect(encodeSegment(decoded)).toBe(encoded);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('encodeKey', () => {
  it.each([
    ['text is split at the separator', 'n:users:42', 'n:users:42'],
    ['segments may hold it', ['n', 'users:42'], 'n:users%3A42'],
    ['empty segments keep their place', 'a::b', 'a::b'],
    ['one segment', ['a'], 'a'],
    ['a query is no query segment here', ['?a'], '%3Fa'],
  ])('%s', (_what, input, key) => {
    expect(encodeKey(input)).toBe(key);
  });

  test('a key without a segment is refused', () => {
    expect(() => encodeKey([])).toThrow(InvalidKey);
  });

  it.each([
    ['text', ''],
    ['a list', ['']],
  ])(
    'a key of nothing is refused, as %s: its name and its purge target would be empty',
    (_what, input) => {
      expect(() => encodeKey(input)).toThrow(InvalidKey);
    },
  );

  test('two lists of segments have the same key only when they are the same list', () => {
    fc.assert(
      fc.property(segments, segments, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(encodeKey(one) === encodeKey(other)).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  test('moving a separator from between two segments into one of them changes the key', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(encodeKey([one, other])).not.toBe(encodeKey([`${one}:${other}`]));
      }),
    );
  });
});
