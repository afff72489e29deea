import type { EntryDraft } from '../codec/entry.ts';
import { formatCacheStatus, type CacheStatus } from '../http/cache-status.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { isNotModified } from '../http/preconditions.ts';
import { DEFAULT_CACHE_POLICY, type TtlPolicy } from '../tenant/policy.ts';
import { headOfEntry, headOfResponse, OWN_TARGET, type AnswerPolicy } from './answer-head.ts';
import { httpDate } from './browser-time.ts';
import { setBrowserTtl } from './browser-ttl.ts';
import { validatorsIn } from './client-validators.ts';
import { notModified } from './not-modified.ts';
import { acceptRanges, encodingOf, rangeResponse } from './range-response.ts';
import { stripTagHeaders } from './tag-headers.ts';

/** No answer of these has a body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Answers a GET or HEAD from an entry that is the whole of a response: 304 when the client has it already, the part that
 * it asks for, else all of it. In the order of RFC 9110, section 13.2.2.
 * @param upstream what caches nearer to the origin said in `Cache-Status` when it was loaded just now
 * @param policy whether the client is told the entry's tags and groups, and how long it may think it fresh
 */
export function respondFromEntry(
  request: Request,
  entry: EntryDraft,
  status: CacheStatus,
  upstream: string | null,
  now: number,
  policy: AnswerPolicy = DEFAULT_CACHE_POLICY,
): Response {
  const { form, value } = entry;
  const { headers, validators } = headOfEntry(entry, { status, upstream, now, policy });
  if (form.type !== 'http' || form.status === 206)
    throw new TypeError('The gateway was given an entry that is no whole HTTP response.');
  const told = toldStatus(status, form.status, upstream);
  if (isNotModified(request.headers, { status: form.status, ...validators }, now))
    return told(notModified(headers));
  if (form.status === 200) {
    const part = rangeResponse(request, { bytes: value, headers, validators }, now);
    if (part) return told(part);
    acceptRanges(headers);
  }
  const bodiless = BODILESS.has(form.status);
  if (!bodiless) headers.set('content-length', String(value.byteLength));
  const body = request.method === 'HEAD' || bodiless ? null : value;
  return new Response(body, { status: form.status, headers, ...encodingOf(headers) });
}

/** An answer of the origin's whose body is still coming, and is stored meanwhile. */
export interface Streaming {
  readonly request: Request;
  readonly response: Response;
  /** The body as this client gets it. */
  readonly stream: ReadableStream<Uint8Array> | null;
  readonly status: CacheStatus;
  /** When the response was made, in milliseconds: `Age` counts from here. */
  readonly createdAt: number;
  readonly now: number;
  readonly policy?: AnswerPolicy;
}

/**
 * Answers the client whose request the origin has answered, body and all, while it comes. It is told what a later hit
 * tells, and what is kept from the store only: its cookies. Its conditions are answered here, by the origin's own
 * validators. A range is not: the length of the whole may not be known yet. An answer without a body has no use for the
 * stream, which whoever holds it then ends.
 */
export function respondStreaming({
  request,
  response,
  stream,
  status,
  createdAt,
  now,
  policy = DEFAULT_CACHE_POLICY,
}: Streaming): Response {
  const { headers, validators } = headOfResponse(response, { status, now, policy, createdAt });
  const upstream = response.headers.get('cache-status');
  if (isNotModified(request.headers, { status: response.status, ...validators }, now))
    return toldStatus(status, response.status, upstream)(notModified(headers));
  if (response.status === 200) acceptRanges(headers);
  const bodiless = BODILESS.has(response.status);
  if (bodiless) headers.delete('content-length');
  const body = request.method === 'HEAD' || bodiless ? null : stream;
  const { status: code, statusText } = response;
  return new Response(body, { status: code, statusText, headers, ...encodingOf(headers) });
}

/** How an answer of the origin's is passed on. */
export interface Passing {
  readonly now: number;
  /** The client is told the response's tags and groups. Default: no. */
  readonly expose?: boolean | undefined;
  /** A request whose conditions did not go to the origin, or may not have counted there: they are answered here. */
  readonly conditional?: Request | undefined;
  /** Of what might have been stored. Default: the client is told what the origin says. */
  readonly browserTtl?: TtlPolicy | undefined;
}

/**
 * Passes the origin's own response on, its body as it comes.
 */
export function passOn(
  response: Response,
  body: ReadableStream<Uint8Array> | null,
  status: CacheStatus,
  { now, expose = false, conditional, browserTtl }: Passing,
): Response {
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  // Whoever receives a response without one says when that was (RFC 9110, section 6.6.1).
  if (!headers.has('date')) headers.set('date', httpDate(now));
  if (browserTtl && setBrowserTtl(headers, response.status, now, browserTtl)) {
    headers.set('date', httpDate(now));
    headers.delete('age');
  }
  headers.delete(OWN_TARGET);
  if (!expose) stripTagHeaders(headers);
  // The runtime decodes and encodes bodies: the length is that of the origin's coding.
  if (headers.has('content-encoding')) headers.delete('content-length');
  headers.set('cache-status', formatCacheStatus(status, response.headers.get('cache-status')));
  const stored = { status: response.status, ...validatorsIn(response.headers) };
  if (conditional && isNotModified(conditional.headers, stored, now)) {
    // Nobody reads it, and an unread body holds one of the request's few connections. A failure to end it changes nothing.
    body?.cancel().catch(() => undefined);
    const upstream = response.headers.get('cache-status');
    return toldStatus(status, response.status, upstream)(notModified(headers));
  }
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/**
 * Tells in `Cache-Status` what the origin answered, where the client is answered something else (RFC 9211, section 2.3).
 * @param answered the origin's status
 */
function toldStatus(
  status: CacheStatus,
  answered: number,
  upstream: string | null,
): (response: Response) => Response {
  return (response) => {
    // What comes out of a store in place of an answer is none of the origin's: it has a ttl.
    const isFromOrigin = !status.hit && status.ttl === undefined;
    if (isFromOrigin && status.fwdStatus === undefined && response.status !== answered)
      response.headers.set(
        'cache-status',
        formatCacheStatus({ ...status, fwdStatus: answered }, upstream),
      );
    return response;
  };
}
