import { describe, expect, it, test } from 'vitest';
import { judgeStorability } from '../../../src/gateway/storability.ts';
import { DEFAULT_CACHE_POLICY } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const date = (ms: number): string => new Date(ms).toUTCString();
const FRESH = { 'cache-control': 'max-age=60' };

interface Asked {
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly setCookie?: 'refuse' | 'store';
}

function judge(status: number, headers: Record<string, string>, asked: Asked = {}) {
  const { url = 'https://acme.example/', method = 'GET', setCookie } = asked;
  const request = new Request(url, { method, headers: asked.headers ?? {} });
  const policy = { ...DEFAULT_CACHE_POLICY, ...(setCookie ? { setCookie } : {}) };
  return judgeStorability(request, { status, headers: new Headers(headers) }, NOW, policy);
}

/** The lifetime of what is storable; else the reason. */
function outcome(status: number, headers: Record<string, string>, asked?: Asked): number | string {
  const verdict = judge(status, headers, asked);
  return verdict.storable ? verdict.lifetime : verdict.reason;
}

const ERRORS = [
  400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 414, 415, 416, 417, 421, 422,
  426, 429, 451, 499, 500, 501, 502, 503, 504, 505, 599,
];

describe('RFC 9111, section 3: a response may be stored', () => {
  test('when it says how long it is fresh', () => {
    expect(judge(200, { ...FRESH, vary: 'B, accept-encoding, A' })).toEqual({
      storable: true,
      lifetime: 60,
      heuristic: false,
      windows: { whileRevalidate: 0, ifError: 0, ifDisconnected: 60 },
      keep: 3600,
      withheld: [],
      vary: ['a', 'b'],
    });
  });

  it.each([200, 201, 202, 203, 204, 205, 299, 300, 301, 302, 303, 305, 307, 308, 399, ...ERRORS])(
    'with status %i, any that is final',
    (status) => {
      expect(outcome(status, FRESH)).toBe(60);
    },
  );

  it.each<[string, Record<string, string>]>([
    ['public', { 'cache-control': 'public, max-age=60' }],
    ['must-revalidate', { 'cache-control': 'max-age=60, must-revalidate' }],
    ['an unknown directive (5.2.3)', { 'cache-control': 'max-age=60, community="UCI"' }],
    ['Vary', { vary: 'Accept-Language' }],
    ['an empty Vary', { vary: '' }],
    ['Pragma, which is for requests', { pragma: 'no-cache' }],
    ['a directive’s name inside quotes', { 'cache-control': 'max-age=60, x="no-store"' }],
    ['an entity tag', { etag: '"a"' }],
    ['a coding that the runtime decodes', { 'content-encoding': 'gzip' }],
    ['a coding that nobody decodes', { 'content-encoding': 'zstd' }],
    ['another type of text', { 'content-type': 'text/event-streamer' }],
    ['as many tags as may be', { 'cache-tag': Array.from({ length: 64 }, (_, at) => at).join() }],
  ])('with %s', (_what, headers) => {
    expect(outcome(200, { ...FRESH, ...headers })).toBe(60);
  });

  it.each<[string, Record<string, string>]>([
    ['Expires', { expires: date(NOW + 60_000) }],
    ['s-maxage', { 'cache-control': 's-maxage=60, max-age=0' }],
    ['a targeted field (RFC 9213)', { 'cdn-cache-control': 'max-age=60' }],
    [
      'a targeted field, whatever Cache-Control says',
      { 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store, private' },
    ],
  ])('by %s alone', (_what, headers) => {
    expect(outcome(200, headers)).toBe(60);
  });
});

describe('a response must not be stored', () => {
  it.each([206, 304, 413, 431])('with status %i', (status) => {
    expect(judge(status, FRESH)).toEqual({ storable: false, reason: 'status', forAll: false });
  });

  it.each<[string, Record<string, string>, string]>([
    ['no-store (5.2.2.5)', { 'cache-control': 'no-store, max-age=60' }, 'no-store'],
    ['private (5.2.2.7)', { 'cache-control': 'max-age=60, private' }, 'private'],
    ['private of some fields, and of all', { 'cache-control': 'private="x", private' }, 'private'],
    ['private of nothing that has a name', { 'cache-control': 'private="", max-age=9' }, 'private'],
    ['private of its type', { 'cache-control': 'private="content-type", max-age=9' }, 'private'],
    ['private of Vary', { 'cache-control': 'private="vary", max-age=9' }, 'private'],
    ['any case of them', { 'cache-control': 'MAX-AGE=60, No-Store' }, 'no-store'],
    ['a targeted no-store', { ...FRESH, 'cdn-cache-control': 'no-store' }, 'no-store'],
    ['a targeted private', { ...FRESH, 'cdn-cache-control': 'private, max-age=9' }, 'private'],
    ['a Vary by anything (4.1)', { ...FRESH, vary: '*' }, 'vary'],
    ['a Vary by anything, among others', { ...FRESH, vary: 'accept-encoding,*' }, 'vary'],
    [
      'events without an end',
      { ...FRESH, 'content-type': 'Text/Event-Stream; a=b' },
      'event-stream',
    ],
    [
      'more tags than are kept: it could not be purged by all of them',
      { ...FRESH, 'cache-tag': Array.from({ length: 65 }, (_, at) => at).join() },
      'too-many-tags',
    ],
    ['tags that are none', { ...FRESH, 'cache-tag': 'é' }, 'invalid-tags'],
    [
      'more groups than are kept',
      { ...FRESH, 'cache-groups': Array.from({ length: 65 }, (_, at) => `"${at}"`).join() },
      'too-many-groups',
    ],
    ['no freshness', { 'cache-control': 'public' }, 'no-freshness'],
    ['no field at all', {}, 'no-freshness'],
    ['no freshness left', { 'cache-control': 'max-age=0' }, 'stale'],
    ['an invalid freshness', { 'cache-control': 'max-age=x' }, 'stale'],
    [
      'an invalid freshness, which does not fall back to Expires (4.2.1)',
      { 'cache-control': 'max-age=1 day', expires: date(NOW + 60_000) },
      'stale',
    ],
    ['Expires in the past', { expires: '0' }, 'stale'],
    ['a targeted one in quotes', { ...FRESH, 'cdn-cache-control': 'max-age="60"' }, 'stale'],
    [
      'a targeted field that says nothing of it',
      { 'cdn-cache-control': 'foo', ...FRESH },
      'no-freshness',
    ],
    ['no-cache and nothing to validate by', { 'cache-control': 'no-cache, max-age=9' }, 'no-cache'],
  ])('with %s', (_what, headers, reason) => {
    expect(judge(200, headers)).toEqual({ storable: false, reason, forAll: true });
  });

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('for %s', (method) => {
    expect(judge(200, FRESH, { method })).toMatchObject({ reason: 'method', forAll: false });
  });

  test('when the client forbids it (5.2.1.5): nothing that others have to know', () => {
    const headers = { 'cache-control': 'No-Store' };
    expect(judge(200, FRESH, { headers })).toMatchObject({
      reason: 'request-no-store',
      forAll: false,
    });
    expect(outcome(200, FRESH, { headers: { 'cache-control': 'no-cache' } })).toBe(60);
  });

  test('a protocol that was switched to', () => {
    expect(outcome(101, FRESH)).toBe('event-stream');
  });
});

describe('what is stored for validation only: no freshness, a validator, status 200', () => {
  const tag = { etag: '"a"' };
  const modified = { 'last-modified': date(NOW) };
  it.each<[string, Record<string, string>]>([
    ['no-cache (5.2.2.4)', { 'cache-control': 'no-cache, max-age=60', ...tag }],
    ['no-cache with Last-Modified', { 'cache-control': 'no-cache', ...modified }],
    ['max-age=0', { 'cache-control': 'max-age=0, must-revalidate', ...tag }],
    ['Expires in the past', { expires: date(NOW - 5000), ...modified }],
    ['nothing said', { ...tag }],
    ['a guess that comes to nothing', { date: date(NOW), ...modified }],
  ])('%s', (_what, headers) => {
    expect(judge(200, headers)).toMatchObject({
      storable: true,
      lifetime: 0,
      windows: { whileRevalidate: 0, ifError: 0, ifDisconnected: 0 },
    });
  });

  it.each<[string, number, Record<string, string>, string]>([
    ['another status', 404, { 'cache-control': 'no-cache', ...tag }, 'no-cache'],
    ['a tag that is none', 200, { 'cache-control': 'no-cache', etag: 'a' }, 'no-cache'],
    ['two tags', 200, { 'cache-control': 'max-age=0', etag: '"a", "b"' }, 'stale'],
    ['a time that is none', 200, { 'cache-control': 'max-age=0', 'last-modified': 'x' }, 'stale'],
  ])('not with %s', (_what, status, headers, reason) => {
    expect(outcome(status, headers)).toBe(reason);
  });

  test('of what was answered to a cookie only by its tag: two people’s pages may be of the same time', () => {
    const headers = { cookie: 'a=b' };
    const field = { 'cache-control': 'no-cache' };
    expect(judge(200, { ...field, ...modified }, { headers })).toEqual({
      storable: false,
      reason: 'no-cache',
      forAll: false,
    });
    expect(outcome(200, { ...field, ...tag }, { headers })).toBe(0);
    const weak = { ...field, etag: 'W/"a"' };
    expect(outcome(200, weak, { headers })).toBe('no-cache');
    expect(outcome(200, { ...weak, 'cache-control': 'public, max-age=0' }, { headers })).toBe(0);
    const selecting = { ...field, ...modified, vary: 'Cookie' };
    expect(outcome(200, selecting, { headers })).toBe(0);
  });

  test('and of what was answered to credentials', () => {
    const headers = { authorization: 'Bearer a' };
    const field = { 'cache-control': 'no-cache, public' };
    expect(outcome(200, { ...field, ...modified }, { headers })).toBe('no-cache');
    expect(outcome(200, { ...field, ...tag }, { headers })).toBe(0);
  });

  test('what may be served stale is stored without a validator', () => {
    expect(judge(200, { 'cache-control': 'max-age=0, stale-while-revalidate=9' })).toMatchObject({
      lifetime: 0,
      windows: { whileRevalidate: 9, ifError: 0, ifDisconnected: 0 },
    });
    expect(judge(200, { 'cache-control': 'no-cache, stale-while-revalidate=9' })).toMatchObject({
      reason: 'no-cache',
    });
  });
});

describe('what is past its age when it comes', () => {
  const aged = { 'cache-control': 'max-age=60, must-revalidate', age: '60' };
  it.each<[string, number, Record<string, string>]>([
    ['by Age', 200, aged],
    ['by Date', 200, { ...aged, age: '0', date: date(NOW - 60_000) }],
    ['with a validator that is for a 200', 404, { ...aged, etag: '"a"' }],
    ['past the minute without its origin', 200, { ...FRESH, age: '120' }],
    [
      'past its windows',
      200,
      { 'cache-control': 'max-age=1, stale-while-revalidate=9', age: '61' },
    ],
    ['by a guess', 404, { date: date(NOW), 'last-modified': date(NOW - 100_000), age: '70' }],
  ])('is not stored: %s', (_what, status, headers) => {
    expect(judge(status, headers)).toEqual({ storable: false, reason: 'stale', forAll: true });
  });

  it.each<[string, Record<string, string>]>([
    ['it has a second left', { ...aged, age: '59' }],
    ['it can be validated', { ...aged, etag: '"a"' }],
    ['it may be served for want of its origin', { ...FRESH, age: '119' }],
    [
      'it is served stale while it is refreshed',
      { 'cache-control': 'max-age=1, stale-while-revalidate=99', age: '61' },
    ],
  ])('is stored: %s', (_what, headers) => {
    expect(judge(200, headers).storable).toBe(true);
  });

  test('the time that the answer took counts', () => {
    const request = new Request('https://acme.example/');
    const response = { status: 200, headers: new Headers(aged) };
    response.headers.set('age', '30');
    const made = (createdAt: number) =>
      judgeStorability(request, response, NOW, DEFAULT_CACHE_POLICY, createdAt);
    expect(made(NOW - 59_999).storable).toBe(true);
    expect(made(NOW - 60_000)).toMatchObject({ reason: 'stale' });
  });
});

describe('a guess (RFC 9111, section 4.2.2)', () => {
  const old = { date: date(NOW), 'last-modified': date(NOW - 86_400_000) };
  it.each([200, 203, 204, 300, 301, 308])('is made for %i', (status) => {
    expect(judge(status, old)).toMatchObject({ lifetime: 8640, heuristic: true });
  });

  it.each([404, 405, 410, 414, 501])('is made for %i, and is a minute at most', (status) => {
    expect(judge(status, old)).toMatchObject({ lifetime: 60, heuristic: true });
    expect(outcome(status, { ...old, 'last-modified': date(NOW - 10_000) })).toBe(1);
  });

  it.each([201, 202, 205, 302, 303, 307])('is not made for %i', (status) => {
    expect(judge(status, old)).toEqual({ storable: false, reason: 'status', forAll: true });
  });

  it.each([400, 401, 403, 429, 500, 502, 503, 504, 599])(
    'is not made for %i, which may pass with the next request',
    (status) => {
      expect(judge(status, old)).toEqual({ storable: false, reason: 'status', forAll: false });
      expect(judge(status, {})).toMatchObject({ reason: 'status' });
    },
  );

  it.each([201, 302, 403, 503, 599])('is made for %i when it is public (5.2.2.9)', (status) => {
    expect(judge(status, { ...old, 'cache-control': 'public' })).toMatchObject({ heuristic: true });
  });

  it.each(['cookie', 'authorization'])('is not made for a request with %s', (name) => {
    const headers = { [name]: 'a=b' };
    const answer = { ...old, etag: '"a"', 'cache-control': 'public' };
    expect(judge(200, answer, { headers })).toEqual({
      storable: false,
      reason: 'no-freshness',
      forAll: false,
    });
    // Nobody could store this one.
    expect(judge(200, { 'cache-control': 'public' }, { headers })).toMatchObject({ forAll: true });
    expect(outcome(200, { 'cache-control': 'public, max-age=60' }, { headers })).toBe(60);
  });

  it.each([
    ['/me/x.css', 'text/html; charset=utf-8', 'type-mismatch'],
    ['/me/x.CSS', 'text/html', 'type-mismatch'],
    ['/me;x.css', 'text/html', 'type-mismatch'],
    ['/me%2fx.css', 'text/html', 'type-mismatch'],
    ['/me%3fx.css', 'text/html', 'type-mismatch'],
    ['/me/x%2ecss', 'text/html', 'type-mismatch'],
    ['/me/x.css/', 'text/html', 'type-mismatch'],
    ['/me/x.css%00', 'text/html', 'type-mismatch'],
    ['/me/x.css%0a', 'text/html', 'type-mismatch'],
    ['/me/x.css?a=b', 'text/html', 'type-mismatch'],
    ['/me/x.js', 'application/json', 'type-mismatch'],
    ['/me/x.png', 'text/html', 'type-mismatch'],
    ['/me/x.jpg', '', 'type-mismatch'],
    ['/me/x.woff2', 'application/json', 'type-mismatch'],
    ['/me/x.pdf', 'application/xhtml+xml', 'type-mismatch'],
    ['/me/x.mp4', 'text/plain', 'type-mismatch'],
    ['/x.css', 'text/css; charset=utf-8', 8640],
    ['/x.js', 'application/javascript', 8640],
    ['/x.js', 'Text/JavaScript', 8640],
    ['/x.svg', 'image/svg+xml', 8640],
    ['/x.ico', 'image/x-icon', 8640],
    ['/x.woff2', 'font/woff2', 8640],
    ['/x.woff', 'application/font-woff', 8640],
    ['/x.ttf', 'application/octet-stream', 8640],
    ['/x.pdf', 'application/pdf', 8640],
    ['/x.html', 'text/html', 8640],
    ['/css', 'text/html', 8640],
    ['/x.css/y', 'text/html', 8640],
    ['/?x.css', 'text/html', 8640],
    ['/version-1.2', 'text/html', 8640],
  ])('%s as %s: %s', (path, type, expected) => {
    const url = `https://acme.example${path}`;
    expect(outcome(200, { ...old, 'content-type': type }, { url })).toBe(expected);
    // An origin that says how long means it.
    expect(outcome(200, { ...FRESH, 'content-type': type }, { url })).toBe(60);
  });
});

describe('fields of which alone private or no-cache is said (5.2.2.4, 5.2.2.7) are not stored', () => {
  it.each<[string, string[]]>([
    ['private="X-A, set-cookie", max-age=60', ['x-a', 'set-cookie']],
    ['no-cache="x-a", max-age=60', ['x-a']],
    ['private="x-a", no-cache="x-b", max-age=60', ['x-a', 'x-b']],
    ['max-age=60, private="a", no-cache="a"', ['a']],
  ])('%s', (field, withheld) => {
    expect(judge(200, { 'cache-control': field })).toMatchObject({ lifetime: 60, withheld });
  });
});

describe('Set-Cookie', () => {
  it.each<[string, Record<string, string>, 'refuse' | 'store' | undefined, number | string]>([
    ['by default', FRESH, undefined, 'set-cookie'],
    ['where the tenant refuses it', FRESH, 'refuse', 'set-cookie'],
    ['where the tenant stores it', FRESH, 'store', 60],
    ['kept out by private', { 'cache-control': 'max-age=60, private="Set-Cookie"' }, undefined, 60],
    ['kept out by no-cache', { 'cache-control': 'max-age=60, no-cache=set-cookie' }, undefined, 60],
    [
      'another one kept out',
      { 'cache-control': 'max-age=60, private="x"' },
      undefined,
      'set-cookie',
    ],
    [
      'kept out where Cache-Control does not govern',
      { 'cache-control': 'private="set-cookie"', 'cdn-cache-control': 'max-age=60' },
      undefined,
      'set-cookie',
    ],
    ['private all the same', { 'cache-control': 'private' }, 'store', 'private'],
  ])('%s', (_what, headers, setCookie, expected) => {
    const asked = setCookie ? { setCookie } : {};
    expect(outcome(200, { ...headers, 'set-cookie': 'a=b' }, asked)).toBe(expected);
  });
});

describe('must-understand (5.2.2.3)', () => {
  it.each([
    [200, 'max-age=60, no-store, must-understand', 60],
    [404, 'no-store, must-understand, max-age=60', 60],
    [599, 'max-age=60, no-store, must-understand', 'must-understand'],
    [599, 'max-age=60, must-understand', 'must-understand'],
    [200, 'must-understand, private', 'private'],
  ])('%i with %s: %s', (status, field, expected) => {
    expect(outcome(status, { 'cache-control': field })).toBe(expected);
  });
});

describe('an answer to a request with Authorization (RFC 9111, section 3.5)', () => {
  const headers = { authorization: 'Bearer a' };
  it.each<[Record<string, string>, number | string]>([
    [{ 'cache-control': 'max-age=60' }, 'authorization'],
    [{ 'cache-control': 'max-age=60, proxy-revalidate' }, 'authorization'],
    [{ 'cache-control': 'no-cache', etag: '"a"' }, 'authorization'],
    [{ 'cache-control': 'max-age=60, public' }, 60],
    [{ 'cache-control': 'max-age=60, must-revalidate' }, 60],
    [{ 'cache-control': 's-maxage=60' }, 60],
    [{ 'cache-control': 'public, private, max-age=60' }, 'private'],
    [{ 'cache-control': 'public', 'cdn-cache-control': 'max-age=60' }, 'authorization'],
    [{ 'cdn-cache-control': 'max-age=60, public' }, 60],
  ])('with %j: %s', (answer, expected) => {
    const verdict = judge(200, answer, { headers });
    expect(verdict.storable ? verdict.lifetime : verdict.reason).toBe(expected);
    if (expected === 'authorization') expect(verdict).toMatchObject({ forAll: false });
  });
});

describe('an error that the request may have caused', () => {
  const headers = { 'x-http-method-override': 'DELETE' };
  it.each(ERRORS)('%i is not stored, whatever it says', (status) => {
    expect(judge(status, FRESH, { headers })).toEqual({
      storable: false,
      reason: 'unusual-request',
      forAll: false,
    });
  });

  test('anything else is: what is odd about the request has not reached the origin', () => {
    expect(outcome(200, FRESH, { headers })).toBe(60);
    expect(outcome(301, FRESH, { headers })).toBe(60);
  });
});

test('every reason is a Token: it is sent as the detail of Cache-Status', () => {
  const of = (fields: Record<string, string>, asked?: Asked) => outcome(200, fields, asked);
  for (const reason of [
    of({ 'cache-control': 'no-store' }),
    of({}),
    of({ 'cache-control': 'max-age=0' }),
    of({ ...FRESH, vary: '*' }),
    of({ ...FRESH, 'set-cookie': 'a=b' }),
    of({ 'last-modified': date(0) }, { url: 'https://acme.example/a.css' }),
  ])
    expect(reason).toMatch(/^[a-z][a-z-]*$/);
});
