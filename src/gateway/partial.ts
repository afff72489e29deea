import type { EntryDraft } from '../codec/entry.ts';
import type { CacheStatus } from '../http/cache-status.ts';
import { isStrong } from '../http/etag.ts';
import { ifRangeHolds, isNotModified } from '../http/preconditions.ts';
import { parseContentRange, resolveRange, type ContentRange } from '../http/range.ts';
import { DEFAULT_CACHE_POLICY, type CachePolicy } from '../tenant/policy.ts';
import { headOfEntry, type AnswerPolicy } from './answer-head.ts';
import { validatorsIn } from './client-validators.ts';
import { isDecoded } from './content-coding.ts';
import { httpEntry, type StoredResponse } from './http-entry.ts';
import { notModified } from './not-modified.ts';
import { askedRange, partialResponse } from './range-response.ts';
import { judgeStorability, type Refusal, type Storable } from './storability.ts';

/** The name under which a copy holds the `Range` that it was loaded for. A response has no such field of its own. */
const ASKED = 'range';

/** A part of a representation, as it is stored: the bytes from `first` on, of which fewer may be there than are named. */
interface Part extends ContentRange {
  readonly complete: number;
  /** The last byte that is there. */
  readonly end: number;
}

/**
 * Whether the origin's 206 may be stored as the part that it is (RFC 9111, section 3.3): by the rules of the whole, and
 * with explicit freshness; of one range, of a representation whose length is known, its bytes those that were sent.
 */
export function judgePartial(
  request: Request,
  response: Response,
  now: number,
  policy: CachePolicy,
): Storable | Refusal {
  const { headers } = response;
  const range = parseContentRange(headers.get('content-range'));
  if (!askedRange(request) || range?.complete === undefined || isDecoded(headers))
    return { storable: false, reason: 'range', forAll: false };
  const whole = new Response(null, { status: 200, headers });
  const verdict = judgeStorability(request, whole, now, policy);
  if (verdict.storable && (verdict.heuristic || verdict.lifetime <= 0))
    return { storable: false, reason: 'no-freshness', forAll: true };
  return verdict;
}

/**
 * The copy of a 206 that {@link judgePartial} allows. Undefined when its body has another length than its range. A shorter
 * one is taken as the beginning of its range where `Content-Length` says that it is all that was sent.
 */
export async function partialDraft(
  request: Request,
  stored: StoredResponse,
): Promise<EntryDraft | undefined> {
  const { response, bytes } = stored;
  const range = parseContentRange(response.headers.get('content-range'));
  if (!range || bytes.byteLength === 0) return undefined;
  const missing = range.last - range.first + 1 - bytes.byteLength;
  const announced = response.headers.get('content-length') === String(bytes.byteLength);
  if (missing < 0 || (missing > 0 && !announced)) return undefined;
  const draft = await httpEntry(stored);
  if (draft.form.type !== 'http') return undefined;
  const headers = draft.form.headers.filter(([name]) => name !== ASKED);
  return {
    ...draft,
    form: { ...draft.form, headers: [...headers, [ASKED, request.headers.get('range') ?? '']] },
    // A hash of these bytes would name no representation: only the origin's own tag does.
    etag: validatorsIn(response.headers).etag ?? undefined,
  };
}

/**
 * Answers a GET with `Range` from a copy of a part. Undefined where the copy is not enough: it does not cover the range,
 * the client wants several or none, or the whole by `If-Range`.
 */
export function answerFromPartial(
  request: Request,
  entry: EntryDraft,
  status: CacheStatus,
  now: number,
  policy: AnswerPolicy = DEFAULT_CACHE_POLICY,
): Response | undefined {
  const part = partOf(entry);
  const range = askedRange(request);
  if (!part || !range) return undefined;
  const { headers, validators } = headOfEntry(entry, { status, upstream: null, now, policy });
  headers.delete(ASKED);
  if (isNotModified(request.headers, { status: 206, ...validators }, now))
    return notModified(headers);
  const ifRange = request.headers.get('if-range');
  if (ifRange !== null && !ifRangeHolds(ifRange, validators, now)) return undefined;
  const { value } = entry;
  // What it was loaded for gets what the origin has answered it with.
  if (request.headers.get('range') === field(entry, ASKED))
    return partialResponse(headers, value, part, part.complete);
  const wanted = resolveRange(range, part.complete);
  if (wanted === 'unsatisfiable' || wanted.first < part.first || wanted.last > part.last)
    return undefined;
  if (wanted.first > part.end) return undefined;
  // A 206 may hold less than was asked for: it says which bytes they are (RFC 9110, section 15.3.7).
  const last = Math.min(wanted.last, part.end);
  const bytes = value.subarray(wanted.first - part.first, last - part.first + 1);
  return partialResponse(headers, bytes, { first: wanted.first, last }, part.complete);
}

/**
 * One copy of two, in place of both: the parts are of the same representation, by a strong tag, and leave no gap (RFC
 * 9110, section 15.3.7.3). With all of its bytes it is a 200. Its fields and its times are those of the later one
 * (RFC 9111, section 3.4), which says by its tag that the earlier bytes are still right. Undefined for any other two.
 */
export function combined(held: EntryDraft, next: EntryDraft): EntryDraft | undefined {
  const one = partOf(held);
  const two = partOf(next);
  if (!one || !two || next.etag === undefined || held.etag !== next.etag || !isStrong(next.etag))
    return undefined;
  if (one.complete !== two.complete || one.end !== one.last || two.end !== two.last)
    return undefined;
  if (one.first > two.last + 1 || two.first > one.last + 1) return undefined;
  const first = Math.min(one.first, two.first);
  const last = Math.max(one.last, two.last);
  const value = new Uint8Array(last - first + 1);
  value.set(held.value, one.first - first);
  value.set(next.value, two.first - first);
  const { complete } = two;
  const whole = value.byteLength === complete;
  const dropped: ReadonlySet<string> = new Set([
    'content-digest',
    'content-md5',
    'content-range',
    ASKED,
  ]);
  const kept = (next.form.type === 'http' ? next.form.headers : []).filter(
    ([name]) => !dropped.has(name),
  );
  const range = ['content-range', `bytes ${first}-${last}/${complete}`] as const;
  return {
    ...next,
    value,
    form: {
      type: 'http',
      status: whole ? 200 : 206,
      headers: whole ? kept : [...kept, range],
    },
  };
}

function partOf(entry: EntryDraft): Part | undefined {
  if (entry.form.type !== 'http' || entry.form.status !== 206) return undefined;
  const range = parseContentRange(field(entry, 'content-range') ?? null);
  if (range?.complete === undefined) return undefined;
  const { complete } = range;
  return { ...range, complete, end: range.first + entry.value.byteLength - 1 };
}

function field({ form }: EntryDraft, name: string): string | undefined {
  if (form.type !== 'http') return undefined;
  return form.headers.find(([known]) => known === name)?.[1];
}
