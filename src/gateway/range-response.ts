import { ifRangeHolds, type StoredValidators } from '../http/preconditions.ts';
import {
  formatContentRange,
  parseRange,
  resolveRange,
  type ByteRange,
  type ResolvedRange,
} from '../http/range.ts';

/** A stored response that a range may be cut out of. */
export interface Sliceable {
  readonly bytes: Uint8Array;
  /** Of the answer with the whole. They become those of the part. */
  readonly headers: Headers;
  readonly validators: StoredValidators;
}

/** What tells how a response is to be encoded: bytes that have a content coding already are sent as they are. */
export type Encoding = { readonly encodeBody: 'manual' } | Record<string, never>;

/** `encodeBody` of an answer with these fields (RFC 9110, section 8.4): ranges, too, are those of the coding that is sent. */
export function encodingOf(headers: Headers): Encoding {
  return headers.has('content-encoding') ? { encodeBody: 'manual' } : {};
}

/** Says that ranges are served, unless the origin has said what it accepts (RFC 9110, section 14.3). */
export function acceptRanges(headers: Headers): void {
  if (!headers.has('accept-ranges')) headers.set('accept-ranges', 'bytes');
}

/**
 * The part that a GET asks for: 206, or 416 when there is no such part. Undefined where the whole is the answer (RFC 9110,
 * section 14.2): no `Range`, one that is to be ignored, an `If-Range` that does not hold, an origin that accepts none;
 * several ranges, of which a server may send as many as it likes; and an empty body, of which no `Content-Range` could speak.
 */
export function rangeResponse(
  request: Request,
  { bytes, headers, validators }: Sliceable,
  now: number,
): Response | undefined {
  const range = askedRange(request);
  if (!range || bytes.byteLength === 0 || acceptsNone(headers)) return undefined;
  const ifRange = request.headers.get('if-range');
  if (ifRange !== null && !ifRangeHolds(ifRange, validators, now)) return undefined;
  const part = resolveRange(range, bytes.byteLength);
  if (part === 'unsatisfiable') return unsatisfiable(headers, bytes.byteLength);
  return partialResponse(
    headers,
    bytes.subarray(part.first, part.last + 1),
    part,
    bytes.byteLength,
  );
}

/** The one range that a request asks for; undefined for one that asks for the whole, or is to be answered as if it did. */
export function askedRange({ method, headers }: Request): ByteRange | undefined {
  const field = headers.get('range');
  // For no other method is it defined what a range means (RFC 9110, section 14.2).
  return field === null || method !== 'GET' ? undefined : oneRange(field);
}

function oneRange(field: string): ByteRange | undefined {
  const ranges = parseRange(field);
  return ranges?.length === 1 ? ranges[0] : undefined;
}

/** A 206 with the bytes of one part, out of the fields of the whole (RFC 9110, section 15.3.7.1). */
export function partialResponse(
  headers: Headers,
  bytes: Uint8Array,
  part: ResolvedRange,
  complete: number,
): Response {
  headers.set('content-range', formatContentRange(part, complete));
  headers.set('content-length', String(bytes.byteLength));
  // They are of the content of another message (RFC 9530, section 2).
  for (const name of ['content-digest', 'content-md5']) headers.delete(name);
  return new Response(bytes, { status: 206, headers, ...encodingOf(headers) });
}

// What describes a body that is not sent, or for how long it may be used.
const NOT_ON_416 = [
  'age',
  'cache-control',
  'content-digest',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'repr-digest',
] as const;

/** A 416 (RFC 9110, section 15.5.17). It says nothing of the whole, which other caches must not take it for. */
function unsatisfiable(headers: Headers, length: number): Response {
  for (const name of NOT_ON_416) headers.delete(name);
  const targeted = [...headers.keys()].filter((name) => name.endsWith('-cache-control'));
  for (const name of targeted) headers.delete(name);
  headers.set('cache-control', 'no-store');
  headers.set('content-range', formatContentRange(undefined, length));
  headers.set('content-length', '0');
  return new Response(null, { status: 416, headers });
}

function acceptsNone(headers: Headers): boolean {
  const units = (headers.get('accept-ranges') ?? '').toLowerCase().split(',');
  return units.some((unit) => unit.trim() === 'none');
}
