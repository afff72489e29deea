import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../src/codec/entry.ts';
import { httpEntry, type StoredResponse } from '../../src/gateway/http-entry.ts';

const NOW = Date.UTC(2026, 7, 1);
const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new TextEncoder().encode(text));

function entryOf(
  headers: HeadersInit = {},
  changes: Partial<StoredResponse> = {},
): Promise<EntryDraft> {
  return httpEntry({
    response: new Response(bytes('body'), { status: 203, headers }),
    origin: 'https://acme.example',
    bytes: bytes('body'),
    lifetime: 60,
    maxLifetimeMs: 3_600_000,
    createdAt: NOW - 5000,
    now: NOW,
    loadMs: 12,
    ...changes,
  });
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
        ['etag', '"v1"'],
        ['x-own', '1'],
      ],
    },
    etag: '"v1"',
    createdAt: NOW - 5000,
    freshUntil: NOW + 55_000,
    staleUntil: NOW - 5000,
    staleIfErrorUntil: NOW - 5000,
    expiresAt: NOW + 55_000,
    lifeUntil: NOW + 3_600_000,
    tags: [],
    loadMs: 12,
  });
});

test('its life counts from when it was made, and ends with the longest that any entry may live', async () => {
  expect(await entryOf({}, { lifetime: 10 })).toMatchObject({ expiresAt: NOW + 5000 });
  expect(await entryOf({}, { lifetime: 2 ** 31 })).toMatchObject({
    freshUntil: NOW + 3_600_000,
    expiresAt: NOW + 3_600_000,
  });
});

test.each<[string, Record<string, number>]>([
  [
    'max-age=60',
    { staleUntil: NOW - 5000, staleIfErrorUntil: NOW - 5000, expiresAt: NOW + 55_000 },
  ],
  [
    'max-age=60, stale-while-revalidate=10, stale-if-error=20',
    { staleUntil: NOW + 65_000, staleIfErrorUntil: NOW + 75_000, expiresAt: NOW + 75_000 },
  ],
  [
    'max-age=60, stale-if-error=99999999',
    { staleUntil: NOW - 5000, staleIfErrorUntil: NOW + 3_600_000, expiresAt: NOW + 3_600_000 },
  ],
])(
  'with %s it may be served stale so long, and no longer than any entry may live',
  async (field, times) => {
    expect(await entryOf({ 'cache-control': field })).toMatchObject({
      ...times,
      freshUntil: NOW + 55_000,
    });
  },
);

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
    'content-encoding',
    'content-length',
    'set-cookie',
    'cache-tag',
    'cache-groups',
    'cache-group-invalidation',
    'connection',
    'keep-alive',
    'transfer-encoding',
  ])('%s: it is said anew, or was of one connection or client', async (name) => {
    const entry = await entryOf({ [name]: '1', 'x-own': '1' });
    expect(Object.keys(fieldsOf(entry))).toEqual(['etag', 'x-own']);
  });

  test('a field that Connection names', async () => {
    const entry = await entryOf({ connection: 'x-hop', 'x-hop': '1' });
    expect(Object.keys(fieldsOf(entry))).toEqual(['etag']);
  });
});

describe('the entity tag', () => {
  it.each([
    ['the origin’s own, where it is valid', { etag: '"v1"' }, '"v1"'],
    ['a weak one stays weak', { etag: 'W/"v1"' }, 'W/"v1"'],
    [
      'weakened where the runtime has decoded the body',
      { etag: '"v1"', 'content-encoding': 'gzip' },
      'W/"v1"',
    ],
    ['weakened once', { etag: 'W/"v1"', 'content-encoding': 'gzip' }, 'W/"v1"'],
  ])('%s', async (_what, headers, etag) => {
    const entry = await entryOf(headers);
    expect(entry.etag).toBe(etag);
    expect(fieldsOf(entry)['etag']).toBe(etag);
  });

  it.each([
    ['none', {}],
    ['one that is none', { etag: 'v1' }],
    ['a list', { etag: '"a", "b"' }],
  ])(
    'is made of the body where the origin has %s: the same for the same bytes',
    async (_what, headers) => {
      const entry = await entryOf(headers);
      // The first 16 bytes of SHA-256("body"), in base64url.
      expect(entry.etag).toBe('"Iw2DWNyOiJC0xY3utikS7g"');
      expect(fieldsOf(entry)['etag']).toBe(entry.etag);
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
