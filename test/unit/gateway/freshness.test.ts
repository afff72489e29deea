import { describe, expect, it, test } from 'vitest';
import { responseControl } from '../../../src/gateway/control.ts';
import {
  creationTime,
  freshnessLifetime,
  heuristicLifetime,
  staleWindows,
  type StaleWindows,
} from '../../../src/gateway/freshness.ts';
import { parseCacheControl } from '../../../src/http/cache-control.ts';
import { DEFAULT_CACHE_POLICY, type StalePolicy } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1, 12, 0, 0);
const date = (ms: number): string => new Date(ms).toUTCString();

describe('the freshness lifetime (RFC 9111, section 4.2.1)', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['s-maxage before max-age', { 'cache-control': 'max-age=1, s-maxage=2' }, 2],
    ['s-maxage of 0 counts too', { 'cache-control': 'max-age=1, s-maxage=0' }, 0],
    ['max-age', { 'cache-control': 'public, max-age=60' }, 60],
    ['max-age before Expires (5.3)', { 'cache-control': 'max-age=60', expires: date(NOW) }, 60],
    ['max-age of 0', { 'cache-control': 'max-age=0' }, 0],
    ['the largest', { 'cache-control': 'max-age=99999999999' }, 2 ** 31],
    ['an invalid max-age is already stale (4.2.1)', { 'cache-control': 'max-age=x' }, 0],
    ['a negative one', { 'cache-control': 'max-age=-1' }, 0],
    ['one with a fraction', { 'cache-control': 'max-age=1.5' }, 0],
    ['one without a value', { 'cache-control': 'max-age' }, 0],
    ['an invalid s-maxage does not fall back', { 'cache-control': 's-maxage=x, max-age=60' }, 0],
    [
      'an invalid max-age does not fall back',
      { 'cache-control': 'max-age=x', expires: date(NOW + 9000) },
      0,
    ],
    ['Expires less Date', { expires: date(NOW + 30_000), date: date(NOW - 10_000) }, 40],
    ['Expires less now, without Date', { expires: date(NOW + 30_000) }, 30],
    ['Expires less now, with a Date that is none', { expires: date(NOW + 30_000), date: 'x' }, 30],
    ['Expires before Date', { expires: date(NOW - 10_000), date: date(NOW) }, 0],
    ['Expires equal to Date', { expires: date(NOW), date: date(NOW) }, 0],
    ['Expires: 0 is in the past (5.3)', { expires: '0' }, 0],
    ['an Expires that is none', { expires: 'never' }, 0],
    ['two of them', { expires: `${date(NOW + 9000)}, ${date(NOW + 9000)}` }, 0],
    ['an Expires that is empty', { expires: '' }, 0],
    ['nothing is said by Last-Modified', { 'last-modified': date(NOW - 1e9) }, undefined],
    [
      'a targeted field before all others (RFC 9213)',
      { 'cdn-cache-control': 'max-age=5', 'cache-control': 's-maxage=9' },
      5,
    ],
    ['s-maxage before max-age there too', { 'cdn-cache-control': 'max-age=5, s-maxage=6' }, 6],
    ['one in quotes is invalid there', { 'cdn-cache-control': 'max-age="5"' }, 0],
    ['one with a fraction is invalid there', { 'cdn-cache-control': 'max-age=5.5' }, 0],
    [
      'Expires counts for nothing beside it',
      { 'cdn-cache-control': 'foo', expires: date(NOW + 9000) },
      undefined,
    ],
    ['directives that say nothing of it', { 'cache-control': 'public, immutable' }, undefined],
  ])('%s', (_what, fields, seconds) => {
    const headers = new Headers(fields);
    expect(freshnessLifetime(headers, responseControl(headers), NOW)).toBe(seconds);
  });
});

describe('the guess where a response does not say (RFC 9111, section 4.2.2)', () => {
  const DAY = 86_400_000;
  it.each<[string, Record<string, string>, number | undefined]>([
    [
      'a tenth of the time since it was changed',
      { date: date(NOW), 'last-modified': date(NOW - 100_000) },
      10,
    ],
    ['in whole seconds', { date: date(NOW), 'last-modified': date(NOW - 19_000) }, 1],
    [
      'counted from its Date, not from now',
      { date: date(NOW - DAY), 'last-modified': date(NOW - DAY - 60_000) },
      6,
    ],
    ['without a Date from now', { 'last-modified': date(NOW - 60_000) }, 6],
    ['at most a day', { date: date(NOW), 'last-modified': date(NOW - 100 * DAY) }, 86_400],
    ['a day at ten days', { date: date(NOW), 'last-modified': date(NOW - 10 * DAY) }, 86_400],
    ['less before that', { date: date(NOW), 'last-modified': date(NOW - 9 * DAY) }, 77_760],
    ['changed just now', { date: date(NOW), 'last-modified': date(NOW) }, 0],
    [
      'changed after it was made: a clock is wrong',
      { date: date(NOW), 'last-modified': date(NOW + 1000) },
      undefined,
    ],
    ['no Last-Modified', { date: date(NOW), etag: '"a"' }, undefined],
    ['one that is none', { date: date(NOW), 'last-modified': 'yesterday' }, undefined],
    [
      'an old origin’s no-cache',
      { date: date(NOW), 'last-modified': date(NOW - DAY), pragma: 'x, No-Cache' },
      undefined,
    ],
    [
      'another Pragma',
      { date: date(NOW), 'last-modified': date(NOW - 60_000), pragma: 'no-cachet' },
      6,
    ],
  ])('%s', (_what, fields, seconds) => {
    expect(heuristicLifetime(new Headers(fields), NOW)).toBe(seconds);
  });
});

describe('when a response was made (RFC 9111, section 4.2.3)', () => {
  const SENT = NOW - 400;
  it.each<[string, Record<string, string>, number]>([
    ['nothing said: as old as the answer took, which may have been made at its beginning', {}, 400],
    ['a Date of this second is no age of its own', { date: date(NOW) }, 400],
    ['a Date of a second ago is one', { date: date(NOW - 1000) }, 1000],
    ['a Date in the past', { date: date(NOW - 5000) }, 5000],
    ['a Date in the future: the origin’s clock is ahead', { date: date(NOW + 60_000) }, 400],
    ['a Date that is none', { date: 'yesterday' }, 400],
    ['Age, and how long the answer took', { age: '7' }, 7400],
    ['Age 0, and how long the answer took', { age: '0' }, 400],
    ['the larger: Age', { age: '7', date: date(NOW - 5000) }, 7400],
    ['the larger: Date', { age: '2', date: date(NOW - 5000) }, 5000],
    ['of several Ages the first (5.1)', { age: '3, 9' }, 3400],
    ['an Age that is none is ignored (5.1)', { age: 'x' }, 400],
    ['a negative Age is none', { age: '-5' }, 400],
    ['an Age with a fraction is none', { age: '1.5' }, 400],
    ['an invalid one in front of a good one', { age: 'x, 9' }, 400],
    ['an empty Age', { age: '' }, 400],
    ['an overlong Age', { age: '9'.repeat(50) }, 2 ** 31 * 1000 + 400],
  ])('%s', (_what, fields, age) => {
    expect(NOW - creationTime(new Headers(fields), SENT, NOW)).toBe(age);
  });

  test('a Date has whole seconds: what is below one is no age', () => {
    const headers = new Headers({ date: date(NOW) });
    expect(creationTime(headers, NOW + 999, NOW + 999)).toBe(NOW + 999);
    expect(creationTime(headers, NOW + 1000, NOW + 1000)).toBe(NOW);
  });

  test('is never after the answer came', () => {
    expect(creationTime(new Headers({ date: date(NOW + 1e9), age: '0' }), NOW, NOW)).toBe(NOW);
  });
});

const NONE = { whileRevalidate: 0, ifError: 0, ifDisconnected: 0 };
const ALL = { whileRevalidate: 10, ifError: 20, ifUnreachable: 30 };

function windows(
  field: string,
  {
    lifetime = 1,
    status = 200,
    stale = {},
  }: { lifetime?: number; status?: number; stale?: Partial<StalePolicy> } = {},
): StaleWindows {
  const policy = { ...DEFAULT_CACHE_POLICY.stale, ...stale };
  return staleWindows(parseCacheControl(field), { lifetime, status }, policy);
}

describe('the stale windows of a policy', () => {
  it.each<[string, string, Partial<StalePolicy>, number, number, number]>([
    ['count where nothing is said', 'max-age=9', ALL, 10, 20, 30],
    ['of errors is that without the origin as well', 'max-age=9', { ifError: 90 }, 0, 90, 90],
    ['none', 'max-age=9', { ifUnreachable: 0 }, 0, 0, 0],
    ['do not count where it is said', 'stale-if-error=1, stale-while-revalidate=2', ALL, 2, 1, 1],
    ['nor where it is said that there is none', 'stale-if-error=0', ALL, 10, 0, 0],
    ['nor where it is said invalidly', 'stale-while-revalidate=x', ALL, 0, 20, 30],
    ['each for itself', 'stale-if-error=1', ALL, 10, 1, 1],
    ['max lowers what it says itself', 'max-age=9', { ...ALL, max: 15 }, 10, 15, 15],
    [
      'max lowers what the response says',
      'stale-if-error=600, stale-while-revalidate=600',
      { max: 15 },
      15,
      15,
      15,
    ],
    ['max of nothing', 'stale-if-error=600', { ...ALL, max: 0 }, 0, 0, 0],
    ...['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache'].map(
      (name): [string, string, Partial<StalePolicy>, number, number, number] => [
        `none with ${name}, which forbids it`,
        name,
        ALL,
        0,
        0,
        0,
      ],
    ),
  ])('%s', (_what, field, stale, whileRevalidate, ifError, ifDisconnected) => {
    expect(windows(field, { stale })).toEqual({ whileRevalidate, ifError, ifDisconnected });
  });

  test('make no error last, but where its origin can not be reached at all', () => {
    const stale = { ...ALL, ifError: 900 };
    const expected = { whileRevalidate: 0, ifError: 0, ifDisconnected: 30 };
    expect(windows('max-age=9', { stale, status: 404 })).toEqual(expected);
    const said = 'max-age=9, stale-if-error=5, stale-while-revalidate=6';
    expect(windows(said, { stale, status: 404 })).toEqual({
      whileRevalidate: 6,
      ifError: 5,
      ifDisconnected: 5,
    });
  });
});

describe('the stale windows (RFC 5861, sections 3 and 4; RFC 9111, section 4.2.4)', () => {
  it.each<[string, string, number, number, number]>([
    ['a minute without its origin where nothing is said', 'max-age=60', 0, 0, 60],
    ['while it is refreshed', 'max-age=60, stale-while-revalidate=30', 30, 0, 60],
    ['when its origin fails', 'max-age=60, stale-if-error=600', 0, 600, 600],
    ['both', 'max-age=1, stale-while-revalidate=30, stale-if-error=600', 30, 600, 600],
    ['what is said of errors counts, also when it is less', 'stale-if-error=1', 0, 1, 1],
    ['and when it is nothing', 'stale-if-error=0', 0, 0, 0],
    ['the largest (RFC 9111, section 1.2.2)', 'stale-if-error=99999999999', 0, 2 ** 31, 2 ** 31],
    ['one without a value is none', 'stale-while-revalidate, stale-if-error=1', 0, 1, 1],
    ['one that is no number is none', 'stale-while-revalidate=x, stale-if-error=-1', 0, 0, 0],
    ['of two the first counts', 'stale-while-revalidate=1, stale-while-revalidate=9', 1, 0, 60],
    ['no-cache of some fields forbids nothing', 'no-cache="x", stale-if-error=9', 0, 9, 9],
    ...[
      ['must-revalidate', '5.2.2.2'],
      ['proxy-revalidate', '5.2.2.8'],
      ['s-maxage=1', '5.2.2.10'],
      ['no-cache', '5.2.2.4'],
      ['no-cache=""', '5.2.2.4'],
    ].map(([name, section]): [string, string, number, number, number] => [
      `none with ${name} (RFC 9111, section ${section})`,
      `max-age=1, stale-while-revalidate=30, stale-if-error=30, ${name}`,
      0,
      0,
      0,
    ]),
  ])('%s', (_what, field, whileRevalidate, ifError, ifDisconnected) => {
    expect(windows(field)).toEqual({
      whileRevalidate,
      ifError,
      ifDisconnected,
    });
  });

  test('what was never fresh is served stale only where it says so', () => {
    const never = { lifetime: 0 };
    expect(windows('max-age=0', never)).toEqual(NONE);
    expect(windows('max-age=0', { ...never, stale: ALL })).toEqual(NONE);
    const said = { whileRevalidate: 0, ifError: 9, ifDisconnected: 9 };
    expect(windows('max-age=0, stale-if-error=9', never)).toEqual(said);
  });
});
