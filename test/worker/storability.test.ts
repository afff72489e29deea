import { beforeAll, describe, expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';
import { dataCentres } from '../support/platform.ts';

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

type Fields = readonly (readonly [string, string])[];
interface Case {
  readonly what: string;
  readonly headers: Fields;
  readonly status?: number;
  readonly request?: Record<string, string>;
  readonly detail?: string;
}

const cc = (value: string, ...more: Fields): Fields => [['cache-control', value], ...more];
const future = new Date(Date.now() + 3_600_000).toUTCString();

const refused: readonly Case[] = [
  { what: 'private', headers: cc('private, max-age=60'), detail: 'private' },
  { what: 'no-store', headers: cc('no-store, max-age=60'), detail: 'no-store' },
  { what: 'no-cache', headers: cc('no-cache, max-age=60'), detail: 'no-cache' },
  { what: 'NO-STORE in capitals', headers: cc('Max-Age=60, NO-STORE'), detail: 'no-store' },
  { what: 'Set-Cookie', headers: cc('max-age=60', ['set-cookie', 'a=b']), detail: 'set-cookie' },
  { what: 'Vary: *', headers: cc('max-age=60', ['vary', '*']), detail: 'vary' },
  {
    what: 'Vary of the client that asks',
    headers: cc('max-age=60', ['vary', 'X-Forwarded-For']),
    detail: 'vary',
  },
  { what: 'private, written wrongly', headers: cc('private; max-age=60'), detail: 'private' },
  {
    what: 'more tags than may be kept',
    headers: cc('max-age=60', [
      'cache-tag',
      Array.from({ length: 65 }, (_, at) => `t${at}`).join(),
    ]),
    detail: 'too-many-tags',
  },
  {
    what: 'a tag longer than may be kept',
    headers: cc('max-age=60', ['cache-tag', `a, ${'x'.repeat(257)}`]),
    detail: 'too-many-tags',
  },
  { what: 'neither freshness nor a validator', headers: [], detail: 'no-freshness' },
  { what: 'max-age=0', headers: cc('max-age=0'), detail: 'stale' },
  { what: 'an invalid max-age', headers: cc('max-age=soon'), detail: 'stale' },
  { what: 's-maxage=0 over max-age', headers: cc('max-age=60, s-maxage=0'), detail: 'stale' },
  { what: 'an invalid Expires', headers: [['expires', '0']], detail: 'stale' },
  { what: 'status 206', status: 206, headers: cc('max-age=60'), detail: 'status' },
  { what: 'status 413', status: 413, headers: cc('max-age=60'), detail: 'status' },
  {
    what: 'a request with Authorization',
    headers: cc('max-age=60'),
    request: { authorization: 'Bearer x' },
    detail: 'authorization',
  },
  {
    what: 'a request with no-store',
    headers: cc('max-age=60'),
    request: { 'cache-control': 'no-store' },
    detail: 'request-no-store',
  },
];

const stored: readonly Case[] = [
  { what: 'max-age', headers: cc('max-age=60') },
  { what: 's-maxage over max-age=0', headers: cc('max-age=0, s-maxage=60') },
  { what: 'Expires', headers: [['expires', future]] },
  { what: 'Vary: Accept-Encoding', headers: cc('max-age=60', ['vary', 'Accept-Encoding']) },
  { what: 'a 404', status: 404, headers: cc('max-age=60') },
  { what: 'a 204', status: 204, headers: cc('max-age=60') },
  { what: 'a 410', status: 410, headers: cc('max-age=60') },
  { what: 'a 403', status: 403, headers: cc('max-age=60') },
  { what: 'a 500', status: 500, headers: cc('max-age=60') },
  { what: 'Vary', headers: cc('max-age=60', ['vary', 'Accept-Language']) },
  {
    what: 'Vary of several fields',
    headers: cc('max-age=60', ['vary', 'Accept-Encoding, Cookie']),
  },
  {
    what: 'a public answer to Authorization',
    headers: cc('public, max-age=60'),
    request: { authorization: 'Bearer x' },
  },
];

let number = 0;
const target = (): string => `/s/${(number += 1)}`;

describe('what may not be stored', () => {
  test.each(refused)('$what', async ({ headers, status = 200, request = {}, detail }) => {
    const path = target();
    await origin.script({ target: path, headers, status });
    const { isolate } = await deploy({ origin: origin.url });
    const here = isolate();
    for (let time = 1; time <= 2; time += 1) {
      const answer = await here.get(path, request);
      expect(answer.status).toBe(status);
      expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', detail });
      expect(await origin.count(path)).toBe(time);
    }
    // In no tier, so that no other isolate finds it either.
    await isolate().get(path);
    expect(await origin.count(path)).toBe(3);
  });

  test('the traps of the demo origin: a private answer, and one that sets a cookie', async () => {
    const here = (await deploy()).isolate();
    for (const path of ['/private', '/cookie']) {
      const first = await here.get(path);
      expect((await here.get(path)).text).not.toBe(first.text);
    }
    const [german, french] = [
      await here.get('/countries', { 'accept-language': 'de' }),
      await here.get('/countries', { 'accept-language': 'fr' }),
    ];
    expect(german.text).not.toBe(french.text);
  });

  test.each([
    ['a body over the limit', {}],
    ['a body of unknown length over the limit', { chunked: true }],
  ] as const)('%s goes through whole and is not stored', async (_, how) => {
    const path = target();
    const body = Array.from({ length: 5000 }, (_letter, at) => at % 10).join('');
    await origin.script({ target: path, body, ...how });
    const { isolate } = await deploy({
      origin: origin.url,
      variables: { CACHE_MAX_ENTRY_BYTES: 4999 },
    });
    const here = isolate();
    const first = await here.get(path);
    expect(first.text).toBe(body);
    // How long it is shows only when it is past the cap, and the client has its beginning by then.
    if (!('chunked' in how))
      expect(first.cacheStatus).toEqual({ fwd: 'uri-miss', detail: 'too-large' });
    for (let time = 1; time <= 2; time += 1) {
      const answer = await here.get(path);
      expect(answer.text).toBe(body);
      expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', detail: 'too-large' });
    }
    const roomy = isolate({ CACHE_MAX_ENTRY_BYTES: 5000 });
    expect((await roomy.get(path)).cacheStatus).toMatchObject({ stored: true });
  });
});

describe('If-None-Match on a body over the limit', () => {
  test.each([
    ['of a length that is told', {}],
    ['of unknown length', { chunked: true }],
  ] as const)(
    '%s is answered by 304 when it names the tag, and whole otherwise',
    async (_, how) => {
      const path = target();
      const body = 'x'.repeat(5000);
      await origin.script({
        target: path,
        body,
        headers: cc('max-age=60', ['etag', '"v1"']),
        ...how,
      });
      const { isolate } = await deploy({
        origin: origin.url,
        variables: { CACHE_MAX_ENTRY_BYTES: 4999 },
      });
      const here = isolate();
      for (const field of ['"v1"', 'W/"v1"', '"v0", "v1"', '*']) {
        const answer = await here.get(path, { 'if-none-match': field });
        expect(answer).toMatchObject({ status: 304, text: '' });
        expect(answer.headers.get('etag')).toBe('"v1"');
        expect(answer.headers.get('cache-control')).toBe('max-age=60');
        expect(answer.headers.has('content-length')).toBe(false);
        expect(answer.cacheStatus).toMatchObject({ fwd: 'uri-miss' });
      }
      expect(await here.get(path, { 'if-none-match': '"v2"' })).toMatchObject({
        status: 200,
        text: body,
      });
      // It was asked for the whole to store it; once it is known that it can't be, conditions go along as they are sent.
      const [first, ...others] = await origin.seen(path);
      expect(first?.headers).not.toHaveProperty('if-none-match');
      for (const { headers } of others) expect(headers).toHaveProperty('if-none-match');
    },
  );
});

describe('what may be stored', () => {
  test.each(stored)('$what', async ({ headers, status = 200, request = {} }) => {
    const path = target();
    await origin.script({ target: path, headers, status });
    const here = (await deploy({ origin: origin.url })).isolate();
    const first = await here.get(path, request);
    expect(first.cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    const second = await here.get(path);
    expect(second).toMatchObject({ status, text: first.text });
    expect(second.cacheStatus).toMatchObject({ hit: true });
    expect(await origin.count(path)).toBe(1);
  });

  test('a body of unknown length', async () => {
    const path = target();
    await origin.script({ target: path, body: 'x'.repeat(5000), chunked: true });
    const here = (await deploy({ origin: origin.url })).isolate();
    expect((await here.get(path)).cacheStatus).toMatchObject({ stored: true });
    const hit = await here.get(path);
    expect(hit.text).toHaveLength(5000);
    expect(hit.headers.get('content-length')).toBe('5000');
  });

  test('bytes of any kind come back from Redis as they were', async () => {
    const path = target();
    const body = String.fromCharCode(...Array.from({ length: 1000 }, (_, at) => at * 61));
    await origin.script({ target: path, body, headers: cc('max-age=60', ['x-odd', 'a, "b";c=é']) });
    const { isolate } = await deploy({ origin: origin.url });
    const first = await isolate().get(path);
    const centres = dataCentres();
    try {
      const again = await isolate().get(path);
      expect(again.cacheStatus).toMatchObject({ detail: 'redis' });
      expect(again.text).toBe(first.text);
      expect(again.headers.get('x-odd')).toBe(first.headers.get('x-odd'));
    } finally {
      centres.leave();
    }
  });
});
