import { describe, expect, it, test } from 'vitest';
import { judgeStorability } from '../../../src/gateway/storability.ts';

const NOW = Date.UTC(2026, 7, 1);
const URL_ = 'https://acme.example/';

function judge(
  response: { status?: number; headers?: Record<string, string> } = {},
  request: RequestInit = {},
) {
  const status = response.status ?? 200;
  const body = [204, 205, 304].includes(status) ? null : 'body';
  const headers = { 'cache-control': 'max-age=60', ...response.headers };
  return judgeStorability(new Request(URL_, request), new Response(body, { status, headers }), NOW);
}
const reasonOf = (verdict: ReturnType<typeof judge>): string =>
  verdict.storable ? 'storable' : verdict.reason;

describe('RFC 9111, section 3: a response may be stored', () => {
  test('when it says how long it is fresh', () => {
    expect(judge()).toEqual({ storable: true, lifetime: 60 });
  });

  it.each([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410])('with status %i', (status) => {
    expect(judge({ status })).toEqual({ storable: true, lifetime: 60 });
  });

  it.each<[string, Record<string, string>]>([
    ['public', { 'cache-control': 'public, max-age=60' }],
    ['must-revalidate', { 'cache-control': 'max-age=60, must-revalidate' }],
    ['an unknown directive (5.2.3)', { 'cache-control': 'max-age=60, community="UCI"' }],
    ['Vary: Accept-Encoding: the origin is always asked for one', { vary: 'Accept-Encoding' }],
    ['an empty Vary', { vary: '' }],
    ['Pragma, which is for requests', { pragma: 'no-cache' }],
    ['a directive’s name inside quotes', { 'cache-control': 'max-age=60, x="no-store"' }],
    ['an entity tag', { etag: '"a"' }],
    ['a coding that the runtime decodes', { 'content-encoding': 'gzip' }],
    ['another of them, in any case', { 'content-encoding': ' BR ' }],
    ['no coding', { 'content-encoding': 'identity' }],
    [
      'as many tags as there may be',
      { 'cache-tag': Array.from({ length: 64 }, (_, at) => at).join() },
    ],
  ])('with %s', (_what, headers) => {
    expect(reasonOf(judge({ headers }))).toBe('storable');
  });

  it.each([
    ['Expires', { 'cache-control': '', expires: new Date(NOW + 60_000).toUTCString() }],
    ['s-maxage', { 'cache-control': 's-maxage=60, max-age=0' }],
  ])('by %s alone', (_what, headers) => {
    expect(judge({ headers })).toEqual({ storable: true, lifetime: 60 });
  });
});

describe('and must not be', () => {
  it.each([
    201, 202, 205, 206, 304, 400, 401, 403, 405, 413, 414, 421, 429, 431, 500, 501, 502, 503, 504,
  ])('with status %i', (status) => {
    expect(reasonOf(judge({ status }))).toBe('status');
  });

  it.each<[string, Record<string, string>, string]>([
    ['no-store (5.2.2.5)', { 'cache-control': 'no-store, max-age=60' }, 'no-store'],
    ['private (5.2.2.7)', { 'cache-control': 'max-age=60, private' }, 'private'],
    ['private of some fields', { 'cache-control': 'max-age=60, private="x"' }, 'private'],
    ['no-cache (5.2.2.4)', { 'cache-control': 'no-cache, max-age=60' }, 'no-cache'],
    [
      'no-cache of some fields',
      { 'cache-control': 'max-age=60, no-cache="set-cookie"' },
      'no-cache',
    ],
    ['any case of them', { 'cache-control': 'MAX-AGE=60, No-Store' }, 'no-store'],
    [
      'no-store beside must-understand (5.2.2.3)',
      { 'cache-control': 'must-understand, no-store, max-age=60' },
      'no-store',
    ],
    ['a cookie for one client', { 'set-cookie': 'a=b' }, 'set-cookie'],
    ['a Vary by what is not in the key', { vary: 'Accept-Language' }, 'vary'],
    ['a Vary by that and the coding', { vary: 'Accept-Encoding, Cookie' }, 'vary'],
    ['a Vary by anything (4.1)', { vary: '*' }, 'vary'],
    ['a Vary by anything, among others', { vary: 'accept-encoding,*' }, 'vary'],
    ['a coding that nobody decodes', { 'content-encoding': 'zstd' }, 'content-encoding'],
    ['two codings', { 'content-encoding': 'gzip, br' }, 'content-encoding'],
    [
      'more tags than are kept: it could not be purged by all of them',
      { 'cache-tag': Array.from({ length: 65 }, (_, at) => at).join() },
      'too-many-tags',
    ],
    ['no freshness', { 'cache-control': 'public' }, 'no-freshness'],
    ['no field at all', { 'cache-control': '' }, 'no-freshness'],
    ['no freshness left', { 'cache-control': 'max-age=0' }, 'stale'],
    ['an invalid freshness', { 'cache-control': 'max-age=x' }, 'stale'],
    [
      'an invalid freshness, which does not fall back to Expires (4.2.1)',
      { 'cache-control': 'max-age=1 day', expires: new Date(NOW + 60_000).toUTCString() },
      'stale',
    ],
    ['Expires in the past', { 'cache-control': '', expires: '0' }, 'stale'],
  ])('with %s', (_what, headers, reason) => {
    expect(reasonOf(judge({ headers }))).toBe(reason);
  });

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('for %s', (method) => {
    expect(reasonOf(judge({}, { method }))).toBe('method');
  });

  test('when the client forbids it (5.2.1.5)', () => {
    expect(reasonOf(judge({}, { headers: { 'cache-control': 'No-Store' } }))).toBe(
      'request-no-store',
    );
    expect(reasonOf(judge({}, { headers: { 'cache-control': 'no-cache' } }))).toBe('storable');
  });
});

describe('an answer to a request with Authorization (RFC 9111, section 3.5)', () => {
  const request = { headers: { authorization: 'Bearer a' } };
  it.each([
    ['max-age=60', 'authorization'],
    ['max-age=60, proxy-revalidate', 'authorization'],
    ['max-age=60, public', 'storable'],
    ['max-age=60, must-revalidate', 'storable'],
    ['s-maxage=60', 'storable'],
    ['public, private, max-age=60', 'private'],
  ])('with %s: %s', (field, reason) => {
    expect(reasonOf(judge({ headers: { 'cache-control': field } }, request))).toBe(reason);
  });
});

test('every reason is a Token: it is sent as the detail of Cache-Status', () => {
  for (const headers of [
    { 'cache-control': 'no-store' },
    { 'cache-control': 'public' },
    { 'cache-control': 'max-age=0' },
    { vary: '*' },
    { 'set-cookie': 'a=b' },
  ])
    expect(reasonOf(judge({ headers }))).toMatch(/^[a-z][a-z-]*$/);
});
