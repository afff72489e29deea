import { describe, expect, it, test } from 'vitest';
import { judgeStorability } from '../../../src/gateway/storability.ts';
import { DEFAULT_CACHE_POLICY, type CachePolicy } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const date = (ms: number): string => new Date(ms).toUTCString();
const OLD = { date: date(NOW), 'last-modified': date(NOW - 86_400_000) };

type Ttl = Partial<CachePolicy['ttl']>;
interface Asked {
  readonly url?: string;
  readonly headers?: Record<string, string>;
}

function judge(
  status: number,
  headers: Record<string, string>,
  changes: Partial<CachePolicy>,
  { url = 'https://acme.example/', headers: asked = {} }: Asked = {},
) {
  const request = new Request(url, { headers: asked });
  const policy = { ...DEFAULT_CACHE_POLICY, ...changes };
  return judgeStorability(request, { status, headers: new Headers(headers) }, NOW, policy);
}

/** The lifetime of what is storable; else the reason. */
function outcome(...args: Parameters<typeof judge>): number | string {
  const verdict = judge(...args);
  return verdict.storable ? verdict.lifetime : verdict.reason;
}

const ttl = (bounds: Ttl): Partial<CachePolicy> => ({
  ttl: { ...DEFAULT_CACHE_POLICY.ttl, ...bounds },
});

describe('a policy’s default', () => {
  const policy = ttl({ default: 300 });

  it.each([200, 203, 204, 300, 301, 308])('counts for %i', (status) => {
    expect(judge(status, {}, policy)).toMatchObject({ lifetime: 300, heuristic: true });
    expect(outcome(status, OLD, policy), 'in place of the heuristic').toBe(300);
  });

  it.each([201, 302, 303, 307, 400, 403, 429, 500, 503])('does not count for %i', (status) => {
    expect(outcome(status, {}, policy)).toBe('status');
  });

  it.each([404, 405, 410, 414, 501])('nor for %i, which may be guessed', (status) => {
    expect(outcome(status, {}, policy)).toBe('no-freshness');
    expect(outcome(status, OLD, policy)).toBe(60);
  });

  it.each<[string, Record<string, string>, number | string]>([
    ['max-age', { 'cache-control': 'max-age=9' }, 9],
    ['s-maxage', { 'cache-control': 's-maxage=9' }, 9],
    ['Expires', { expires: date(NOW + 9000) }, 9],
    ['a targeted field', { 'cdn-cache-control': 'max-age=9' }, 9],
    ['max-age=0', { 'cache-control': 'max-age=0' }, 'stale'],
    ['no-cache', { 'cache-control': 'no-cache' }, 'no-cache'],
    ['no-store', { 'cache-control': 'no-store' }, 'no-store'],
    ['private', { 'cache-control': 'private' }, 'private'],
    ['Pragma of an old origin', { pragma: 'no-cache' }, 'no-freshness'],
    ['Set-Cookie', { 'set-cookie': 'a=b' }, 'set-cookie'],
  ])('does not count beside %s', (_what, headers, expected) => {
    expect(outcome(200, headers, policy)).toBe(expected);
  });

  it.each(['cookie', 'authorization'])('does not count for a request with %s', (name) => {
    const asked = { headers: { [name]: 'a=b' } };
    const answer = { 'cache-control': 'public' };
    expect(judge(200, answer, policy, asked)).toEqual({
      storable: false,
      reason: 'no-freshness',
      forAll: false,
    });
  });

  it.each([
    ['/me/x.css', 'text/html', 'type-mismatch'],
    ['/me;x.css', 'text/html', 'type-mismatch'],
    ['/me/x.css', 'text/css', 300],
    ['/a//b', 'text/html', 'ambiguous-path'],
    ['/me%2fx', 'text/html', 'ambiguous-path'],
    ['/static/..%2fme', 'text/html', 'ambiguous-path'],
    ['/me;v=1', 'text/html', 'ambiguous-path'],
    ['/a%20b', 'text/html', 300],
  ])(
    'is for no path or type that may deceive: %s as %s is %s [trap:deception] [trap:path-normalisation]',
    (path, type, expected) => {
      const asked = { url: `https://acme.example${path}` };
      const fields = { 'content-type': type };
      expect(outcome(200, fields, policy, asked)).toBe(expected);
      expect(outcome(200, { ...fields, 'cache-control': 'max-age=9' }, policy, asked)).toBe(9);
    },
  );

  test('an ambiguous path gets no heuristic either, and is stored to be validated where it can be', () => {
    const asked = { url: 'https://acme.example/a//b' };
    const verdict = judge(200, OLD, {}, asked);
    expect(verdict).toMatchObject({ storable: true, lifetime: 0, heuristic: false });
    expect(outcome(200, {}, {}, asked)).toBe('no-freshness');
    expect(outcome(404, OLD, {}, asked)).toBe('ambiguous-path');
  });

  test('of nothing: stored to be validated only', () => {
    expect(judge(200, OLD, ttl({ default: 0 }))).toMatchObject({ storable: true, lifetime: 0 });
  });
});

describe('a policy’s bounds', () => {
  it.each<[string, Record<string, string>, Ttl, number | string]>([
    ['min raises max-age', { 'cache-control': 'max-age=5' }, { min: 60 }, 60],
    ['min raises s-maxage', { 'cache-control': 's-maxage=5' }, { min: 60 }, 60],
    [
      'min raises what a targeted field says',
      { 'cdn-cache-control': 'max-age=5' },
      { min: 60 },
      60,
    ],
    ['min raises a guess', { ...OLD, date: date(NOW) }, { min: 9000 }, 9000],
    ['min lowers nothing', { 'cache-control': 'max-age=90' }, { min: 60 }, 90],
    ['min does not raise nothing', { 'cache-control': 'max-age=0' }, { min: 60 }, 'stale'],
    ['min does not raise Expires of the past', { expires: '0' }, { min: 60 }, 'stale'],
    ['min does not raise no-cache', { 'cache-control': 'no-cache' }, { min: 60 }, 'no-cache'],
    ['min does not raise no-store', { 'cache-control': 'no-store' }, { min: 60 }, 'no-store'],
    ['min does not raise private', { 'cache-control': 'private' }, { min: 60 }, 'private'],
    ['min says nothing where nothing is said', {}, { min: 60 }, 'no-freshness'],
    [
      'min does not raise what comes stale',
      { 'cache-control': 'max-age=60, must-revalidate', age: '60' },
      { min: 600 },
      'stale',
    ],
    ['max lowers max-age', { 'cache-control': 'max-age=600' }, { max: 60 }, 60],
    ['max lowers s-maxage', { 'cache-control': 's-maxage=600' }, { max: 60 }, 60],
    ['max lowers a guess', OLD, { max: 60 }, 60],
    ['max lowers the default', {}, { default: 600, max: 60 }, 60],
    ['max raises nothing', { 'cache-control': 'max-age=6' }, { max: 60 }, 6],
    ['max wins over min', { 'cache-control': 'max-age=6' }, { min: 90, max: 60 }, 60],
  ])('%s', (_what, headers, bounds, expected) => {
    expect(outcome(200, headers, ttl(bounds))).toBe(expected);
  });

  test('min makes no error last, max shortens it', () => {
    const fields = { 'cache-control': 'max-age=5' };
    expect(outcome(503, fields, ttl({ min: 600 }))).toBe(5);
    expect(outcome(404, fields, ttl({ max: 1 }))).toBe(1);
  });

  test('a window opens where the bounded freshness ends', () => {
    const fields = { 'cache-control': 'max-age=5' };
    expect(judge(200, fields, ttl({ max: 0 }))).toMatchObject({ reason: 'stale' });
    expect(judge(200, { ...fields, etag: '"a"' }, ttl({ max: 0 }))).toMatchObject({
      lifetime: 0,
      windows: { ifDisconnected: 0 },
    });
  });
});

describe('a policy’s time for errors', () => {
  const policy = { negativeTtl: new Map([404, 410, 451, 500, 502, 503, 504].map((s) => [s, 30])) };

  it.each([404, 410, 451, 500, 502, 503, 504])('counts for %i', (status) => {
    expect(judge(status, {}, policy)).toMatchObject({ lifetime: 30, heuristic: true });
    expect(outcome(status, OLD, policy), 'in place of the heuristic').toBe(30);
    expect(outcome(status, { 'cache-control': 'max-age=2' }, policy)).toBe(2);
    expect(outcome(status, { 'cache-control': 'no-store' }, policy)).toBe('no-store');
    expect(outcome(status, {}, { ...policy, ...ttl({ max: 7, min: 600 }) })).toBe(7);
  });

  it.each([400, 401, 403, 405, 413, 414, 429, 431, 501, 505])(
    'does not count for an answer to the request, whatever is configured: %i [trap:cpdos]',
    (status) => {
      const all = { negativeTtl: new Map([[status, 30]]) };
      expect(judge(status, {}, all).storable).toBe(false);
    },
  );

  it.each([404, 503])('of nothing for %i: not stored', (status) => {
    const never = { negativeTtl: new Map([[status, 0]]) };
    expect(outcome(status, OLD, never)).toBe('no-freshness');
    expect(outcome(status, { 'cache-control': 'max-age=2' }, never)).toBe(2);
  });

  it.each<[string, Record<string, string>]>([
    ['a field that is stripped', { 'x-http-method-override': 'DELETE' }],
    ['more than servers take', { 'x-big': 'a'.repeat(5000) }],
  ])('is for no request that may have caused it: %s [trap:cpdos]', (_what, headers) => {
    for (const status of [404, 503])
      expect(outcome(status, {}, policy, { headers })).toBe('unusual-request');
  });

  test('is for no error that an unknown field may have caused [trap:cpdos]', () => {
    const headers = { 'x-made-up': '1', accept: '*/*' };
    for (const status of [404, 503]) {
      expect(judge(status, {}, policy, { headers })).toEqual({
        storable: false,
        reason: 'unusual-request',
        forAll: false,
      });
      expect(outcome(status, {}, policy, { headers: { accept: '*/*', 'user-agent': 'x' } })).toBe(
        30,
      );
    }
  });

  test.each<[string, Record<string, string>]>([
    ['a media type', { accept: 'text/made-up' }],
    ['a type of content', { 'content-type': 'made-up' }],
    ['a language', { 'accept-language': 'en-GB,made-up-by-me' }],
    ['a browser with markup', { 'user-agent': `Mozilla/5.0 ' OR 1=1 --` }],
    ['a page with markup', { referer: 'https://other.example/?q=%3Cscript%3E' }],
    ['a directive', { 'cache-control': 'made-up=1' }],
    ['a brand with markup', { 'sec-ch-ua': '"<b>";v="1"' }],
    ['a long name', { 'user-agent': 'a'.repeat(2000) }],
  ])('is for no error that an odd value may have caused: %s [trap:cpdos]', (_what, headers) => {
    for (const status of [404, 503])
      expect(outcome(status, {}, policy, { headers })).toBe('unusual-request');
  });

  test('is for what browsers cause', () => {
    const headers = {
      accept:
        'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
      'accept-language': 'en-US,en;q=0.9,de-CH;q=0.8,zh-Hans-CN;q=0.7',
      'cache-control': 'max-age=0',
      'cdn-loop': 'cloudflare; loops=1, tiercel; host="a.example"',
      'cf-visitor': '{"scheme":"https"}',
      'if-none-match': '"a"',
      priority: 'u=0, i',
      referer: 'https://www.google.com/',
      'sec-ch-ua': '"Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
      'sec-ch-ua-full-version-list': '"Chromium";v="130.0.6723.58", "Not(A:Brand";v="8.0.0.0"',
      'sec-ch-ua-mobile': '?0',
      'sec-ch-ua-model': '"Pixel 7"',
      'sec-ch-ua-platform': '"Windows"',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-user': '?1',
      'upgrade-insecure-requests': '1',
      'user-agent':
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
    };
    expect(outcome(503, {}, policy, { headers })).toBe(30);
  });

  test('is for nobody with a name, and for no ambiguous path; but for an error’s page of another type', () => {
    expect(outcome(404, {}, policy, { headers: { cookie: 'a=b' } })).toBe('no-freshness');
    expect(outcome(404, {}, policy, { url: 'https://acme.example/a//b' })).toBe('ambiguous-path');
    const page = { 'content-type': 'text/html' };
    expect(outcome(404, page, policy, { url: 'https://acme.example/x.css' })).toBe(30);
  });
});

describe('what is kept to be validated', () => {
  const stale = (keep: number): Partial<CachePolicy> => ({
    stale: { ...DEFAULT_CACHE_POLICY.stale, keep },
  });

  test('is kept for as long as the policy says', () => {
    const fields = { 'cache-control': 'no-cache', etag: '"a"' };
    expect(judge(200, fields, stale(9))).toMatchObject({ storable: true, keep: 9 });
    expect(judge(200, fields, stale(0))).toEqual({
      storable: false,
      reason: 'no-cache',
      forAll: true,
    });
  });
});

describe('what a response varies by, as a policy counts it', () => {
  const fresh = { 'cache-control': 'max-age=60' };
  const app = { 'access-control-allow-origin': 'https://app.example' };
  const vary = (choice: CachePolicy['vary'], headers: Record<string, string>) => {
    const verdict = judge(200, { ...fresh, ...headers }, { vary: choice });
    return verdict.storable ? verdict.vary : verdict.reason;
  };

  it.each<[string, CachePolicy['vary'], Record<string, string>, readonly string[] | string]>([
    ['all of it', { drop: [] }, { vary: 'B, a' }, ['a', 'b']],
    ['without what is dropped', { drop: ['b'] }, { vary: 'B, a' }, ['a']],
    ['without what is dropped by its beginning', { drop: ['x-*'] }, { vary: 'X-B, a' }, ['a']],
    ['what is allowed', { allow: ['a', 'b'] }, { vary: 'B, a' }, ['a', 'b']],
    ['not by what is not', { allow: ['a'] }, { vary: 'B, a' }, 'vary'],
    ['not by anything', { allow: [] }, { vary: 'a' }, 'vary'],
    ['by nothing', { allow: [] }, {}, []],
    [
      'what selects nothing needs no allowance',
      { allow: [] },
      { vary: 'Host, Cf-Ray' },
      ['cf-ray', 'host'],
    ],
    ['never by everything', { drop: ['*'] }, { vary: '*' }, 'vary'],
  ])('%s', (_what, choice, headers, expected) => {
    expect(vary(choice, headers)).toEqual(expected);
  });

  it.each<[string, CachePolicy['vary'], Record<string, string>, readonly string[] | string]>([
    ['one origin', { drop: [] }, app, ['origin']],
    ['one origin beside Vary', { drop: [] }, { ...app, vary: 'a, z' }, ['a', 'origin', 'z']],
    ['one that says so', { drop: [] }, { ...app, vary: 'Origin' }, ['origin']],
    ['null', { drop: [] }, { 'access-control-allow-origin': 'null' }, ['origin']],
    ['all origins', { drop: [] }, { 'access-control-allow-origin': ' * ' }, []],
    ['where Origin is dropped', { drop: ['origin'] }, app, []],
    ['where Origin is not allowed', { allow: ['a'] }, app, 'vary'],
    ['where Origin is allowed', { allow: ['origin'] }, app, ['origin']],
  ])(
    'counts Access-Control-Allow-Origin as Vary: %s [trap:redirects-cors]',
    (_what, choice, headers, expected) => {
      expect(vary(choice, headers)).toEqual(expected);
    },
  );
});

describe('a redirect to where it came from [trap:redirects-cors]', () => {
  const at = 'https://acme.example/a?b=c';
  it.each<[string, number, string, boolean]>([
    ['the same URL', 301, at, true],
    ['a relative one', 302, '/a?b=c', true],
    ['with a fragment', 303, `${at}#top`, true],
    ['with a name', 307, 'https://x@acme.example/a?b=c', true],
    ['by http', 308, 'http://acme.example/a?b=c', true],
    ['with the port that is the default', 301, 'https://acme.example:443/a?b=c', true],
    ['with a parameter that is left out of the key', 301, `${at}&utm_x=1`, true],
    ['another query', 301, '/a?b=d', false],
    ['another path', 301, '/a/?b=c', false],
    ['another host', 301, 'https://www.acme.example/a?b=c', false],
    ['no URL', 301, 'https://', false],
    ['of a response that is no redirect', 200, at, false],
  ])('%s, %i: %s', (_what, status, location, isLoop) => {
    const fields = { 'cache-control': 'max-age=60', location };
    const verdict = judge(status, fields, { query: { drop: ['utm_*'] } }, { url: `${at}&utm_y=2` });
    expect(verdict).toEqual(
      isLoop
        ? { storable: false, reason: 'redirect-loop', forAll: false }
        : expect.objectContaining({ lifetime: 60 }),
    );
  });

  test('the way from http to https is no loop', () => {
    const fields = { 'cache-control': 'max-age=60', location: at };
    expect(outcome(301, fields, {}, { url: 'http://acme.example/a?b=c' })).toBe(60);
  });
});
