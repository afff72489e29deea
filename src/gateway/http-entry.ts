import type { EntryDraft } from '../codec/entry.ts';
import { isEntityTag, weaken } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import type { StalePolicy } from '../tenant/policy.ts';
import { groupTags, parseGroups } from './cache-groups.ts';
import { parseCacheTags } from './cache-tags.ts';
import { httpDate } from './browser-time.ts';
import { isDecoded } from './content-coding.ts';
import { responseControl } from './control.ts';
import { entryTimes } from './entry-times.ts';
import { staleWindows } from './freshness.ts';
import type { Storable } from './storability.ts';
import { TAG_HEADERS } from './tag-headers.ts';
import { originValidators } from './validators.ts';

/** What a stored response is made of. */
export interface StoredResponse {
  readonly response: Pick<Response, 'status' | 'headers'>;
  /** Scheme, host and port under which it was asked for: its groups are this origin's. */
  readonly origin: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly verdict: Storable;
  /** The longest that any entry may live, in milliseconds from now. */
  readonly maxLifetimeMs: number;
  readonly createdAt: number;
  readonly now: number;
  readonly loadMs: number;
}

// Of the bytes as they were coded (RFC 9530, sections 2 and 3).
const OF_THE_CODED = [
  'content-digest',
  'content-encoding',
  'content-md5',
  'digest',
  'repr-digest',
] as const;

/**
 * A response as an entry. What clients are told as its tag is the origin's own where it is valid, else a SHA-256 of the
 * body; its fields hold the origin's as it came.
 */
export async function httpEntry({
  response,
  origin,
  bytes,
  verdict,
  maxLifetimeMs,
  createdAt,
  now,
  loadMs,
}: StoredResponse): Promise<EntryDraft> {
  const { status } = response;
  const headers = storedHeaders(response.headers, verdict.withheld);
  if (isDecoded(response.headers)) for (const name of OF_THE_CODED) headers.delete(name);
  if (/^identity$/i.test(headers.get('content-encoding') ?? '')) headers.delete('content-encoding');
  // Whoever receives a response without one says when that was (RFC 9110, section 6.6.1), by what Age says as well.
  if (!headers.has('date')) headers.set('date', httpDate(createdAt));
  const validated = originValidators({ status, headers }).length > 0;
  const groups = parseGroups(response.headers.get('cache-groups'));
  return {
    value: bytes,
    form: { type: 'http', status, headers: [...headers] },
    etag: await entityTag(
      verdict.withheld.includes('etag') ? new Headers() : response.headers,
      bytes,
    ),
    ...entryTimes({ ...verdict, validated, createdAt, now, maxLifetimeMs }),
    tags: [...parseCacheTags(response.headers).names, ...groupTags(origin, groups.names)],
    loadMs,
  };
}

// Said anew on every answer.
const NOT_STORED = ['age', 'cache-status', 'content-length', ...TAG_HEADERS] as const;

/**
 * The fields of a response that are stored (RFC 9111, section 3.1): without those of one connection, and those that are
 * said anew on every answer.
 */
export function storedHeaders(from: Headers, withheld: readonly string[]): Headers {
  const headers = new Headers(from);
  deleteHopByHop(headers);
  for (const name of [...NOT_STORED, ...withheld]) headers.delete(name);
  return headers;
}

/** The origin's own tag where it is valid, else one of a SHA-256 of the body. */
export async function entityTag(headers: Headers, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const etag = headers.get('etag');
  // The runtime has decoded the body: the origin's strong tag names other bytes than these.
  if (etag !== null && isEntityTag(etag)) return isDecoded(headers) ? weaken(etag) : etag;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `"${digest.subarray(0, 16).toBase64({ alphabet: 'base64url', omitPadding: true })}"`;
}

/** The fields of a stored response. None for an entry that is no response. */
export function headersOf({ form }: Pick<EntryDraft, 'form'>): Headers {
  const headers = new Headers();
  if (form.type === 'http') for (const [name, value] of form.headers) headers.append(name, value);
  return headers;
}

/**
 * Whether a stale response may be served in place of a failure that its origin has answered with: only for as long as it
 * says so itself, or the policy where it does not, while what can't be reached is given {@link EntryDraft.staleIfErrorUntil}.
 */
export function mayServeOnStatus(entry: EntryDraft, now: number, stale: StalePolicy): boolean {
  if (entry.form.type !== 'http') return false;
  const { directives } = responseControl(headersOf(entry));
  const lifetime = (entry.freshUntil - entry.createdAt) / 1000;
  const { ifError } = staleWindows(directives, { lifetime, status: entry.form.status }, stale);
  const end = ifError > 0 ? entry.freshUntil + ifError * 1000 : 0;
  return Math.max(entry.staleUntil, Math.min(end, entry.staleIfErrorUntil)) > now;
}
