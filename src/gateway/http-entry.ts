import type { EntryDraft } from '../codec/entry.ts';
import { isEntityTag, weaken } from '../http/etag.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { groupTags, parseGroups } from './cache-groups.ts';
import { parseCacheTags } from './cache-tags.ts';
import { staleWindows } from './freshness.ts';
import { TAG_HEADERS } from './tag-headers.ts';

/** What a stored response is made of. */
export interface StoredResponse {
  readonly response: Response;
  /** Scheme, host and port under which it was asked for: its groups are this origin's. */
  readonly origin: string;
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
  ...TAG_HEADERS,
] as const;

/** A response as an entry. The tag is the origin's own where it is valid, else a SHA-256 of the body. */
export async function httpEntry(stored: StoredResponse): Promise<EntryDraft> {
  const { response, bytes, createdAt, now } = stored;
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  const etag = await entityTag(headers, bytes);
  for (const name of NOT_STORED) headers.delete(name);
  headers.set('etag', etag);
  const lifeUntil = now + stored.maxLifetimeMs;
  const until = (seconds: number): number => Math.min(createdAt + seconds * 1000, lifeUntil);
  const { lifetime } = stored;
  const windows = staleWindows(parseCacheControl(response.headers.get('cache-control')));
  const freshUntil = until(lifetime);
  // Without a window its end is in the past, also while the response is fresh: a soft purge makes it stale earlier.
  const windowEnd = (seconds: number): number =>
    seconds > 0 ? until(lifetime + seconds) : createdAt;
  const staleUntil = windowEnd(windows.whileRevalidate);
  const staleIfErrorUntil = windowEnd(windows.ifError);
  const groups = parseGroups(response.headers.get('cache-groups'));
  return {
    value: bytes,
    form: { type: 'http', status: response.status, headers: [...headers] },
    etag,
    createdAt,
    freshUntil,
    staleUntil,
    staleIfErrorUntil,
    expiresAt: Math.max(freshUntil, staleUntil, staleIfErrorUntil),
    lifeUntil,
    tags: [...parseCacheTags(response.headers).names, ...groupTags(stored.origin, groups.names)],
    loadMs: stored.loadMs,
  };
}

/** The origin's own tag where it is valid, else one of a SHA-256 of the body. */
export async function entityTag(headers: Headers, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const etag = headers.get('etag');
  // The runtime has decoded the body: the origin's strong tag names other bytes than these.
  if (etag !== null && isEntityTag(etag))
    return headers.has('content-encoding') ? weaken(etag) : etag;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `"${digest.subarray(0, 16).toBase64({ alphabet: 'base64url', omitPadding: true })}"`;
}
