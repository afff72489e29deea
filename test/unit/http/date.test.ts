import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseHttpDate } from '../../../src/http/date.ts';

const NOW = Date.UTC(2026, 7, 1);
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('HTTP-date (RFC 9110, section 5.6.7)', () => {
  it.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
    ['the obsolete RFC 850 format', 'Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE],
    ["ANSI C's asctime()", 'Sun Nov  6 08:49:37 1994', EXAMPLE],
    [
      'asctime() with a day of two digits',
      'Wed Nov 16 08:49:37 1994',
      Date.UTC(1994, 10, 16, 8, 49, 37),
    ],
    ['the epoch', 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['a leap day', 'Thu, 29 Feb 2024 23:59:59 GMT', Date.UTC(2024, 1, 29, 23, 59, 59)],
    ['names in any case (RFC 9111, 4.2)', 'SUN, 06 nov 1994 08:49:37 gMT', EXAMPLE],
    ['the obsolete format in any case', 'sunday, 06-NOV-94 08:49:37 gmt', EXAMPLE],
    ['asctime() in any case', 'SUN nov  6 08:49:37 1994', EXAMPLE],
    [
      'a leap second is the second before it (RFC 9111, 4.2)',
      'Sat, 31 Dec 2016 23:59:60 GMT',
      Date.UTC(2016, 11, 31, 23, 59, 59),
    ],
    ['the day of the week is not looked at', 'Mon, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
    ['past 32 bits', 'Tue, 19 Jan 2038 14:14:08 GMT', Date.UTC(2038, 0, 19, 14, 14, 8)],
    ['far ahead', 'Fri, 31 Dec 9999 23:59:59 GMT', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])('%s', (_what, text, time) => {
    expect(parseHttpDate(text, NOW)).toBe(time);
  });

  it.each([
    null,
    undefined,
    '',
    '0',
    '-1',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 1994 25:49:37 GMT',
    'Sun, 06 Nov 1994 08:61:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Wed, 29 Feb 2023 08:49:37 GMT',
    'Wednesday, 30-Feb-22 08:49:37 GMT',
    'Wed Feb 30 08:49:37 2022',
    'Wed Feb  0 08:49:37 2022',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06  Nov  1994 08:49:37 GMT',
    'Sun, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08.49.37 GMT',
    'Sun 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov 06 08:49:37 1994 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'tomorrow',
  ])('%j is none', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  test('never throws', () => {
    const odd = fc.stringMatching(/^[Sun, 069:NovGMT-]{0,30}$/);
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (text) => {
        expect(parseHttpDate(text, NOW) ?? 0).toBeTypeOf('number');
      }),
    );
  });

  test('any year of four digits is read back', () => {
    const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) => {
        expect(parseHttpDate(new Date(second * 1000).toUTCString(), NOW)).toBe(second * 1000);
      }),
    );
  });

  test('any second of any year is read back in all three forms', () => {
    const seconds = fc.integer({ min: Date.UTC(1977) / 1000, max: Date.UTC(2075) / 1000 });
    fc.assert(
      fc.property(seconds, (second) => {
        const date = new Date(second * 1000);
        const [weekday = '', day = '', month = '', year = '', time = ''] = date
          .toUTCString()
          .split(/,? /);
        const long = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' });
        const rfc850 = `${long.format(date)}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
        const asctime = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
        for (const text of [date.toUTCString(), rfc850, asctime])
          expect({ text, time: parseHttpDate(text, NOW) }).toEqual({ text, time: second * 1000 });
      }),
    );
  });
});

describe('a two-digit year that is more than 50 years ahead is the past', () => {
  it.each([
    ['this year', Date.UTC(2026, 7, 1), '26', 2026],
    ['next year', Date.UTC(2026, 7, 1), '27', 2027],
    ['49 years ahead', Date.UTC(2026, 7, 1), '75', 2075],
    ['51 years ahead', Date.UTC(2026, 7, 1), '77', 1977],
    ['99', Date.UTC(2026, 7, 1), '99', 1999],
    ['00', Date.UTC(2026, 7, 1), '00', 2000],
    ['50 years ahead to the second', Date.UTC(2026, 10, 6, 8, 49, 37), '76', 2076],
    ['50 years and a second ahead', Date.UTC(2026, 10, 6, 8, 49, 36), '76', 1976],
    ['50 years and ten months ahead', Date.UTC(2026, 0, 1), '76', 1976],
  ])('%s', (_what, now, digits, year) => {
    const expected = Date.UTC(year, 10, 6, 8, 49, 37);
    expect(parseHttpDate(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, now)).toBe(expected);
  });
});
