import { describe, expect, it, test } from 'vitest';
import {
  selectionDigest,
  selectVariant,
  withVariant,
  type VaryRecord,
} from '../../../src/gateway/variants.ts';

const NOW = 1000;
const headersOf = (value: number): Headers => new Headers({ x: String(value) });
const digestOf = (value: number): string => selectionDigest(['x'], headersOf(value));
const record = (count: number): VaryRecord => ({
  id: 'r',
  names: ['x'],
  variants: Array.from({ length: count }, (_, at) => ({
    digest: digestOf(at),
    until: NOW + 1,
    language: undefined,
  })),
});

describe('the most variants of a resource [trap:cache-busting]', () => {
  it.each([1, 2, 3, 64])('%i: a new one takes the place of the oldest', (most) => {
    const variant = { digest: digestOf(100), until: NOW + 1, language: undefined };
    const { variants } = withVariant(record(most), variant, NOW, most);
    expect(variants).toHaveLength(most);
    expect(variants.at(-1)).toEqual(variant);
    expect(variants.map(({ digest }) => digest)).not.toContain(digestOf(0));
    expect(withVariant(record(most - 1), variant, NOW, most).variants).toHaveLength(most);
  });

  test('of a list that was made under a larger one only the newest are found', () => {
    const found = (value: number) => selectVariant(record(5), headersOf(value), NOW, 2).absent;
    expect([0, 1, 2, 3, 4].map(found)).toEqual([true, true, true, false, false]);
  });

  test('a list with room may not name all', () => {
    expect(selectVariant(record(2), headersOf(9), NOW, 3).absent).toBe(false);
    expect(selectVariant(record(3), headersOf(9), NOW, 3).absent).toBe(true);
  });
});
