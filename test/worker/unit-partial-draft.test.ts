import { expect, it, test } from 'vitest';
import type { EntryDraft } from '../../src/codec/entry.ts';
import { answerFromPartial, judgePartial, partialDraft } from '../../src/gateway/partial.ts';
import { DEFAULT_CACHE_POLICY } from '../../src/tenant/policy.ts';

const NOW = Date.UTC(2026, 7, 1);
const HIT = { hit: true, ttl: 50, detail: 'memory' } as const;
const request = new Request('https://acme.example/', { headers: { range: 'bytes=-5' } });

/** The copy of a part whose body is these digits; undefined when it is not to be stored. */
async function draftOf(
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EntryDraft | undefined> {
  const bytes = new Uint8Array(new TextEncoder().encode(text));
  const response = new Response(bytes, {
    status: 206,
    headers: { 'cache-control': 'max-age=60', 'content-range': 'bytes 4-8/10', ...headers },
  });
  const verdict = judgePartial(request, response, NOW, DEFAULT_CACHE_POLICY);
  if (!verdict.storable) throw new TypeError(verdict.reason);
  return partialDraft(request, {
    response,
    origin: 'https://acme.example',
    bytes,
    verdict,
    maxLifetimeMs: 3_600_000,
    createdAt: NOW - 5000,
    now: NOW,
    loadMs: 12,
  });
}

test('a part is stored with its bytes, and with what they were asked by', async () => {
  const draft = await draftOf('45678', { etag: '"v1"', 'cache-tag': 'a', range: 'bytes=0-' });
  expect(draft).toMatchObject({
    form: { type: 'http', status: 206 },
    etag: '"v1"',
    createdAt: NOW - 5000,
    freshUntil: NOW + 55_000,
    tags: ['a'],
  });
  const { form } = draft ?? {};
  expect(form?.type === 'http' ? Object.fromEntries(form.headers) : {}).toMatchObject({
    'content-range': 'bytes 4-8/10',
    range: 'bytes=-5',
  });
  expect(draft && answerFromPartial(request, draft, HIT, NOW)?.status).toBe(206);
});

it.each([
  ['none', {}],
  ['an invalid one', { etag: 'v1' }],
])('without a tag of the origin’s a part has none of its own: %s', async (_what, headers) => {
  // A hash of its bytes would be the tag of another representation.
  expect((await draftOf('45678', headers))?.etag).toBeUndefined();
});

it.each<[string, string, Record<string, string>, boolean]>([
  ['as many bytes as it says', '45678', {}, true],
  ['more', '456789', {}, false],
  ['fewer', '4567', {}, false],
  ['fewer, and they are all that was sent', '4567', { 'content-length': '4' }, true],
  ['fewer than were sent', '4567', { 'content-length': '5' }, false],
  ['none', '', { 'content-length': '0' }, false],
])('a part with %s (RFC 9110, section 15.3.7)', async (_what, text, headers, stored) => {
  expect((await draftOf(text, headers)) !== undefined).toBe(stored);
});
