import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../src/codec/entry.ts';
import { httpEntry, mayServeOnStatus, type StoredResponse } from '../../src/gateway/http-entry.ts';
import { judgeStorability, type Storable } from '../../src/gateway/storability.ts';
import { DEFAULT_CACHE_POLICY, type StalePolicy } from '../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new TextEncoder().encode(text));

/** When it was made. */
const DATE = new Date(NOW - 5000).toUTCString();

/** Fresh for a minute, unless it says otherwise. */
function entryOf(
  fields: HeadersInit = {},
  changes: Partial<StoredResponse> = {},
  status = 203,
): Promise<EntryDraft> {
  const headers = new Headers(fields);
  const judged = new Headers(headers);
  if (!headers.has('cache-control')) judged.set('cache-control', 'max-age=60');
  return httpEntry({
    response: { status, headers },
    origin: 'https://acme.example',
    bytes: bytes('body'),
    verdict: verdictOn(status, judged),
    maxLifetimeMs: 3_600_000,
    createdAt: NOW - 5000,
    now: NOW,
    loadMs: 12,
    ...changes,
  });
}
function verdictOn(status: number, headers: Headers): Storable {
  const request = new Request('https://acme.example/');
  const verdict = judgeStorability(request, { status, headers }, NOW, {
    ...DEFAULT_CACHE_POLICY,
    setCookie: 'store',
  });
  if (!verdict.storable) throw new Error(`It is not storable: ${verdict.reason}.`);
  return verdict;
}
const fieldsOf = ({ form }: EntryDraft): Record<string, string> =>
  form.type === 'http' ? Object.fromEntries(form.headers) : {};

test('a response becomes an entry, with its status, its times and its bytes', async () => {
  const entry = await entryOf({ 'content-type': 'text/plain', etag: '"v1"', 'x-own': '1' });
  expect(entry).toEqual({
    value: new TextEncoder().encode('body'),
    form: {
      type: 'http',
      status: 203,
      headers: [
        ['content-type', 'text/plain'],
        ['date', DATE],
        ['etag', '"v1"'],
        ['x-own', '1'],
      ],
    },
    etag: '"v1"',
    createdAt: NOW - 5000,
    freshUntil: NOW + 55_000,
    staleUntil: NOW - 5000,
    staleIfErrorUntil: NOW + 115_000,
    expiresAt: NOW + 115_000,
    lifeUntil: NOW + 3_600_000,
    tags: [],
    loadMs: 12,
  });
});

describe('its times', () => {
  test.each<[string, Record<string, number>]>([
    [
      'max-age=60',
      {
        freshUntil: NOW + 55_000,
        staleUntil: NOW - 5000,
        staleIfErrorUntil: NOW + 115_000,
        expiresAt: NOW + 115_000,
      },
    ],
    [
      'max-age=10, must-revalidate',
      {
        freshUntil: NOW + 5000,
        staleUntil: NOW - 5000,
        staleIfErrorUntil: NOW - 5000,
        expiresAt: NOW + 5000,
      },
    ],
    [
      'max-age=60, stale-while-revalidate=10, stale-if-error=20',
      {
        staleUntil: NOW + 65_000,
        staleIfErrorUntil: NOW + 75_000,
        expiresAt: NOW + 75_000,
      },
    ],
    [
      'max-age=60, stale-if-error=99999999',
      { staleUntil: NOW - 5000, staleIfErrorUntil: NOW + 3_600_000, expiresAt: NOW + 3_600_000 },
    ],
    ['max-age=99999999999', { freshUntil: NOW + 3_600_000, expiresAt: NOW + 3_600_000 }],
  ])('with %s: no longer than any entry may live', async (field, times) => {
    expect(await entryOf({ 'cache-control': field })).toMatchObject(times);
  });

  const DAY = 86_400_000;
  test.each<[string, number, Record<string, string>, number]>([
    ['a tag', 200, { 'cache-control': 'max-age=60', etag: '"a"' }, NOW + 115_000 + 3_600_000],
    ['a time', 200, { 'cache-control': 'max-age=60', 'last-modified': DATE }, NOW + 3_715_000],
    ['nothing else', 200, { 'cache-control': 'no-cache', etag: '"a"' }, NOW + 3_600_000],
    ['a tag that is none', 200, { 'cache-control': 'max-age=60', etag: 'a' }, NOW + 115_000],
    [
      'a status that is not validated',
      404,
      { 'cache-control': 'max-age=60', etag: '"a"' },
      NOW + 115_000,
    ],
  ])(
    'it is kept an hour past its last use to be validated: with %s',
    async (_what, status, fields, expiresAt) => {
      expect(await entryOf(fields, { maxLifetimeMs: DAY }, status)).toMatchObject({ expiresAt });
    },
  );

  test('it is not kept past the longest that any entry may live', async () => {
    const headers = { 'cache-control': 'max-age=60', etag: '"a"' };
    expect(await entryOf(headers, {}, 200)).toMatchObject({ expiresAt: NOW + 3_600_000 });
  });

  test('what can be used for nothing but validation is never fresh, and never served stale', async () => {
    expect(await entryOf({ 'cache-control': 'no-cache', etag: '"a"' }, {}, 200)).toMatchObject({
      freshUntil: NOW - 5000,
      staleUntil: NOW - 5000,
      staleIfErrorUntil: NOW - 5000,
    });
  });
});

describe('in place of a failure that its origin answers with it is served', () => {
  const mayServe = (entry: EntryDraft, now: number, changes: Partial<StalePolicy> = {}): boolean =>
    mayServeOnStatus(entry, now, { ...DEFAULT_CACHE_POLICY.stale, ...changes });

  test.each<[string, Partial<StalePolicy>, number, boolean]>([
    ['says nothing', { ifError: 30 }, 59_000, true],
    ['says nothing, past that time', { ifError: 30 }, 85_000, false],
    ['says nothing, and was stored while less was allowed', { ifError: 900 }, 115_000, false],
    ['may be used for less', { ifError: 30, max: 3 }, 59_000, false],
    ['says nothing, and so does the policy', {}, 59_000, false],
  ])('where it %s: by the policy %o after %i ms: %s', async (_what, policy, after, expected) => {
    const entry = await entryOf({ 'cache-control': 'max-age=60' });
    expect(mayServe(entry, NOW + after, policy)).toBe(expected);
  });

  test('an error is not, unless it says so itself', async () => {
    const policy = { ifError: 900 };
    const fields = { 'cache-control': 'max-age=60' };
    expect(mayServe(await entryOf(fields, {}, 404), NOW + 59_000, policy)).toBe(false);
    const saying = { 'cache-control': 'max-age=60, stale-if-error=9' };
    expect(mayServe(await entryOf(saying, {}, 404), NOW + 59_000, policy)).toBe(true);
  });

  test.each<[string, number, boolean]>([
    ['max-age=60', 60_000, false],
    ['max-age=60, stale-if-error=20', 74_999, true],
    ['max-age=60, stale-if-error=20', 75_000, false],
    ['max-age=60, stale-while-revalidate=20', 74_999, true],
    ['max-age=60, stale-while-revalidate=20', 75_000, false],
    ['max-age=60, stale-if-error=0', 56_000, false],
    ['max-age=60, stale-if-error=20, must-revalidate', 56_000, false],
    ['max-age=60, stale-if-error=99999999', 3_599_999, true],
    ['max-age=60, stale-if-error=99999999', 3_600_000, false],
    // A soft purge has made it stale.
    ['max-age=60', 0, false],
    ['max-age=60, stale-if-error=20', 0, true],
  ])('with %s after %i ms: %s', async (field, after, expected) => {
    expect(mayServe(await entryOf({ 'cache-control': field }), NOW + after)).toBe(expected);
  });

  test('by a targeted field where it governs', async () => {
    const fields = {
      'cdn-cache-control': 'max-age=60, stale-if-error=20',
      'cache-control': 'max-age=60',
    };
    expect(mayServe(await entryOf(fields), NOW + 60_000)).toBe(true);
  });
});

test('its groups are tags of its own origin, and of the name on any', async () => {
  const { tags } = await entryOf({ 'cache-tag': 'a', 'cache-groups': '"x";y, "z"' });
  expect(tags).toEqual([
    'a',
    '\nhttps://acme.example\nx',
    '\n\nx',
    '\nhttps://acme.example\nz',
    '\n\nz',
  ]);
});

describe('what is not stored', () => {
  it.each([
    'age',
    'cache-status',
    'content-length',
    'cache-tag',
    'cache-groups',
    'cache-group-invalidation',
    'connection',
    'keep-alive',
    'transfer-encoding',
  ])('%s: it is said anew, or was of one connection or client', async (name) => {
    const entry = await entryOf({ [name]: '1', 'x-own': '1' });
    expect(Object.keys(fieldsOf(entry))).toEqual(['date', 'x-own']);
  });

  test('a field that Connection names', async () => {
    const entry = await entryOf({ connection: 'x-hop', 'x-hop': '1' });
    expect(Object.keys(fieldsOf(entry))).toEqual(['date']);
  });

  test.each(['gzip', 'br', 'identity', 'Identity'])(
    'the coding %s, which its bytes do not have',
    async (coding) => {
      const digests = { 'content-md5': 'a', 'content-digest': 'a=:a:', 'repr-digest': 'a=:a:' };
      const entry = await entryOf({ 'content-encoding': coding, ...digests });
      const uncoded = coding.toLowerCase() === 'identity';
      expect(fieldsOf(entry)).toEqual({ date: DATE, ...(uncoded ? digests : {}) });
    },
  );

  test('what the response itself wants kept out', async () => {
    const headers = { 'cache-control': 'max-age=60, private="Set-Cookie", no-cache="x-a"' };
    const entry = await entryOf({ ...headers, 'set-cookie': 'a=b', 'x-a': '1', 'x-b': '1' });
    expect(Object.keys(fieldsOf(entry))).toEqual(['cache-control', 'date', 'x-b']);
  });
});

test('a tag that the response itself wants kept out is told to nobody', async () => {
  const entry = await entryOf({ 'cache-control': 'max-age=60, private="etag"', etag: '"v1"' });
  expect(entry.etag).toBe('"Iw2DWNyOiJC0xY3utikS7g"');
});

describe('what is stored', () => {
  test('cookies, one by one, where the tenant wants it', async () => {
    const cookies: [string, string][] = [
      ['set-cookie', 'a=b; Expires=Sat, 01 Aug 2026 00:00:00 GMT'],
      ['set-cookie', 'c=d'],
    ];
    const { form } = await entryOf(cookies);
    expect(form.type === 'http' && form.headers.filter(([name]) => name === 'set-cookie')).toEqual(
      cookies,
    );
  });

  test.each(['zstd', 'GZIP', 'x-gzip', 'gzip, br'])(
    'the coding %s, which its bytes have',
    async (coding) => {
      expect(fieldsOf(await entryOf({ 'content-encoding': coding }))).toMatchObject({
        'content-encoding': coding,
      });
    },
  );

  test('the targeted fields: they are read again after a 304', async () => {
    const fields = { 'tiercel-cdn-cache-control': 'max-age=1', 'cdn-cache-control': 'max-age=2' };
    expect(fieldsOf(await entryOf(fields))).toMatchObject(fields);
  });

  test('its own Date; when it was made where it has none', async () => {
    const date = new Date(NOW - 9000).toUTCString();
    expect(fieldsOf(await entryOf({ date }))).toEqual({ date });
  });
});

describe('the entity tag', () => {
  it.each<[string, Record<string, string>, string]>([
    ['the origin’s own, where it is valid', { etag: '"v1"' }, '"v1"'],
    ['a weak one stays weak', { etag: 'W/"v1"' }, 'W/"v1"'],
    [
      'weakened where the runtime has decoded the body',
      { etag: '"v1"', 'content-encoding': 'gzip' },
      'W/"v1"',
    ],
    [
      'as it is where the bytes have the coding',
      { etag: '"v1"', 'content-encoding': 'zstd' },
      '"v1"',
    ],
    ['weakened once', { etag: 'W/"v1"', 'content-encoding': 'gzip' }, 'W/"v1"'],
  ])('%s', async (_what, headers, etag) => {
    const entry = await entryOf(headers);
    expect(entry.etag).toBe(etag);
    // The origin is asked by its own.
    expect(fieldsOf(entry)['etag']).toBe(headers['etag']);
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['one that is none', { etag: 'v1' }],
    ['a list', { etag: '"a", "b"' }],
  ])(
    'is made of the body where the origin has %s: the same for the same bytes',
    async (_what, headers) => {
      const entry = await entryOf(headers);
      // The first 16 bytes of SHA-256("body"), in base64url.
      expect(entry.etag).toBe('"Iw2DWNyOiJC0xY3utikS7g"');
      expect(fieldsOf(entry)['etag']).toBe(headers['etag']);
      const other = await entryOf(headers, { bytes: bytes('bodx') });
      expect(other.etag).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
      expect(other.etag).not.toBe(entry.etag);
    },
  );
});

test('its tags are those of Cache-Tag, which itself is not stored', async () => {
  expect((await entryOf({ 'cache-tag': 'city:1, country:AD' })).tags).toEqual([
    'city:1',
    'country:AD',
  ]);
});
