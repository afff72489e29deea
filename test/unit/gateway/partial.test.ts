import { describe, expect, it, test } from 'vitest';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import { answerFromPartial, combined, judgePartial } from '../../../src/gateway/partial.ts';
import { DEFAULT_CACHE_POLICY, type CachePolicy } from '../../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const HIT = { hit: true, ttl: 50, detail: 'memory' } as const;
const DATE = 'Fri, 31 Jul 2026 23:59:50 GMT';
const LAST_MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';

const request = (headers: Record<string, string> = {}, method = 'GET'): Request =>
  new Request('https://acme.example/', { headers, method });

/** Bytes of a representation of digits. */
const part = (
  text: string,
  contentRange: string,
  changes: Partial<EntryDraft> = {},
  ...more: [string, string][]
): EntryDraft => ({
  value: new TextEncoder().encode(text),
  form: {
    type: 'http',
    status: 206,
    headers: [
      ['cache-control', 'max-age=60'],
      ['content-range', contentRange],
      ['date', DATE],
      ['last-modified', LAST_MODIFIED],
      ['range', 'bytes=-5'],
      ...more,
    ],
  },
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
const whole = (): EntryDraft => {
  const { form, ...rest } = part('0123456789', 'bytes 0-9/10');
  if (form.type !== 'http') throw new TypeError('no response');
  return { ...rest, form: { ...form, status: 200 } };
};

describe('whether a part may be stored (RFC 9111, section 3.3)', () => {
  const judged = (
    headers: Record<string, string>,
    asked: Record<string, string> = { range: 'bytes=0-4' },
    policy: CachePolicy = DEFAULT_CACHE_POLICY,
  ) => judgePartial(request(asked), new Response('01234', { status: 206, headers }), NOW, policy);
  const FIELDS = { 'cache-control': 'max-age=60', 'content-range': 'bytes 0-4/10' };

  test('it may, when it says for how long', () => {
    expect(judged(FIELDS)).toMatchObject({ storable: true, lifetime: 60 });
  });

  it.each<[string, Record<string, string>, Record<string, string>, boolean]>([
    ['nothing of its freshness', { 'cache-control': '' }, {}, true],
    ['only when it was changed', { 'cache-control': '', 'last-modified': LAST_MODIFIED }, {}, true],
    ['that it is stale', { 'cache-control': 'max-age=0', etag: '"v1"' }, {}, true],
    ['no-store', { 'cache-control': 'max-age=60, no-store' }, {}, true],
    ['private', { 'cache-control': 'max-age=60, private' }, {}, true],
    ['no-cache', { 'cache-control': 'max-age=60, no-cache', etag: '"v1"' }, {}, true],
    ['that it varies by everything', { vary: '*' }, {}, true],
    ['a cookie', { 'set-cookie': 'a=1' }, {}, true],
    ['no length of the whole', { 'content-range': 'bytes 0-4/*' }, {}, false],
    ['a range that is none', { 'content-range': 'bytes 4-0/10' }, {}, false],
    [
      'several ranges',
      { 'content-range': '', 'content-type': 'multipart/byteranges; boundary=a' },
      {},
      false,
    ],
    ['a part of a coding that is decoded here', { 'content-encoding': 'gzip' }, {}, false],
    ['nothing that several ranges could be answered with', {}, { range: 'bytes=0-1,3-4' }, false],
    [
      'nothing for shared caches to a request with Authorization',
      {},
      { authorization: 'Basic eA==' },
      false,
    ],
  ])('it may not when it says %s', (_what, headers, asked, forAll) => {
    const verdict = judged({ ...FIELDS, ...headers }, { range: 'bytes=0-4', ...asked });
    expect(verdict).toMatchObject({ storable: false, forAll });
  });
});

describe('a range out of a part (RFC 9110, section 15.3.7)', () => {
  // Of 10 bytes, those from the fourth on.
  const held = part('45678', 'bytes 4-8/10');

  it.each([
    ['all that is there', 'bytes=4-8', 'bytes 4-8/10', '45678'],
    ['a part of it', 'bytes=5-6', 'bytes 5-6/10', '56'],
    ['its first byte', 'bytes=4-4', 'bytes 4-4/10', '4'],
    ['its last byte', 'bytes=8-8', 'bytes 8-8/10', '8'],
    ['what it was loaded for, whatever that is', 'bytes=-5', 'bytes 4-8/10', '45678'],
  ])('%s', async (_what, range, contentRange, text) => {
    const answer = answerFromPartial(request({ range }), held, HIT, NOW);
    expect(answer?.status).toBe(206);
    expect(Object.fromEntries(answer?.headers ?? [])).toEqual({
      age: '10',
      'cache-control': 'max-age=60',
      'cache-status': 'Tiercel; hit; ttl=50; detail=memory',
      'content-length': String(text.length),
      'content-range': contentRange,
      date: DATE,
      etag: '"v1"',
      'last-modified': LAST_MODIFIED,
    });
    expect(await answer?.text()).toBe(text);
  });

  it.each([
    ['to the end', 'bytes=6-', 'bytes 6-9/10', '6789'],
    ['past the end', 'bytes=6-99', 'bytes 6-9/10', '6789'],
    ['the last so many', 'bytes=-2', 'bytes 8-9/10', '89'],
  ])('by the length of the whole: %s', async (_what, range, contentRange, text) => {
    const answer = answerFromPartial(request({ range }), part('456789', 'bytes 4-9/10'), HIT, NOW);
    expect(answer?.headers.get('content-range')).toBe(contentRange);
    expect(await answer?.text()).toBe(text);
  });

  it.each<[string, EntryDraft, Request]>([
    ['begins before it', held, request({ range: 'bytes=3-5' })],
    ['ends after it', held, request({ range: 'bytes=8-9' })],
    ['is open, where the end is not there', held, request({ range: 'bytes=4-' })],
    ['lies outside', held, request({ range: 'bytes=0-1' })],
    ['is past the end of the whole', held, request({ range: 'bytes=10-' })],
    ['is several', held, request({ range: 'bytes=4-5,7-8' })],
    ['is invalid', held, request({ range: 'bytes=5-4' })],
    ['is none: a part is never the whole', held, request()],
    ['is none, although the part has all bytes', part('0123456789', 'bytes 0-9/10'), request()],
    ['comes with HEAD', held, request({ range: 'bytes=4-8' }, 'HEAD')],
    [
      'comes with an If-Range that does not hold',
      held,
      request({ range: 'bytes=4-8', 'if-range': '"v0"' }),
    ],
    [
      'comes with an If-Range of a weak tag',
      part('45678', 'bytes 4-8/10', { etag: 'W/"v1"' }),
      request({ range: 'bytes=4-8', 'if-range': 'W/"v1"' }),
    ],
    [
      'comes with an If-Range, and the part has no tag',
      part('45678', 'bytes 4-8/10', { etag: undefined }),
      request({ range: 'bytes=-5', 'if-range': '"v1"' }),
    ],
    ['is asked of something that is no part', whole(), request({ range: 'bytes=4-8' })],
  ])('is not answered when it %s', (_what, entry, asked) => {
    expect(answerFromPartial(asked, entry, HIT, NOW)).toBeUndefined();
  });

  it.each([
    ['the strong tag', '"v1"'],
    ['the very date', LAST_MODIFIED],
  ])('is answered when If-Range has %s (13.1.5)', (_what, ifRange) => {
    const asked = request({ range: 'bytes=4-8', 'if-range': ifRange });
    expect(answerFromPartial(asked, held, HIT, NOW)?.status).toBe(206);
  });

  test('is a 304 to a client that has it (13.2.2)', () => {
    const asked = request({ range: 'bytes=4-8', 'if-none-match': '"v1"' });
    const answer = answerFromPartial(asked, held, HIT, NOW);
    expect(answer?.status).toBe(304);
    for (const name of ['content-range', 'range', 'content-length'])
      expect(answer?.headers.has(name)).toBe(false);
  });

  describe('of which less is there than it says', () => {
    const short = part('45678', 'bytes 4-9/10');

    it.each([
      ['what is there of the range', 'bytes=6-', 'bytes 6-8/10', '678'],
      ['all of it, where it is there', 'bytes=5-6', 'bytes 5-6/10', '56'],
    ])('%s', async (_what, range, contentRange, text) => {
      const answer = answerFromPartial(request({ range }), short, HIT, NOW);
      expect(answer?.headers.get('content-range')).toBe(contentRange);
      expect(await answer?.text()).toBe(text);
    });

    test('to the request that it was loaded for it is what the origin has sent', async () => {
      const answer = answerFromPartial(request({ range: 'bytes=-5' }), short, HIT, NOW);
      expect(answer?.headers.get('content-range')).toBe('bytes 4-9/10');
      expect(await answer?.text()).toBe('45678');
    });

    test('nothing, when none of it is there', () => {
      expect(answerFromPartial(request({ range: 'bytes=-1' }), short, HIT, NOW)).toBeUndefined();
    });
  });
});

describe('two parts as one (RFC 9110, section 15.3.7.3)', () => {
  const text = (draft: EntryDraft | undefined): string =>
    new TextDecoder().decode(draft?.value ?? new Uint8Array(0));
  const fieldsOf = (draft: EntryDraft | undefined): Record<string, string> =>
    draft?.form.type === 'http' ? Object.fromEntries(draft.form.headers) : {};
  const one = part('012', 'bytes 0-2/10');

  it.each<[string, EntryDraft, EntryDraft, string, string]>([
    ['side by side', one, part('345', 'bytes 3-5/10'), '012345', 'bytes 0-5/10'],
    ['one over the other', one, part('2345', 'bytes 2-5/10'), '012345', 'bytes 0-5/10'],
    ['the later one first', part('345', 'bytes 3-5/10'), one, '012345', 'bytes 0-5/10'],
    [
      'one inside the other',
      part('01234', 'bytes 0-4/10'),
      part('12', 'bytes 1-2/10'),
      '01234',
      'bytes 0-4/10',
    ],
  ])('%s', (_what, held, next, expected, contentRange) => {
    const joined = combined(held, next);
    expect(text(joined)).toBe(expected);
    expect(joined?.form).toMatchObject({ status: 206 });
    expect(fieldsOf(joined)['content-range']).toBe(contentRange);
    // It is no answer to either request as it was sent.
    expect(fieldsOf(joined)).not.toHaveProperty('range');
  });

  test('with all bytes is the whole', () => {
    const joined = combined(one, part('3456789', 'bytes 3-9/10'));
    expect(text(joined)).toBe('0123456789');
    expect(joined?.form).toMatchObject({ status: 200 });
    for (const name of ['content-range', 'range'])
      expect(fieldsOf(joined)).not.toHaveProperty(name);
    expect(joined?.etag).toBe('"v1"');
  });

  test('has the fields and times of the later one (RFC 9111, section 3.4)', () => {
    const later = part(
      '345',
      'bytes 3-5/10',
      { createdAt: NOW, freshUntil: NOW + 90_000, tags: ['b'] },
      ['x-own', '2'],
      ['content-digest', 'x'],
    );
    const joined = combined(part('012', 'bytes 0-2/10', { tags: ['a'] }, ['x-own', '1']), later);
    expect(joined).toMatchObject({ createdAt: NOW, freshUntil: NOW + 90_000, tags: ['b'] });
    expect(fieldsOf(joined)['x-own']).toBe('2');
    expect(fieldsOf(joined)).not.toHaveProperty('content-digest');
  });

  it.each<[string, EntryDraft, EntryDraft]>([
    ['a gap between them', one, part('456', 'bytes 4-6/10')],
    ['a gap between them, the later one first', part('456', 'bytes 4-6/10'), one],
    ['other tags', one, part('345', 'bytes 3-5/10', { etag: '"v2"' })],
    [
      'no tags',
      part('012', 'bytes 0-2/10', { etag: undefined }),
      part('345', 'bytes 3-5/10', { etag: undefined }),
    ],
    [
      'weak tags',
      part('012', 'bytes 0-2/10', { etag: 'W/"v1"' }),
      part('345', 'bytes 3-5/10', { etag: 'W/"v1"' }),
    ],
    ['another length of the whole', one, part('345', 'bytes 3-5/11')],
    ['fewer bytes than one says', part('01', 'bytes 0-2/10'), part('345', 'bytes 3-5/10')],
    ['fewer bytes than the other says', one, part('34', 'bytes 3-5/10')],
    ['a whole response among them', whole(), part('345', 'bytes 3-5/10')],
  ])('are two with %s', (_what, held, next) => {
    expect(combined(held, next)).toBeUndefined();
  });
});
