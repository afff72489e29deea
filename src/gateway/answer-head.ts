import type { EntryDraft } from '../codec/entry.ts';
import { formatCacheStatus, type CacheStatus } from '../http/cache-status.ts';
import { isEntityTag, weaken } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import type { StoredValidators } from '../http/preconditions.ts';
import { DEFAULT_CACHE_POLICY, type CachePolicy } from '../tenant/policy.ts';
import { httpDate, setBrowserTime } from './browser-time.ts';
import { validatorsIn } from './client-validators.ts';
import { isDecoded } from './content-coding.ts';
import { TARGETED_FIELDS } from './control.ts';
import { exposeTags, stripTagHeaders } from './tag-headers.ts';

/** What is said to this cache, and to nobody behind it. */
export const [OWN_TARGET] = TARGETED_FIELDS;

/** What a policy says of answers that are stored, or might be. */
export type AnswerPolicy = Pick<CachePolicy, 'exposeTags' | 'browserTtl'>;

/** The same, for an answer that may not be stored: its time for clients is the one that its origin says. */
export function asOriginSays(policy: AnswerPolicy): AnswerPolicy {
  return { exposeTags: policy.exposeTags, browserTtl: DEFAULT_CACHE_POLICY.browserTtl };
}

/** What is said of an answer besides its own fields. */
export interface Telling {
  readonly status: CacheStatus;
  /** What caches nearer to the origin said in `Cache-Status`. */
  readonly upstream: string | null;
  readonly now: number;
  readonly policy: AnswerPolicy;
}

/** The fields of an answer, and what the client's conditions are held against. */
export interface Head {
  readonly headers: Headers;
  readonly validators: StoredValidators;
}

/** The head of an answer out of an entry. Throws a `TypeError` for an entry that is no response. */
export function headOfEntry({ form, etag, tags, createdAt }: EntryDraft, telling: Telling): Head {
  if (form.type !== 'http')
    throw new TypeError('The gateway was given an entry that is no HTTP response.');
  const headers = new Headers();
  for (const [name, value] of form.headers) headers.append(name, value);
  if (etag === undefined) headers.delete('etag');
  else headers.set('etag', etag);
  stripTagHeaders(headers);
  if (telling.policy.exposeTags) exposeTags(headers, tags);
  return finished(headers, form.status, telling, createdAt);
}

// Of the bytes as they were coded.
const OF_THE_CODED = [
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
] as const;

/** The head of an answer that has just come and is being stored: what a later hit says, and what is not stored of it. */
export function headOfResponse(
  response: Response,
  telling: Omit<Telling, 'upstream'> & { readonly createdAt: number },
): Head {
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  const etag = headers.get('etag');
  if (isDecoded(headers)) {
    // The bytes are not those that the origin's strong tag and its length are of.
    if (etag !== null && isEntityTag(etag)) headers.set('etag', weaken(etag));
    for (const name of OF_THE_CODED) headers.delete(name);
  }
  if (telling.policy.exposeTags) headers.delete('cache-group-invalidation');
  else stripTagHeaders(headers);
  const upstream = headers.get('cache-status');
  return finished(headers, response.status, { ...telling, upstream }, telling.createdAt);
}

function finished(headers: Headers, code: number, telling: Telling, createdAt: number): Head {
  const { status, upstream, now, policy } = telling;
  // Whoever receives a response without one says when that was (RFC 9110, section 6.6.1).
  if (!headers.has('date')) headers.set('date', httpDate(createdAt));
  const validators = validatorsIn(headers);
  const stored = status.hit || status.ttl !== undefined;
  const rebased = setBrowserTime(headers, {
    createdAt,
    now,
    stored,
    status: code,
    browserTtl: policy.browserTtl,
  });
  headers.delete(OWN_TARGET);
  headers.set('cache-status', formatCacheStatus(status, upstream));
  // A client that was told other dates than the origin's can't be asking about those.
  if (rebased && validators.lastModified === null)
    return { headers, validators: { ...validators, date: null } };
  return { headers, validators };
}
