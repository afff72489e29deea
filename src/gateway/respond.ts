import type { EntryDraft } from '../codec/entry.ts';
import { formatCacheStatus, type CacheStatus } from '../http/cache-status.ts';
import { isEntityTag, matchesIfNoneMatch } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { exposeTags, stripTagHeaders } from './tag-headers.ts';

// What describes a body that a 304 does not send (RFC 9110, section 15.4.5).
const NOT_ON_304 = [
  'accept-ranges',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'last-modified',
] as const;

/**
 * Answers a GET or HEAD from an entry: 304 when the client has it already, else the whole.
 * @param upstream what caches nearer to the origin said in `Cache-Status` when it was loaded just now
 * @param expose the client is told the entry's tags and groups
 */
export function respondFromEntry(
  request: Request,
  entry: EntryDraft,
  status: CacheStatus,
  upstream: string | null,
  now: number,
  expose = false,
): Response {
  const { form } = entry;
  if (form.type !== 'http') {
    throw new TypeError('The gateway was given an entry that is no HTTP response.');
  }
  const headers = new Headers();
  for (const [name, value] of form.headers) headers.append(name, value);
  stripTagHeaders(headers);
  if (expose) exposeTags(headers, entry.tags);
  const age = Math.max(0, Math.floor((now - entry.createdAt) / 1000));
  // Whatever comes out of a store says how old it is (RFC 9111, section 5.1).
  if (status.hit || status.ttl !== undefined || age > 0) headers.set('age', String(age));
  headers.set('cache-status', formatCacheStatus(status, upstream));
  if (clientHas(request, form.status, entry.etag ?? null)) return notModified(headers);
  const bodiless = form.status === 204;
  if (!bodiless) headers.set('content-length', String(entry.value.byteLength));
  const body = request.method === 'HEAD' || bodiless ? null : entry.value;
  return new Response(body, { status: form.status, headers });
}

/**
 * Passes the origin's own response on, its body as it comes.
 * @param expose the client is told the response's tags and groups
 * @param conditional a request whose conditions did not go to the origin, so that they are answered here
 */
export function passOn(
  response: Response,
  body: ReadableStream<Uint8Array> | null,
  status: CacheStatus,
  expose = false,
  conditional?: Request,
): Response {
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  if (!expose) stripTagHeaders(headers);
  // The runtime decodes and encodes bodies: the length is that of the origin's coding.
  if (headers.has('content-encoding')) headers.delete('content-length');
  headers.set('cache-status', formatCacheStatus(status, response.headers.get('cache-status')));
  if (conditional && clientHas(conditional, response.status, response.headers.get('etag'))) {
    // Nobody reads it, and an unread body holds one of the request's few connections. A failure to end it changes nothing.
    body?.cancel().catch(() => undefined);
    return notModified(headers);
  }
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

function clientHas(request: Request, status: number, etag: string | null): boolean {
  const ifNoneMatch = request.headers.get('if-none-match');
  if (ifNoneMatch === null || etag === null || status !== 200 || !isEntityTag(etag)) return false;
  return matchesIfNoneMatch(ifNoneMatch, etag);
}

function notModified(headers: Headers): Response {
  for (const name of NOT_ON_304) headers.delete(name);
  return new Response(null, { status: 304, headers });
}
