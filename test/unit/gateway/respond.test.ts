import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import { passOn, respondFromEntry } from '../../../src/gateway/respond.ts';

const NOW = Date.UTC(2026, 7, 1);
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
  createdAt: NOW - 10_500,
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
      age: '10',
      'cache-control': 'max-age=60',
      'cache-status': 'Tiercel; hit; ttl=50; detail=memory',
      'content-language': 'en',
      'content-length': '9',
      'content-type': 'application/json',
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
    const exposed = respondFromEntry(request(), stored, HIT, null, NOW, true);
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

  test('of status 204 has neither body nor length', async () => {
    const form = { type: 'http', status: 204, headers: [] } as const;
    const response = respondFromEntry(
      request(),
      entry({ form, value: new Uint8Array(0) }),
      HIT,
      null,
      NOW,
    );
    expect(response.status).toBe(204);
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

describe('the origin’s own answer', () => {
  const BYPASS = { hit: false, fwd: 'bypass', stored: false } as const;
  const from = (headers: Record<string, string>, status = 200): Response => {
    const response = new Response('body', { status, statusText: 'Fine', headers });
    return passOn(response, response.body, BYPASS);
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
    expect(passOn(response, response.body, BYPASS).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
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
      const answer = passOn(response, response.body, BYPASS, false, conditional);
      expect(answer.status).toBe(304);
      expect(Object.fromEntries(answer.headers)).toEqual({
        'cache-status': 'Tiercel; fwd=bypass',
        etag: '"v1"',
        'x-own': '1',
      });
      expect(await answer.text()).toBe('');
      expect(ended).toBe(true);
    });

    it.each<[string, number, Record<string, string>, Request | undefined]>([
      ['the tag is another', 200, { ...fields, etag: '"v2"' }, conditional],
      ['there is no tag', 200, {}, conditional],
      ['the tag is none', 200, { etag: 'v1' }, request({ 'if-none-match': '*' })],
      ['the status is not 200', 404, fields, conditional],
      ['the client asked for the whole', 200, fields, request()],
      ['the conditions went to the origin', 200, fields, undefined],
    ])('it gets the whole where %s', async (_what, status, headers, asked) => {
      const response = new Response('body', { status, headers });
      const answer = passOn(response, response.body, BYPASS, false, asked);
      expect(answer.status).toBe(status);
      expect(await answer.text()).toBe('body');
    });
  });

  test('may have no body', async () => {
    const response = passOn(new Response(null, { status: 304 }), null, BYPASS);
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
  });
});
