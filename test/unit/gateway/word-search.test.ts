import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordSearch } from '../../../src/gateway/word-search.ts';

const encoder = new TextEncoder();
/** Few letters, so that words overlap, contain and continue each other. */
const text = (most: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'z', 'é', '"'), minLength: 1, maxLength: most });
const lower = (one: string): string => one.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

describe('the search for words', () => {
  test('finds what a search for each of them finds', () => {
    fc.assert(
      fc.property(fc.array(text(5), { minLength: 1, maxLength: 8 }), text(40), (words, body) => {
        const lowered = words.map(lower);
        const isIn = wordSearch(lowered.map((word) => encoder.encode(word)));
        expect(isIn(encoder.encode(body))).toBe(lowered.some((word) => lower(body).includes(word)));
      }),
    );
  });

  test('finds nothing in nothing', () => {
    expect(wordSearch([encoder.encode('word')])(new Uint8Array(0))).toBe(false);
  });

  test('finds every byte', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => byte < 0x41 || byte > 0x5a,
    );
    const isIn = wordSearch([all]);
    expect(isIn(Uint8Array.of(1, 2, ...all, 3))).toBe(true);
    expect(isIn(all.subarray(1))).toBe(false);
  });
});
