import type { Entry, EntryDraft } from '../codec/entry.ts';
import { formatCacheStatus, type CacheStatus } from '../http/cache-status.ts';
import { matchesIfNoneMatch } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';

// What a 304 may carry (RFC 9110, section 15.4.5); the rest describes a body that is not sent.
const NOT_ON_304 = [
  'content-type',
  'content-language',
  'content-range',
  'last-modified',
  'accept-ranges',
] as const;

/** Answers a GET or HEAD from an entry: 304 when the client has it already, else the whole. */
export function respondFromEntry(
  request: Request,
  entry: Entry | EntryDraft,
  status: CacheStatus,
  now: number,
): Response {
  if (entry.form.type !== 'http')
    throw new TypeError('The gateway was given an entry that is no HTTP response.');
  const headers = new Headers();
  for (const [name, value] of entry.form.headers) headers.append(name, value);
  const age = Math.max(0, Math.floor((now - entry.createdAt) / 1000));
  if (status.hit || age > 0) headers.set('age', String(age));
  headers.set('cache-status', formatCacheStatus(status, null));
  const ifNoneMatch = request.headers.get('if-none-match');
  if (
    ifNoneMatch !== null &&
    entry.form.status === 200 &&
    entry.etag !== undefined &&
    matchesIfNoneMatch(ifNoneMatch, entry.etag)
  ) {
    for (const name of NOT_ON_304) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }
  const bodiless = entry.form.status === 204;
  if (!bodiless) headers.set('content-length', String(entry.value.byteLength));
  const body = request.method === 'HEAD' || bodiless ? null : entry.value;
  return new Response(body, { status: entry.form.status, headers });
}

/** Passes the origin's own response on, its body as it comes. */
export function passOn(
  response: Response,
  body: ReadableStream<Uint8Array> | null,
  status: CacheStatus,
): Response {
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  headers.delete('cache-tag');
  // The runtime decodes and encodes bodies: the length is that of the origin's coding.
  if (headers.has('content-encoding')) headers.delete('content-length');
  headers.set('cache-status', formatCacheStatus(status, response.headers.get('cache-status')));
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}
