import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatSize, parseSize } from '../../../src/config/sizes.ts';

describe('a size', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1000, 1000],
    ['1000', 1000],
    ['1000B', 1000],
    ['16KB', 16_000],
    ['16KiB', 16_384],
    ['1MB', 1_000_000],
    ['16MiB', 16_777_216],
  ])('%j is %d bytes', (value, bytes) => {
    expect(parseSize(value)).toBe(bytes);
  });

  it.each([
    '',
    '1 MB',
    '1.5MB',
    '-1B',
    '1mb',
    '1Mb',
    '1kB',
    '1K',
    '1M',
    '1GB',
    'MB',
    '1MB ',
    '9007199254740992',
    '9007199254740991KB',
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    [],
  ])('%j is none', (value) => {
    expect(parseSize(value)).toBeUndefined();
  });

  it.each([
    [0, '0B'],
    [1, '1B'],
    [1000, '1KB'],
    [1024, '1KiB'],
    [1_000_000, '1MB'],
    [16_000_000, '16MB'],
    [1_048_576, '1MiB'],
    [1_048_577, '1048577B'],
  ])('%d bytes are written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test('what is written is read back, for any number of bytes', () => {
    const unit = fc.constantFrom(1, 1000, 1024, 1_000_000, 1_048_576);
    const bytes = fc.oneof(
      fc.maxSafeNat(),
      fc.tuple(fc.nat(100_000), unit).map(([count, length]) => count * length),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        expect(parseSize(formatSize(value))).toBe(value);
      }),
    );
  });
});
