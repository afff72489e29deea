import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/cache/durations.ts';

describe('a duration', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1500, 1500],
    ['250ms', 250],
    ['10s', 10_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['365d', 31_536_000_000],
    ['007m', 420_000],
  ])('%j is %d milliseconds', (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  it.each([
    '',
    // A plain number as text is a number that somebody forgot the unit of.
    '0',
    '1500',
    ' ',
    '1 m',
    ' 1m',
    '1m ',
    '1m\n',
    '1.5h',
    '1h30m',
    '-1s',
    '+1s',
    '1e3',
    '0x10',
    '1M',
    '1S',
    '1w',
    '1y',
    's',
    '١s',
    '9007199254740992',
    '9007199254740991s',
    '9'.repeat(400),
  ])('%j is none', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, null, undefined, true, [], {}])(
    '%j is none',
    (value) => {
      expect(parseDuration(value)).toBeUndefined();
    },
  );

  it.each([
    [0, '0ms'],
    [1, '1ms'],
    [1000, '1s'],
    [90_000, '90s'],
    [5_400_000, '90m'],
    [86_400_000, '1d'],
    [90_000_000, '25h'],
  ])('%d milliseconds are written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('what is written is read back, for any number of milliseconds', () => {
    const unit = fc.constantFrom(1, 1000, 60_000, 3_600_000, 86_400_000);
    const ms = fc.oneof(
      fc.maxSafeNat(),
      fc.tuple(fc.nat(100_000), unit).map(([count, length]) => count * length),
    );
    fc.assert(
      fc.property(ms, (value) => {
        expect(parseDuration(formatDuration(value))).toBe(value);
      }),
    );
  });

  test('a whole number with a unit is read as that many of it', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    fc.assert(
      fc.property(
        fc.nat(100_000_000),
        fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
        (count, unit) => {
          expect(parseDuration(`${count}${unit}`)).toBe(count * units[unit]);
        },
      ),
    );
  });

  test('no text makes anything but a whole number of milliseconds, or nothing', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0159msh d.-+e'.split('')) });
    fc.assert(
      fc.property(near, (text) => {
        const ms = parseDuration(text);
        expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});
