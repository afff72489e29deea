import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import { passOn, respondFromEntry, respondStreaming } from '../../../src/gateway/respond.ts';
import { DEFAULT_CACHE_POLICY } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const MADE = NOW - 10_500;
const MADE_DATE = 'Fri, 31 Jul 2026 23:59:49 GMT';
const EXPOSED = { ...DEFAULT_CACHE_POLICY, exposeTags: true };
const HIT = { hit: true, ttl: 50, detail: 'memory' } as const;
const MISS = { hit: false, fwd: 'uri-miss', stored: true } as const;

const entry = (changes: Partial<EntryDraft> = {}): EntryDraft => ({
  value: new TextEncoder().encode('{"id":42}'),
  form: {
    type: 'http',
    status: 200,
    headers: [
      ['cache-control', 'max-age=60'],
      ['content-language', 'en'],
      ['content-type', 'application/json'],
      ['etag', '"v1"'],
      ['last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['link', '</a>'],
      ['link', '</b>'],
      ['vary', 'accept-encoding'],
    ],
  },
  etag: '"v1"',
  createdAt: MADE,
  freshUntil: NOW + 50_000,
  staleUntil: NOW + 50_000,
  staleIfErrorUntil: NOW + 50_000,
  expiresAt: NOW + 50_000,
  lifeUntil: NOW + 50_000,
  tags: ['secret-tag'],
  loadMs: 5,
  ...changes,
});
const request = (headers: Record<string, string> = {}, method = 'GET'): Request =>
  new Request('https://acme.example/', { headers, method });

describe('an answer from an entry', () => {
  test('is the stored one, with its age and what the cache did', async () => {
    const response = respondFromEntry(request(), entry(), HIT, null, NOW);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      age: '10',
      'cache-control': 'max-age=60',
      'cache-status': 'Tiercel; hit; ttl=50; detail=memory',
      'content-language': 'en',
      'content-length': '9',
      'content-type': 'application/json',
      // The origin has sent none (RFC 9110, section 6.6.1).
      date: MADE_DATE,
      etag: '"v1"',
      'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
      link: '</a>, </b>',
      vary: 'accept-encoding',
    });
    expect(await response.text()).toBe('{"id":42}');
  });

  test('tells no tags that an earlier version has stored as headers', () => {
    const named = ['cache-tag', 'cache-groups', 'cache-group-invalidation'];
    const headers = [...named.map((name) => [name, '"a"'] as const), ['x-kept', '1'] as const];
    const stored = entry({ form: { type: 'http', status: 200, headers } });
    const hidden = respondFromEntry(request(), stored, HIT, null, NOW);
    for (const name of named) expect(hidden.headers.has(name)).toBe(false);
    expect(hidden.headers.get('x-kept')).toBe('1');
    const exposed = respondFromEntry(request(), stored, HIT, null, NOW, EXPOSED);
    // Made anew of what the entry is purged by.
    expect(named.map((name) => exposed.headers.get(name))).toEqual(['secret-tag', null, null]);
  });

  test('to HEAD has the length, and no body', async () => {
    const response = respondFromEntry(request({}, 'HEAD'), entry(), HIT, null, NOW);
    expect(response.headers.get('content-length')).toBe('9');
    expect(await response.text()).toBe('');
  });

  it.each([
    ['a hit has an Age also when it is 0 (RFC 9111, 5.1)', HIT, NOW, '0'],
    ['a miss that is just made has none', MISS, NOW, null],
    ['a miss that came with an age has it', MISS, NOW - 3000, '3'],
    ['an entry from the future has the age 0', HIT, NOW + 5000, '0'],
  ])('%s', (_what, status, createdAt, age) => {
    const response = respondFromEntry(request(), entry({ createdAt }), status, null, NOW);
    expect(response.headers.get('age')).toBe(age);
  });

  test('that was loaded just now says what caches before us did, first', () => {
    const response = respondFromEntry(request(), entry(), MISS, 'Origin; hit', NOW);
    expect(response.headers.get('cache-status')).toBe('Origin; hit, Tiercel; fwd=uri-miss; stored');
  });

  it.each([204, 205])('of status %d has neither body nor length', async (code) => {
    const form = { type: 'http', status: code, headers: [] } as const;
    const response = respondFromEntry(
      request(),
      entry({ form, value: new Uint8Array(0) }),
      HIT,
      null,
      NOW,
    );
    expect(response.status).toBe(code);
    expect(response.headers.has('content-length')).toBe(false);
    expect(response.body).toBeNull();
  });

  test('of a value that is no response is a mistake of ours, and no answer', () => {
    const form = { type: 'value', contentType: 'text/plain' } as const;
    expect(() => respondFromEntry(request(), entry({ form }), HIT, null, NOW)).toThrow(TypeError);
  });
});

describe('a client that has it already', () => {
  it.each(['GET', 'HEAD'])('gets a 304 without a body, to %s', async (method) => {
    const response = respondFromEntry(
      request({ 'if-none-match': '"v0", W/"v1"' }, method),
      entry(),
      HIT,
      null,
      NOW,
    );
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
    // RFC 9110, section 15.4.5: what a 200 would have said of the resource, and nothing of the body.
    expect(Object.fromEntries(response.headers)).toEqual({
      age: '10',
      'cache-control': 'max-age=60',
      'cache-status': 'Tiercel; hit; ttl=50; detail=memory',
      date: MADE_DATE,
      etag: '"v1"',
      link: '</a>, </b>',
      vary: 'accept-encoding',
    });
  });

  test('also when it was just loaded', () => {
    const asked = request({ 'if-none-match': '*' });
    expect(respondFromEntry(asked, entry(), MISS, null, NOW).status).toBe(304);
  });

  it.each<[string, Partial<EntryDraft>]>([
    ['another tag', { etag: '"v2"' }],
    ['no tag', { etag: undefined }],
    [
      'another status: a 404 is not modified into a 304',
      { form: { type: 'http', status: 404, headers: [] } },
    ],
  ])('gets the whole when the entry has %s', (_what, changes) => {
    const asked = request({ 'if-none-match': '"v1"' });
    expect(respondFromEntry(asked, entry(changes), HIT, null, NOW).status).not.toBe(304);
  });
});

describe('If-Modified-Since (RFC 9110, section 13.1.3)', () => {
  const since = (headers: Record<string, string>, changes: Partial<EntryDraft> = {}): number =>
    respondFromEntry(request(headers), entry(changes), HIT, null, NOW).status;
  const LAST_MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const undated = (...more: [string, string][]): Partial<EntryDraft> => ({
    form: { type: 'http', status: 200, headers: more },
  });

  it.each<[string, Record<string, string>, Partial<EntryDraft>, number]>([
    ['of the very date', { 'if-modified-since': LAST_MODIFIED }, {}, 304],
    ['of a later one', { 'if-modified-since': MADE_DATE }, {}, 304],
    ['of an earlier one', { 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' }, {}, 200],
    [
      'counts for nothing beside If-None-Match',
      { 'if-modified-since': LAST_MODIFIED, 'if-none-match': '"v0"' },
      {},
      200,
    ],
    [
      'is held against Date where there is no Last-Modified',
      { 'if-modified-since': MADE_DATE },
      undated(['date', MADE_DATE]),
      304,
    ],
    [
      'is held against when it was made where there is no Date either',
      { 'if-modified-since': MADE_DATE },
      undated(),
      304,
    ],
    [
      'is not held against a Date that clients are never told',
      { 'if-modified-since': MADE_DATE },
      undated(['date', MADE_DATE], ['cdn-cache-control', 'max-age=600']),
      200,
    ],
    [
      'counts for nothing on a 404',
      { 'if-modified-since': MADE_DATE },
      { form: { type: 'http', status: 404, headers: [['last-modified', LAST_MODIFIED]] } },
      404,
    ],
  ])('%s', (_what, headers, changes, expected) => {
    expect(since(headers, changes)).toBe(expected);
  });
});

describe('a 304', () => {
  const told = (changes: Partial<EntryDraft>): Headers =>
    respondFromEntry(request({ 'if-none-match': '*' }), entry(changes), HIT, null, NOW).headers;
  const form = (...headers: [string, string][]): Partial<EntryDraft> => ({
    form: { type: 'http', status: 200, headers },
  });

  it.each([
    'content-digest',
    'content-encoding',
    'content-language',
    'content-md5',
    'content-type',
  ])('says nothing of the body: %s', (name) => {
    expect(told(form([name, 'x'])).has(name)).toBe(false);
  });

  it.each(['cache-control', 'content-location', 'date', 'expires', 'vary', 'x-own'])(
    'says what a 200 would (RFC 9110, section 15.4.5): %s',
    (name) => {
      expect(told(form([name, 'x'])).get(name)).toBe('x');
    },
  );

  test('has Last-Modified where there is no tag', () => {
    const headers = told({ ...form(['last-modified', MADE_DATE]), etag: undefined });
    expect(headers.get('last-modified')).toBe(MADE_DATE);
    expect(headers.has('etag')).toBe(false);
  });
});

describe('a response that a targeted field governs (RFC 9213)', () => {
  const TARGETED = ['tiercel-cdn-cache-control', 'cdn-cache-control'];
  const headersOf = (...headers: [string, string][]): Headers =>
    respondFromEntry(
      request(),
      entry({ form: { type: 'http', status: 200, headers } }),
      HIT,
      null,
      NOW,
    ).headers;
  const DATE: [string, string] = ['date', MADE_DATE];
  const EXPIRES: [string, string] = ['expires', 'Sat, 01 Aug 2026 00:00:49 GMT'];

  it.each(TARGETED)('begins the browser’s time at delivery: %s', (name) => {
    const headers = headersOf(
      DATE,
      EXPIRES,
      [name, 'max-age=600'],
      ['cache-control', 'max-age=60'],
    );
    expect(headers.get('age')).toBeNull();
    expect(headers.get('date')).toBe('Sat, 01 Aug 2026 00:00:00 GMT');
    // A minute past Date, as it was.
    expect(headers.get('expires')).toBe('Sat, 01 Aug 2026 00:01:00 GMT');
    expect(headers.get('cache-control')).toBe('max-age=60');
  });

  it.each<[string, [string, string][]]>([
    ['no such field', []],
    ['one that can’t be parsed', [['cdn-cache-control', 'max-age=;']]],
    ['an empty one', [['cdn-cache-control', '']]],
    ['one for other caches', [['other-cdn-cache-control', 'max-age=600']]],
  ])('%s: counts by its Age', (_what, fields) => {
    const headers = headersOf(DATE, EXPIRES, ...fields);
    expect(headers.get('age')).toBe('10');
    expect([headers.get('date'), headers.get('expires')]).toEqual([MADE_DATE, EXPIRES[1]]);
  });

  test('leaves an Expires that is no date as it is', () => {
    expect(
      headersOf(DATE, ['expires', '0'], ['cdn-cache-control', 'max-age=600']).get('expires'),
    ).toBe('0');
  });

  test('passes on what is said to all caches, and nothing of what is said to this one', () => {
    const headers = headersOf(
      ['tiercel-cdn-cache-control', 'max-age=9'],
      ['cdn-cache-control', 'max-age=8'],
    );
    expect(TARGETED.map((name) => headers.get(name))).toEqual([null, 'max-age=8']);
  });
});

describe('an answer whose body is still coming', () => {
  const streamed = (
    asked: Request,
    headers: HeadersInit,
    more: { status?: number; expose?: boolean; createdAt?: number } = {},
  ): Response => {
    const { status = 200, expose = false, createdAt = NOW } = more;
    const body = status === 204 ? null : 'body';
    const response = new Response(body, { status, statusText: 'Fine', headers });
    return respondStreaming({
      request: asked,
      response,
      stream: new Response('body').body,
      status: MISS,
      createdAt,
      now: NOW,
      policy: { ...DEFAULT_CACHE_POLICY, exposeTags: expose },
    });
  };

  test('has the fields that a hit will have, and the cookies', async () => {
    const response = streamed(
      request(),
      new Headers([
        ['age', '10'],
        ['cache-control', 'max-age=60'],
        ['cache-status', 'Origin; hit'],
        ['cache-tag', 'secret-tag'],
        ['connection', 'x-hop'],
        ['content-length', '4'],
        ['content-type', 'text/plain'],
        ['etag', '"v1"'],
        ['set-cookie', 'a=1'],
        ['tiercel-cdn-cache-control', ''],
        ['x-hop', '1'],
      ]),
      { createdAt: MADE },
    );
    expect(response).toMatchObject({ status: 200, statusText: 'Fine' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      age: '10',
      'cache-control': 'max-age=60',
      'cache-status': 'Origin; hit, Tiercel; fwd=uri-miss; stored',
      'content-length': '4',
      'content-type': 'text/plain',
      date: MADE_DATE,
      etag: '"v1"',
      'set-cookie': 'a=1',
    });
    expect(await response.text()).toBe('body');
  });

  test('has the Age that follows from when it was made, and no other', () => {
    const { headers } = streamed(request(), { age: '10' }, { createdAt: NOW });
    expect(headers.has('age')).toBe(false);
  });

  test('tells the origin’s own times, whatever governs it here', () => {
    const fields = { 'cdn-cache-control': 'max-age=600', date: MADE_DATE };
    const { headers } = streamed(request(), fields, { createdAt: MADE });
    expect([headers.get('age'), headers.get('date')]).toEqual(['10', MADE_DATE]);
  });

  test('tells tags to those who may see them', () => {
    const named = { 'cache-tag': 'a', 'cache-groups': '"b"', 'cache-group-invalidation': '"c"' };
    const { headers } = streamed(request(), named, { expose: true });
    expect(Object.keys(named).map((name) => headers.get(name))).toEqual(['a', '"b"', null]);
  });

  it.each<[string, string, string | null, string | null, string | null]>([
    ['decoded: the tag is weak, the length unknown', 'gzip', null, null, 'W/"v1"'],
    ['left as it is, by its spelling', 'BR', 'BR', '4', '"v1"'],
    ['left as it is', 'zstd', 'zstd', '4', '"v1"'],
  ])('with a content coding that is %s', (_what, coding, encoding, length, etag) => {
    const { headers } = streamed(request(), {
      'content-encoding': coding,
      'content-length': '4',
      etag: '"v1"',
    });
    expect(headers.get('content-encoding')).toBe(encoding);
    expect(headers.get('content-length')).toBe(length);
    expect(headers.get('etag')).toBe(etag);
  });

  it.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['by tag', { 'if-none-match': 'W/"v1"' }, { etag: '"v1"' }, 304],
    ['by date', { 'if-modified-since': MADE_DATE }, { 'last-modified': MADE_DATE }, 304],
    ['by another tag', { 'if-none-match': '"v0"' }, { etag: '"v1"' }, 200],
    ['without a tag of the origin’s', { 'if-none-match': '"v1"' }, {}, 200],
  ])('answers conditions here: %s', async (_what, asked, headers, status) => {
    const response = streamed(request(asked), headers);
    expect(response.status).toBe(status);
    // Who holds the stream can see that it was not needed.
    expect(response.body === null).toBe(status === 304);
  });

  it.each<[string, string, number, string | null]>([
    ['to HEAD has no body', 'HEAD', 200, '4'],
    ['of status 204 has neither body nor length', 'GET', 204, null],
  ])('%s', (_what, method, status, length) => {
    const response = streamed(request({}, method), { 'content-length': '4' }, { status });
    expect(response.body).toBeNull();
    expect(response.headers.get('content-length')).toBe(length);
  });

  test('is the whole whatever range was asked for', async () => {
    const response = streamed(request({ range: 'bytes=0-1' }), { 'content-length': '4' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('body');
  });
});

describe('the origin’s own answer', () => {
  const BYPASS = { hit: false, fwd: 'bypass', stored: false } as const;
  const from = (headers: Record<string, string>, status = 200): Response => {
    const response = new Response('body', { status, statusText: 'Fine', headers });
    return passOn(response, response.body, BYPASS, { now: NOW });
  };

  test('is passed on with its status, headers and body', async () => {
    const response = from(
      { 'content-type': 'text/plain', 'x-own': '1', 'content-length': '4' },
      201,
    );
    expect(response).toMatchObject({ status: 201, statusText: 'Fine' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-status': 'Tiercel; fwd=bypass',
      'content-length': '4',
      'content-type': 'text/plain',
      date: new Date(NOW).toUTCString(),
      'x-own': '1',
    });
    expect(await response.text()).toBe('body');
  });

  test('says what caches before us did, first', () => {
    expect(from({ 'cache-status': 'Origin; hit' }).headers.get('cache-status')).toBe(
      'Origin; hit, Tiercel; fwd=bypass',
    );
  });

  it.each<[string, Record<string, string>, string]>([
    ['what ends at this hop', { connection: 'x-hop', 'x-hop': '1' }, 'x-hop'],
    ['tags, which are for caches', { 'cache-tag': 'a' }, 'cache-tag'],
    [
      'what is said to this cache only',
      { 'tiercel-cdn-cache-control': 'max-age=60' },
      'tiercel-cdn-cache-control',
    ],
    [
      'the length of a coding that was decoded',
      { 'content-encoding': 'gzip', 'content-length': '9' },
      'content-length',
    ],
  ])('keeps %s back', (_what, headers, name) => {
    expect(from(headers).headers.has(name)).toBe(false);
  });

  test('keeps every cookie apart', () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    const response = new Response('body', { headers });
    expect(passOn(response, response.body, BYPASS, { now: NOW }).headers.getSetCookie()).toEqual([
      'a=1',
      'b=2',
    ]);
  });

  describe('when the client’s conditions did not go to the origin', () => {
    const conditional = request({ 'if-none-match': '"v1"' });
    const fields = {
      etag: '"v1"',
      'content-type': 'text/plain',
      'content-length': '4',
      'x-own': '1',
    };

    test('a client that has it already gets a 304, and the body is ended', async () => {
      let ended = false;
      const body = new ReadableStream<Uint8Array>({
        cancel: () => {
          ended = true;
        },
      });
      const response = new Response(body, { headers: fields });
      const answer = passOn(response, response.body, BYPASS, { now: NOW, conditional });
      expect(answer.status).toBe(304);
      expect(Object.fromEntries(answer.headers)).toEqual({
        'cache-status': 'Tiercel; fwd=bypass; fwd-status=200',
        date: new Date(NOW).toUTCString(),
        etag: '"v1"',
        'x-own': '1',
      });
      expect(await answer.text()).toBe('');
      expect(ended).toBe(true);
    });

    it.each<[string, number, Record<string, string>, Request | undefined]>([
      ['the tag is another', 200, { ...fields, etag: '"v2"' }, conditional],
      ['there is no tag', 200, {}, conditional],
      ['the tag is none', 200, { etag: 'v1' }, request({ 'if-none-match': 'v1' })],
      ['the status is not 200', 404, fields, conditional],
      ['the client asked for the whole', 200, fields, request()],
      ['the conditions went to the origin', 200, fields, undefined],
    ])('it gets the whole where %s', async (_what, status, headers, asked) => {
      const response = new Response('body', { status, headers });
      const answer = passOn(response, response.body, BYPASS, { now: NOW, conditional: asked });
      expect(answer.status).toBe(status);
      expect(await answer.text()).toBe('body');
    });
  });

  test('may have no body', async () => {
    const response = passOn(new Response(null, { status: 304 }), null, BYPASS, { now: NOW });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
  });
});
