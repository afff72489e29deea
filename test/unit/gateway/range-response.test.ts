import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import { respondFromEntry } from '../../../src/gateway/respond.ts';

const NOW = Date.UTC(2026, 7, 1);
const HIT = { hit: true, ttl: 50, detail: 'memory' } as const;
const DATE = 'Fri, 31 Jul 2026 23:59:50 GMT';
const LAST_MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
const FIELDS: readonly (readonly [string, string])[] = [
  ['cache-control', 'max-age=60'],
  ['content-type', 'text/plain'],
  ['date', DATE],
  ['last-modified', LAST_MODIFIED],
];

const entry = (changes: Partial<EntryDraft> = {}): EntryDraft => ({
  value: new TextEncoder().encode('0123456789'),
  form: { type: 'http', status: 200, headers: FIELDS },
  etag: '"v1"',
  createdAt: NOW - 10_000,
  freshUntil: NOW + 50_000,
  staleUntil: NOW,
  staleIfErrorUntil: NOW,
  expiresAt: NOW + 50_000,
  lifeUntil: NOW + 50_000,
  tags: [],
  loadMs: 5,
  ...changes,
});
const fields = (...more: [string, string][]): Partial<EntryDraft> => ({
  form: { type: 'http', status: 200, headers: [...FIELDS, ...more] },
});
const ask = (
  headers: Record<string, string>,
  changes: Partial<EntryDraft> = {},
  method = 'GET',
): Response =>
  respondFromEntry(
    new Request('https://acme.example/', { headers, method }),
    entry(changes),
    HIT,
    null,
    NOW,
  );

describe('a part of what is stored (RFC 9110, section 14)', () => {
  it.each([
    ['first and last', 'bytes=2-4', 'bytes 2-4/10', '234'],
    ['one byte', 'bytes=0-0', 'bytes 0-0/10', '0'],
    ['to the end', 'bytes=7-', 'bytes 7-9/10', '789'],
    ['past the end: to the end (14.1.2)', 'bytes=7-99', 'bytes 7-9/10', '789'],
    ['the last so many', 'bytes=-3', 'bytes 7-9/10', '789'],
    ['the last more than there are: all (14.1.2)', 'bytes=-99', 'bytes 0-9/10', '0123456789'],
    ['all of it', 'bytes=0-', 'bytes 0-9/10', '0123456789'],
    ['the unit in any case (14.1)', 'Bytes=2-4', 'bytes 2-4/10', '234'],
  ])('%s', async (_what, range, contentRange, text) => {
    const response = ask({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(await response.text()).toBe(text);
  });

  test('has the fields of the whole (15.3.7)', () => {
    expect(Object.fromEntries(ask({ range: 'bytes=2-4' }).headers)).toEqual({
      age: '10',
      'cache-control': 'max-age=60',
      'cache-status': 'Tiercel; hit; ttl=50; detail=memory',
      'content-length': '3',
      'content-range': 'bytes 2-4/10',
      'content-type': 'text/plain',
      date: DATE,
      etag: '"v1"',
      'last-modified': LAST_MODIFIED,
    });
  });

  it.each(['content-digest', 'content-md5'])('has no %s of another content', (name) => {
    const { headers } = ask({ range: 'bytes=2-4' }, fields([name, 'x'], ['repr-digest', 'y']));
    expect(headers.has(name)).toBe(false);
    expect(headers.get('repr-digest')).toBe('y');
  });

  it.each<[string, Record<string, string>, Partial<EntryDraft>, string]>([
    ['another unit (14.2)', { range: 'lines=0-1' }, {}, 'GET'],
    ['an invalid range (14.2)', { range: 'bytes=4-2' }, {}, 'GET'],
    ['nothing at all', { range: '' }, {}, 'GET'],
    [
      'several ranges (15.3.7.2: a server need not send them)',
      { range: 'bytes=0-1,4-5' },
      {},
      'GET',
    ],
    ['a thousand ranges', { range: `bytes=${'0-,'.repeat(1000)}0-` }, {}, 'GET'],
    ['a HEAD (14.2)', { range: 'bytes=0-1' }, {}, 'HEAD'],
    [
      'an origin that accepts none (14.3)',
      { range: 'bytes=0-1' },
      fields(['accept-ranges', 'None']),
      'GET',
    ],
    ['an empty body', { range: 'bytes=0-1' }, { value: new Uint8Array(0) }, 'GET'],
    [
      'If-Range with a weak tag (13.1.5)',
      { range: 'bytes=0-1', 'if-range': 'W/"v1"' },
      { etag: 'W/"v1"' },
      'GET',
    ],
    ['If-Range with another tag (13.1.5)', { range: 'bytes=0-1', 'if-range': '"v0"' }, {}, 'GET'],
    ['If-Range with another date (13.1.5)', { range: 'bytes=0-1', 'if-range': DATE }, {}, 'GET'],
    [
      'If-Range with a date that is no strong validator (8.8.2.2)',
      { range: 'bytes=0-1', 'if-range': DATE },
      fields(['last-modified', DATE]),
      'GET',
    ],
  ])('is not sent for %s: the answer is the whole', async (_what, headers, changes, method) => {
    const response = ask(headers, changes, method);
    expect(response.status).toBe(200);
    expect(response.headers.has('content-range')).toBe(false);
    const { value } = entry(changes);
    expect(response.headers.get('content-length')).toBe(String(value.byteLength));
    expect(await response.text()).toBe(method === 'HEAD' ? '' : new TextDecoder().decode(value));
  });

  it.each([
    ['the strong tag', '"v1"'],
    ['the very date', LAST_MODIFIED],
  ])('is sent when If-Range has %s (13.1.5)', (_what, ifRange) => {
    expect(ask({ range: 'bytes=0-1', 'if-range': ifRange }).status).toBe(206);
  });

  it.each<[string, Record<string, string>, number]>([
    ['If-None-Match that matches comes first', { 'if-none-match': '"v1"' }, 304],
    ['If-Modified-Since too', { 'if-modified-since': LAST_MODIFIED }, 304],
    ['one that does not leaves the range', { 'if-none-match': '"v0"' }, 206],
  ])('%s (13.2.2)', (_what, conditions, status) => {
    expect(ask({ range: 'bytes=0-1', ...conditions }).status).toBe(status);
  });

  test('is of a 200 only (14.2)', () => {
    const changes = { form: { type: 'http', status: 404, headers: FIELDS } } as const;
    const response = ask({ range: 'bytes=0-1' }, changes);
    expect(response.status).toBe(404);
    expect(response.headers.has('accept-ranges')).toBe(false);
  });

  test('is of the coding that is sent', async () => {
    const response = ask({ range: 'bytes=2-4' }, fields(['content-encoding', 'zstd']));
    expect(response.status).toBe(206);
    expect(response.headers.get('content-encoding')).toBe('zstd');
    expect(await response.text()).toBe('234');
  });

  it.each<[string, [string, string][], string]>([
    ['bytes, where it is not said', [], 'bytes'],
    ['what the origin accepts, where that is said', [['accept-ranges', 'none']], 'none'],
  ])('the whole says which units may be asked for (14.3): %s', (_what, more, expected) => {
    expect(ask({}, fields(...more)).headers.get('accept-ranges')).toBe(expected);
  });
});

describe('a part that is not there (RFC 9110, section 15.5.17)', () => {
  it.each(['bytes=10-', 'bytes=10-12', 'bytes=-0'])('%s', async (range) => {
    const held = fields(
      ['cdn-cache-control', 'max-age=60'],
      ['content-language', 'en'],
      ['expires', 'Sat, 01 Aug 2026 00:00:50 GMT'],
      ['access-control-allow-origin', '*'],
    );
    const response = ask({ range }, held);
    expect(response.status).toBe(416);
    expect(await response.text()).toBe('');
    const headers = Object.fromEntries(response.headers);
    // Nothing by which another cache could take it for the whole.
    delete headers['date'];
    expect(headers).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
      'cache-status': 'Tiercel; hit; ttl=50; detail=memory',
      'content-length': '0',
      'content-range': 'bytes */10',
    });
  });
});
