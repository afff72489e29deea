import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  formatContentRange,
  MAX_RANGES,
  parseContentRange,
  parseRange,
  resolveRange,
  type ByteRange,
  type ContentRange,
} from '../../../src/http/range.ts';

const from = (first: number): ByteRange => ({ first, last: undefined });
const specifiers = (count: number) => Array.from({ length: count }, () => '0-0').join(',');

describe('Range (RFC 9110, section 14.1.2)', () => {
  it.each<[string, string, ByteRange[]]>([
    ['two ends', 'bytes=0-9', [{ first: 0, last: 9 }]],
    ['one byte', 'bytes=5-5', [{ first: 5, last: 5 }]],
    ['from here on', 'bytes=9-', [from(9)]],
    ['the last ones', 'bytes=-5', [{ suffix: 5 }]],
    ['the last none: valid, though there are none', 'bytes=-0', [{ suffix: 0 }]],
    ['several', 'bytes=0-0,2-, -1', [{ first: 0, last: 0 }, from(2), { suffix: 1 }]],
    ['a unit in any case (14.1)', 'Bytes=0-', [from(0)]],
    ['white space around commas (5.6.1)', 'bytes= 0-1 ,\t2-3', pair(0, 1, 2, 3)],
    ['empty members (5.6.1.2)', 'bytes=,0-1,,2-3,', pair(0, 1, 2, 3)],
    ['leading zeros', 'bytes=00-0009', [{ first: 0, last: 9 }]],
    [
      'more than a number holds',
      `bytes=0-${'9'.repeat(400)}`,
      [{ first: 0, last: Number.MAX_SAFE_INTEGER }],
    ],
  ])('%s', (_what, field, ranges) => {
    expect(parseRange(field)).toEqual(ranges);
  });

  it.each([
    ['nothing', ''],
    ['no range', 'bytes='],
    ['only commas', 'bytes=,,'],
    ['another unit (14.2)', 'lines=0-9'],
    ['no unit', '0-9'],
    ['a unit that only begins so', 'bytes2=0-9'],
    ['no sign of equality', 'bytes 0-9'],
    ['white space before it', 'bytes =0-9'],
    ['ends the wrong way round (14.1.1)', 'bytes=9-0'],
    ['one fault of several', 'bytes=0-1,9-8'],
    ['no ends', 'bytes=-'],
    ['no hyphen', 'bytes=5'],
    ['two hyphens', 'bytes=0--5'],
    ['a sign', 'bytes=+0-5'],
    ['a fraction', 'bytes=0-1.5'],
    ['white space inside', 'bytes=0 - 5'],
    ['letters', 'bytes=a-b'],
    ['digits of another script', 'bytes=\u0660-\u0669'],
    ['two fields', 'bytes=0-1, bytes=2-3'],
    ['white space that is none here', 'bytes=0-1\v'],
    ['more than there may be (14.2)', `bytes=${specifiers(MAX_RANGES + 1)}`],
    ['a thousand', `bytes=${specifiers(1000)}`],
  ])('is ignored: %s', (_what, field) => {
    expect(parseRange(field)).toBeUndefined();
  });

  test('as many ranges as there may be', () => {
    expect(parseRange(`bytes=${specifiers(MAX_RANGES)}`)).toHaveLength(MAX_RANGES);
  });

  test('what was put together is read back', () => {
    fc.assert(
      fc.property(fc.array(byteRange, { minLength: 1, maxLength: MAX_RANGES }), (ranges) => {
        expect(parseRange(`bytes=${ranges.map(written).join(', ')}`)).toEqual(ranges);
      }),
    );
  });

  test('never throws, and gives no range that is none', () => {
    const odd = fc.string({ unit: fc.constantFrom('0', '5', '9', '-', ',', ' ', 'b', '=') });
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (rest) => {
        for (const range of parseRange(`bytes=${rest}`) ?? []) {
          if ('suffix' in range) expect(range.suffix).toBeGreaterThanOrEqual(0);
          else expect(range.last ?? range.first).toBeGreaterThanOrEqual(range.first);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a range of a representation (RFC 9110, section 14.1.2)', () => {
  it.each<[string, ByteRange, number, ReturnType<typeof resolveRange>]>([
    ['inside', { first: 2, last: 4 }, 10, { first: 2, last: 4 }],
    ['the first byte', { first: 0, last: 0 }, 10, { first: 0, last: 0 }],
    ['up to the end', { first: 9, last: 9 }, 10, { first: 9, last: 9 }],
    ['past the end', { first: 2, last: 99 }, 10, { first: 2, last: 9 }],
    ['from here on', from(3), 10, { first: 3, last: 9 }],
    ['from the end on', from(10), 10, 'unsatisfiable'],
    ['behind the end', { first: 10, last: 12 }, 10, 'unsatisfiable'],
    ['the last ones', { suffix: 3 }, 10, { first: 7, last: 9 }],
    ['the last ones, all of them', { suffix: 10 }, 10, { first: 0, last: 9 }],
    ['more last ones than there are', { suffix: 11 }, 10, { first: 0, last: 9 }],
    ['the last none', { suffix: 0 }, 10, 'unsatisfiable'],
    ['of nothing', from(0), 0, 'unsatisfiable'],
    ['the last ones of nothing', { suffix: 5 }, 0, 'unsatisfiable'],
  ])('%s', (_what, range, length, expected) => {
    expect(resolveRange(range, length)).toEqual(expected);
  });

  test('lies inside it, and holds what was asked for of it and nothing else', () => {
    fc.assert(
      fc.property(byteRange, fc.integer({ min: 0, max: 60 }), (range, length) => {
        const wanted = Array.from({ length }, (_, at) => at).filter((at) =>
          'suffix' in range
            ? at >= length - range.suffix
            : at >= range.first && at <= (range.last ?? at),
        );
        const resolved = resolveRange(range, length);
        expect(resolved).toEqual(
          wanted.length === 0 ? 'unsatisfiable' : { first: wanted[0], last: wanted.at(-1) },
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Content-Range (RFC 9110, section 14.4)', () => {
  it.each<[string, string, ContentRange]>([
    ['of a known length', 'bytes 4-9/10', { first: 4, last: 9, complete: 10 }],
    ['of an unknown length', 'bytes 4-9/*', { first: 4, last: 9, complete: undefined }],
    ['one byte', 'bytes 0-0/1', { first: 0, last: 0, complete: 1 }],
    ['a unit in any case (14.1)', 'BYTES 0-0/1', { first: 0, last: 0, complete: 1 }],
  ])('%s', (_what, field, range) => {
    expect(parseContentRange(field)).toEqual(range);
  });

  it.each<[string, string | null]>([
    ['none', null],
    ['an empty one', ''],
    ['that of a 416, which names no part', 'bytes */10'],
    ['another unit', 'lines 0-1/2'],
    ['ends the wrong way round', 'bytes 9-4/10'],
    ['a part behind the end', 'bytes 4-10/10'],
    ['a part of nothing', 'bytes 0-0/0'],
    ['no length', 'bytes 0-1'],
    ['nothing known', 'bytes */*'],
    ['the form of a request', 'bytes=0-1/2'],
    ['an open end', 'bytes 0-/2'],
    ['white space inside', 'bytes 0 - 1/2'],
    ['two of them', 'bytes 0-1/2, bytes 0-1/2'],
    ['more than a number holds exactly', 'bytes 0-9007199254740993/*'],
    ['a length that no number holds exactly', 'bytes 0-1/9007199254740993'],
  ])('is none: %s', (_what, field) => {
    expect(parseContentRange(field)).toBeUndefined();
  });

  test('of a 416 (15.5.17)', () => {
    expect(formatContentRange(undefined, 10)).toBe('bytes */10');
  });

  test('what was written is read back', () => {
    const ends = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat());
    const more = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
    fc.assert(
      fc.property(ends, more, ([a, b], behind) => {
        const range = { first: Math.min(a, b), last: Math.max(a, b) };
        const complete = behind === undefined ? undefined : range.last + behind;
        fc.pre(complete === undefined || Number.isSafeInteger(complete));
        const field = formatContentRange(range, complete);
        expect(parseContentRange(field)).toEqual({ ...range, complete });
      }),
    );
  });
});

const position = fc.integer({ min: 0, max: 80 });
const byteRange: fc.Arbitrary<ByteRange> = fc.oneof(
  fc
    .tuple(position, position)
    .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) as number | undefined })),
  position.map(from),
  position.map((suffix) => ({ suffix })),
);

function pair(first: number, last: number, secondFirst: number, secondLast: number): ByteRange[] {
  return [
    { first, last },
    { first: secondFirst, last: secondLast },
  ];
}

function written(range: ByteRange): string {
  return 'suffix' in range ? `-${range.suffix}` : `${range.first}-${range.last ?? ''}`;
}
