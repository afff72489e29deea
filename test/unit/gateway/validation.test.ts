import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import {
  forAsker,
  freshened,
  validatorsOf,
  type Freshening,
} from '../../../src/gateway/validation.ts';
import { DEFAULT_CACHE_POLICY } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const HOUR = 3_600_000;
const date = (ms: number): string => new Date(ms).toUTCString();
const MODIFIED = date(NOW - 10 * HOUR);
const OURS = '"of-our-own"';
const ANYBODY = { headers: new Headers() };

/** An hour old, and stale for 59 minutes. */
function entry(fields: Record<string, string>, changes: Partial<EntryDraft> = {}): EntryDraft {
  const headers = { date: date(NOW - HOUR), 'cache-control': 'max-age=60', ...fields };
  return {
    value: new TextEncoder().encode('body'),
    form: { type: 'http', status: 200, headers: Object.entries(headers) },
    etag: fields['etag'] ?? OURS,
    createdAt: NOW - HOUR,
    freshUntil: NOW - HOUR + 60_000,
    staleUntil: NOW - HOUR,
    staleIfErrorUntil: NOW - HOUR + 120_000,
    expiresAt: NOW + HOUR,
    lifeUntil: NOW + 2 * HOUR,
    tags: [],
    loadMs: 1,
    ...changes,
  };
}

function of304(
  stored: EntryDraft,
  fields: HeadersInit,
  changes: Partial<Freshening> = {},
  status = 304,
): ReturnType<typeof freshened> {
  return freshened(
    stored,
    { status, headers: new Headers(fields) },
    {
      request: { url: 'https://acme.example/a', headers: new Headers() },
      policy: DEFAULT_CACHE_POLICY,
      requestedAt: NOW - 40,
      respondedAt: NOW - 10,
      now: NOW,
      maxLifetimeMs: 24 * HOUR,
      ...changes,
    },
  );
}

function merged(
  stored: EntryDraft,
  fields: HeadersInit,
  changes: Partial<Freshening> = {},
  status = 304,
): EntryDraft {
  const draft = of304(stored, fields, changes, status);
  if (draft === 'mismatch' || 'storable' in draft) throw new Error(JSON.stringify(draft));
  return draft;
}

function fieldsOf({ form }: EntryDraft): Record<string, string> {
  return form.type === 'http' ? Object.fromEntries(form.headers) : {};
}

describe('by what the origin is asked (RFC 9111, section 4.3.1)', () => {
  it.each<[string, Record<string, string>, [string, string][]]>([
    ['a strong tag', { etag: '"a"' }, [['if-none-match', '"a"']]],
    ['a weak tag, as it came', { etag: 'W/"a"' }, [['if-none-match', 'W/"a"']]],
    ['Last-Modified, as it came', { 'last-modified': MODIFIED }, [['if-modified-since', MODIFIED]]],
    [
      'an old form of it',
      { 'last-modified': 'Sunday, 06-Nov-94 08:49:37 GMT' },
      [['if-modified-since', 'Sunday, 06-Nov-94 08:49:37 GMT']],
    ],
    [
      'both',
      { 'last-modified': MODIFIED, etag: '"a"' },
      [
        ['if-none-match', '"a"'],
        ['if-modified-since', MODIFIED],
      ],
    ],
    ['neither: what clients are told is made here', {}, []],
    ['a tag that is none', { etag: 'a' }, []],
    ['two tags', { etag: '"a", "b"' }, []],
    ['a time that is none', { 'last-modified': '0' }, []],
  ])('%s', (_what, fields, validators) => {
    expect(validatorsOf(entry(fields), ANYBODY)).toEqual(validators);
  });

  it.each<[string, Record<string, string>, Record<string, string>, [string, string][]]>([
    [
      'a cookie: a strong tag alone',
      { cookie: 'a=b' },
      { 'last-modified': MODIFIED, etag: '"a"' },
      [['if-none-match', '"a"']],
    ],
    [
      'credentials: a strong tag alone',
      { authorization: 'Bearer a' },
      { 'last-modified': MODIFIED, etag: '"a"' },
      [['if-none-match', '"a"']],
    ],
    ['a cookie, and no tag', { cookie: 'a=b' }, { 'last-modified': MODIFIED }, []],
    ['credentials, and no tag', { authorization: 'Basic a' }, { 'last-modified': MODIFIED }, []],
    ['a cookie, and a weak tag', { cookie: 'a=b' }, { etag: 'W/"a"' }, []],
    [
      'a cookie, and a weak tag of what is public',
      { cookie: 'a=b' },
      { etag: 'W/"a"', 'last-modified': MODIFIED, 'cache-control': 'public, max-age=60' },
      [['if-none-match', 'W/"a"']],
    ],
    [
      'a cookie that selects',
      { cookie: 'a=b' },
      { vary: 'A, Cookie', etag: 'W/"a"' },
      [['if-none-match', 'W/"a"']],
    ],
    [
      'credentials beside a cookie that selects',
      { cookie: 'a=b', authorization: 'Basic a' },
      { vary: 'Cookie', 'last-modified': MODIFIED },
      [],
    ],
  ])('for %s', (_what, asked, fields, validators) => {
    expect(validatorsOf(entry(fields), { headers: new Headers(asked) })).toEqual(validators);
  });

  test('nothing else than a 200', () => {
    for (const status of [203, 204, 206, 301, 404]) {
      const form = { type: 'http', status, headers: [['etag', '"a"']] } as const;
      expect(validatorsOf(entry({}, { form }), ANYBODY)).toEqual([]);
    }
    const form = { type: 'value', contentType: 'a/b' } as const;
    expect(validatorsOf(entry({}, { form }), ANYBODY)).toEqual([]);
  });
});

describe('a 304 (RFC 9111, section 4.3.4)', () => {
  it.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    ['the same strong tag', { etag: '"a"' }, { etag: '"a"' }, true],
    ['another strong tag', { etag: '"a"' }, { etag: '"b"' }, false],
    ['a strong tag where ours is weak', { etag: 'W/"a"' }, { etag: '"a"' }, false],
    ['a strong tag where we have none', { 'last-modified': MODIFIED }, { etag: '"a"' }, false],
    [
      'a strong tag where we have none, at the same time',
      { 'last-modified': MODIFIED },
      { etag: '"a"', 'last-modified': MODIFIED },
      false,
    ],
    ['the same weak tag', { etag: 'W/"a"' }, { etag: 'W/"a"' }, true],
    ['a weak tag that matches ours', { etag: '"a"' }, { etag: 'W/"a"' }, true],
    ['another weak tag', { etag: '"a"' }, { etag: 'W/"b"' }, false],
    [
      'another weak tag, at the same time',
      { etag: 'W/"a"', 'last-modified': MODIFIED },
      { etag: 'W/"b"', 'last-modified': MODIFIED },
      false,
    ],
    ['the same time', { 'last-modified': MODIFIED }, { 'last-modified': MODIFIED }, true],
    ['another time', { 'last-modified': MODIFIED }, { 'last-modified': date(NOW) }, false],
    [
      'the same tag at another time',
      { etag: '"a"', 'last-modified': MODIFIED },
      { etag: '"a"', 'last-modified': date(NOW) },
      true,
    ],
    [
      'a weak tag where we have none, at the same time',
      { 'last-modified': MODIFIED },
      { etag: 'W/"a"', 'last-modified': MODIFIED },
      true,
    ],
    ['a weak tag where we have none', { 'last-modified': MODIFIED }, { etag: 'W/"a"' }, false],
    ['no validator: it answers to ours', { etag: '"a"' }, {}, true],
  ])('with %s', (_what, stored, fields, isAbout) => {
    expect(of304(entry(stored), fields) !== 'mismatch').toBe(isAbout);
  });

  test('says nothing of what is no 200', () => {
    const form = { type: 'http', status: 404, headers: [['etag', '"a"']] } as const;
    expect(of304(entry({}, { form }), { etag: '"a"' })).toBe('mismatch');
    const value = { type: 'value', contentType: 'a/b' } as const;
    expect(of304(entry({}, { form: value }), {})).toBe('mismatch');
  });
});

describe('what a 304 changes (RFC 9111, section 3.2)', () => {
  const stored = entry({
    etag: '"a"',
    'content-type': 'text/plain',
    'content-encoding': 'zstd',
    'last-modified': MODIFIED,
    'x-kept': 'stored',
    'x-changed': 'stored',
  });

  test('every field that it has, and no other', () => {
    const changes = { 'x-changed': 'new', 'x-added': 'new', 'last-modified': date(NOW) };
    const update = { etag: '"a"', ...changes };
    expect(fieldsOf(merged(stored, { ...update, date: date(NOW) }))).toEqual({
      ...fieldsOf(stored),
      ...update,
      date: date(NOW),
    });
  });

  it.each([
    ['content-length', '10'],
    ['content-digest', 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'],
    ['content-type', 'text/html'],
    ['content-encoding', 'gzip'],
    ['content-range', 'bytes 0-1/2'],
    ['age', '1'],
    ['cache-status', 'other; hit'],
    ['cache-tag', 'a'],
    ['cache-groups', '"a"'],
    ['cache-group-invalidation', '"a"'],
    ['connection', 'close'],
    ['keep-alive', 'timeout=5'],
    ['transfer-encoding', 'chunked'],
    ['proxy-authenticate', 'Basic'],
    ['upgrade', 'h2c'],
    ['etag', 'W/"a"'],
  ])('but not by %s', (name, value) => {
    const before = fieldsOf(merged(stored, { date: date(NOW) }));
    expect(fieldsOf(merged(stored, { date: date(NOW), [name]: value }))).toEqual(before);
  });

  test('nor by a field that Connection names', () => {
    const update = { connection: 'x-changed', 'x-changed': 'new' };
    expect(fieldsOf(merged(stored, update))).toMatchObject({ 'x-changed': 'stored' });
  });

  test('all values of a field are replaced, one by one where it is Set-Cookie', () => {
    const headers: [string, string][] = [
      ['etag', '"a"'],
      ['cache-control', 'max-age=60'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=1'],
    ];
    const form = { type: 'http', status: 200, headers } as const;
    const update = new Headers([
      ['set-cookie', 'a=2'],
      ['set-cookie', 'c=2'],
    ]);
    const draft = merged(entry({}, { form }), update, {
      policy: { ...DEFAULT_CACHE_POLICY, setCookie: 'store' },
    });
    const cookies = draft.form.type === 'http' ? draft.form.headers : [];
    expect(cookies.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual([
      'a=2',
      'c=2',
    ]);
    const kept = merged(
      entry({}, { form }),
      {},
      { policy: { ...DEFAULT_CACHE_POLICY, setCookie: 'store' } },
    );
    for (const pair of headers)
      expect(kept.form.type === 'http' && kept.form.headers).toContainEqual(pair);
  });

  test('the value stays, the very same bytes, and the load is this one', () => {
    const draft = merged(stored, {});
    expect(draft.value).toBe(stored.value);
    expect(draft.loadMs).toBe(40);
  });

  it.each<[string, Record<string, string>, string, Record<string, string>, string]>([
    ['the same tag: what clients were told', { etag: '"a"' }, 'W/"a"', { etag: '"a"' }, 'W/"a"'],
    ['none of the origin’s: ours stays', { 'last-modified': MODIFIED }, OURS, {}, OURS],
    [
      'one that the origin has given it now',
      { 'last-modified': MODIFIED },
      OURS,
      { etag: 'W/"n"', 'last-modified': MODIFIED },
      'W/"n"',
    ],
    ['one that is none: ours stays', { etag: 'a' }, OURS, { etag: 'a' }, OURS],
    [
      'one that is none, given now: ours stays',
      { 'last-modified': MODIFIED },
      OURS,
      { etag: 'n', 'last-modified': MODIFIED },
      OURS,
    ],
  ])('%s', (_what, fields, told, update, expected) => {
    expect(merged(entry(fields, { etag: told }), update).etag).toBe(expected);
  });
});

describe('the times after a 304', () => {
  it.each<[string, Record<string, string>, Record<string, string>, number, number]>([
    ['count from its own Date', {}, { date: date(NOW - 5000) }, 4990, 60],
    ['count from its own Age', {}, { age: '20' }, 20_030, 60],
    ['count from when it was asked for, if it says neither', {}, {}, 30, 60],
    ['follow from its directives', {}, { 'cache-control': 'max-age=5' }, 30, 5],
    [
      'follow from those that it has none in place of',
      { 'cache-control': 's-maxage=7' },
      {},
      30,
      7,
    ],
    [
      'follow from its Expires',
      { 'cache-control': '' },
      { expires: date(NOW + 90_000), date: date(NOW) },
      30,
      90,
    ],
    [
      'a targeted field that is stored governs',
      { 'cdn-cache-control': 'max-age=8' },
      { 'cache-control': 'max-age=5' },
      30,
      8,
    ],
  ])('%s', (_what, fields, update, age, lifetime) => {
    const draft = merged(entry({ etag: '"a"', ...fields }), update);
    const createdAt = NOW - 10 - age;
    expect(draft).toMatchObject({ createdAt, freshUntil: createdAt + lifetime * 1000 });
  });

  test('Expires of before is past: it is held against the time of the 304, not against its own', () => {
    const fields = { 'cache-control': '', etag: '"a"', expires: date(NOW - HOUR + 60_000) };
    for (const update of [{}, { date: date(NOW) }]) {
      const draft = merged(entry(fields), update);
      expect(draft.freshUntil).toBe(draft.createdAt);
      expect(fieldsOf(draft)['date']).not.toBe(date(NOW - HOUR));
    }
  });

  test('a load like any other: its life begins anew', () => {
    const draft = merged(entry({ etag: '"a"', 'cache-control': 'max-age=60, stale-if-error=90' }), {
      'cache-control': 'max-age=60, stale-while-revalidate=30, stale-if-error=90',
    });
    const createdAt = NOW - 40;
    expect(draft).toMatchObject({
      createdAt,
      freshUntil: createdAt + 60_000,
      staleUntil: createdAt + 90_000,
      staleIfErrorUntil: createdAt + 150_000,
      expiresAt: createdAt + 150_000 + HOUR,
      lifeUntil: NOW + 24 * HOUR,
    });
  });

  test('a life that ends earlier ends it', () => {
    const draft = merged(entry({ etag: '"a"' }), {}, { maxLifetimeMs: 5000 });
    expect(draft).toMatchObject({
      freshUntil: NOW + 5000,
      expiresAt: NOW + 5000,
      lifeUntil: NOW + 5000,
    });
  });

  test('a guess is made again', () => {
    const fields = { 'cache-control': '', 'last-modified': date(NOW - 100_000), etag: '"a"' };
    expect(merged(entry(fields), { date: date(NOW) }).freshUntil).toBe(NOW - 40 + 10_000);
  });

  test('what has to be validated each time is so again', () => {
    const draft = merged(entry({ etag: '"a"', 'cache-control': 'no-cache' }), {});
    expect(draft).toMatchObject({ freshUntil: NOW - 40, staleIfErrorUntil: NOW - 40 });
    expect(draft.expiresAt).toBe(NOW + HOUR);
  });
});

describe('the tags after a 304', () => {
  const GROUPS = ['\nhttps://acme.example\ng', '\n\ng'];
  const stored = entry({ etag: '"a"' }, { tags: ['a', 'b', ...GROUPS] });
  it.each<[string, Record<string, string>, string[]]>([
    ['that names none', {}, ['a', 'b', ...GROUPS]],
    ['that names tags', { 'cache-tag': 'c, d' }, ['c', 'd', ...GROUPS]],
    [
      'that names groups',
      { 'cache-groups': '"h"' },
      ['a', 'b', '\nhttps://acme.example\nh', '\n\nh'],
    ],
    ['whose field is empty', { 'cache-tag': ' , ' }, ['a', 'b', ...GROUPS]],
    ['whose groups are none', { 'cache-groups': 'x y' }, ['a', 'b', ...GROUPS]],
  ])('%s', (_what, update, tags) => {
    expect(merged(stored, update).tags).toEqual(tags);
  });
});

describe('a 304 that takes back that it may be stored', () => {
  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['no-store', {}, { 'cache-control': 'no-store' }, 'no-store'],
    ['private', {}, { 'cache-control': 'private, max-age=60' }, 'private'],
    ['a targeted no-store', {}, { 'cdn-cache-control': 'no-store' }, 'no-store'],
    ['a Vary by anything', {}, { vary: '*' }, 'vary'],
    ['a cookie', {}, { 'set-cookie': 'a=b' }, 'set-cookie'],
    ['too many tags', {}, { 'cache-tag': 'x'.repeat(300) }, 'too-many-tags'],
    ['an answer to credentials', { authorization: 'Bearer a' }, {}, 'authorization'],
    ['a client that forbids it', { 'cache-control': 'no-store' }, {}, 'request-no-store'],
  ])('%s: it is for the one who asked', (_what, asked, update, reason) => {
    const request = { url: 'https://acme.example/a', headers: new Headers(asked) };
    const result = of304(entry({ etag: '"a"', 'x-kept': '1' }), update, { request });
    expect(result).toMatchObject({
      storable: false,
      reason,
      draft: { freshUntil: NOW - 40, staleUntil: NOW - 40, value: entry({}).value },
    });
    if (result === 'mismatch' || !('storable' in result)) throw new Error('It is a refusal.');
    expect(fieldsOf(result.draft)).toMatchObject({ 'x-kept': '1' });
  });

  test('a cookie that is named as not to be stored is not', () => {
    const update = {
      'cache-control': 'max-age=60, private="set-cookie, x-a"',
      'set-cookie': 'a=b',
    };
    const fields = fieldsOf(merged(entry({ etag: '"a"', 'x-a': '1', 'x-b': '1' }), update));
    expect(fields).not.toHaveProperty('set-cookie');
    expect(fields).not.toHaveProperty('x-a');
    expect(fields).toHaveProperty('x-b');
  });
});

describe('a 200 to HEAD (RFC 9111, section 4.3.5)', () => {
  const stored = { etag: '"a"', 'last-modified': MODIFIED };
  it.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    ['the same tag', stored, { etag: '"a"' }, true],
    ['another tag', stored, { etag: '"b"' }, false],
    ['a weak spelling of it', stored, { etag: 'W/"a"' }, false],
    ['the same time', stored, { 'last-modified': MODIFIED }, true],
    ['another time', stored, { 'last-modified': date(NOW) }, false],
    ['the same tag, another time', stored, { etag: '"a"', 'last-modified': date(NOW) }, false],
    ['the same length', stored, { etag: '"a"', 'content-length': '4' }, true],
    ['another length', stored, { etag: '"a"', 'content-length': '5' }, false],
    ['nothing but the length', {}, { 'content-length': '4' }, false],
    ['nothing but the length, of what has a tag', stored, { 'content-length': '4' }, false],
    ['nothing but another length', {}, { 'content-length': '5' }, false],
    ['a tag where we have none', {}, { etag: '"a"' }, false],
    ['nothing to tell it by', stored, {}, false],
    [
      'the length of a coding that is not stored',
      stored,
      { etag: '"a"', 'content-length': '9', 'content-encoding': 'gzip' },
      true,
    ],
  ])('with %s', (_what, own, fields, isAbout) => {
    expect(of304(entry(own), fields, {}, 200) !== 'mismatch').toBe(isAbout);
  });

  test('brings it up to date as a 304 does', () => {
    const update = {
      etag: '"a"',
      'cache-control': 'max-age=600',
      'x-a': '1',
      'content-length': '4',
    };
    const draft = merged(entry(stored), update, {}, 200);
    expect(draft).toMatchObject({ freshUntil: NOW - 40 + 600_000, form: { status: 200 } });
    expect(fieldsOf(draft)).toMatchObject({ 'x-a': '1' });
    expect(fieldsOf(draft)).not.toHaveProperty('content-length');
  });
});

describe('an answer to somebody with a name', () => {
  const stored = entry({
    etag: '"a"',
    'last-modified': MODIFIED,
    'x-both': 'stored',
    'cdn-cache-control': 'max-age=60',
  });
  const update = {
    etag: '"a"',
    'x-both': 'of alice',
    'x-user': 'alice',
    'content-security-policy': "script-src 'nonce-1'",
    date: date(NOW),
    expires: date(NOW + HOUR),
    'cache-control': 'public, max-age=5',
    'cdn-cache-control': 'public, max-age=30',
    'tiercel-cdn-cache-control': 'public, max-age=20',
    'last-modified': date(NOW),
    vary: 'Accept',
    'cache-tag': 'a',
  };
  const own = ['x-both', 'x-user', 'content-security-policy'];
  const asking = (headers: Record<string, string>) => ({
    request: { url: 'https://acme.example/a', headers: new Headers(headers) },
  });

  it.each<[string, Record<string, string>, number]>([
    ['a 304 to a cookie', { cookie: 'a=b' }, 304],
    ['a 304 to credentials', { authorization: 'Basic a' }, 304],
  ])('%s updates what caches go by, and nothing else', (_what, asked, status) => {
    const draft = merged(stored, update, asking(asked), status);
    const shared = Object.entries(update).filter(
      ([name]) => !own.includes(name) && name !== 'cache-tag',
    );
    expect(fieldsOf(draft)).toEqual({ ...fieldsOf(stored), ...Object.fromEntries(shared) });
    expect(draft).toMatchObject({ freshUntil: NOW - 40 + 20_000, tags: ['a'] });
  });

  test('a 200 to a HEAD of theirs does as well', () => {
    const same = { ...update, 'last-modified': MODIFIED };
    const fields = fieldsOf(merged(stored, same, asking({ cookie: 'a=b' }), 200));
    expect(fields).toMatchObject({ 'x-both': 'stored', vary: 'Accept' });
    expect(fields).not.toHaveProperty('x-user');
  });

  it.each<[string, Record<string, string>]>([
    ['Last-Modified', { 'last-modified': MODIFIED }],
    ['weak tag', { etag: 'W/"a"' }],
    ['weak tag and Last-Modified', { etag: 'W/"a"', 'last-modified': MODIFIED }],
  ])('a 200 to a HEAD of theirs is about what is stored by no %s', (_what, fields) => {
    const head = { 'content-length': '4', ...fields };
    expect(of304(entry(fields), head, asking({ cookie: 'a=b' }), 200)).toBe('mismatch');
    expect(of304(entry(fields), head, {}, 200)).not.toBe('mismatch');
  });

  test('a cookie that selects is that of all who get it', () => {
    const varied = entry({ etag: '"a"', vary: 'Cookie' });
    const draft = merged(varied, { etag: '"a"', 'x-user': 'alice' }, asking({ cookie: 'a=b' }));
    expect(fieldsOf(draft)).toMatchObject({ 'x-user': 'alice' });
  });

  test('what it takes back counts, also where it would not be stored', () => {
    const withCookie = { ...update, 'set-cookie': 'a=b' };
    expect(of304(stored, withCookie, asking({ cookie: 'a=b' }))).toMatchObject({
      reason: 'set-cookie',
    });
  });

  test('they are answered with all of it', () => {
    const draft = merged(stored, update, asking({ cookie: 'a=b' }));
    const answer = forAsker(draft, { headers: new Headers(update) });
    const { 'cache-tag': _said, ...all } = update;
    expect(fieldsOf(answer)).toEqual({ ...fieldsOf(stored), ...all });
    expect({ ...answer, form: draft.form }).toEqual(draft);
  });

  test('as is anybody with what may not be stored', () => {
    const control = { 'cache-control': 'max-age=60, private="set-cookie"' };
    const headers = new Headers([
      ...Object.entries(control),
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=1'],
    ]);
    const draft = merged(entry({ etag: '"a"' }), headers);
    expect(fieldsOf(draft)).not.toHaveProperty('set-cookie');
    const { form } = forAsker(draft, { headers });
    const pairs = form.type === 'http' ? form.headers : [];
    expect(pairs.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual([
      'a=1',
      'b=1',
    ]);
  });
});
