import type { EntryDraft } from '../codec/entry.ts';
import { isEntityTag, weaken } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { parseCacheTags } from './cache-tags.ts';

/** What a stored response is made of. */
export interface StoredResponse {
  readonly response: Response;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Seconds of freshness from `createdAt`. */
  readonly lifetime: number;
  /** The longest that any entry may live, in milliseconds from now. */
  readonly maxLifetimeMs: number;
  readonly createdAt: number;
  readonly now: number;
  readonly loadMs: number;
}

// Said anew on every answer, or of one connection only.
const NOT_STORED = [
  'age',
  'cache-status',
  'content-encoding',
  'content-length',
  'set-cookie',
  'cache-tag',
] as const;

/** A response as an entry. The tag is the origin's own where it is valid, else a SHA-256 of the body. */
export async function httpEntry(stored: StoredResponse): Promise<EntryDraft> {
  const { response, bytes, createdAt, now } = stored;
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  const etag = await entityTag(headers, bytes);
  for (const name of NOT_STORED) headers.delete(name);
  headers.set('etag', etag);
  const freshUntil = Math.min(createdAt + stored.lifetime * 1000, now + stored.maxLifetimeMs);
  return {
    value: bytes,
    form: { type: 'http', status: response.status, headers: [...headers] },
    etag,
    createdAt,
    freshUntil,
    staleUntil: freshUntil,
    staleIfErrorUntil: freshUntil,
    expiresAt: freshUntil,
    lifeUntil: now + stored.maxLifetimeMs,
    tags: parseCacheTags(response.headers) ?? [],
    loadMs: stored.loadMs,
  };
}

async function entityTag(headers: Headers, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const etag = headers.get('etag');
  // The runtime has decoded the body: the origin's strong tag names other bytes than these.
  if (etag !== null && isEntityTag(etag))
    return headers.has('content-encoding') ? weaken(etag) : etag;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `"${digest.subarray(0, 16).toBase64({ alphabet: 'base64url', omitPadding: true })}"`;
}
