import type { EntryDraft } from '../codec/entry.ts';
import { isEntityTag, isStrong, matchesStrongly, weaken } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { groupTags, parseGroups } from './cache-groups.ts';
import { httpDate } from './browser-time.ts';
import { parseCacheTags } from './cache-tags.ts';
import { isDecoded } from './content-coding.ts';
import { entryTimes, type Life } from './entry-times.ts';
import { creationTime } from './freshness.ts';
import { headersOf, storedHeaders } from './http-entry.ts';
import { judgeStorability, type Refusal } from './storability.ts';
import { originValidators } from './validators.ts';

/**
 * What the origin is asked by whether a stored response is still its current one, as fields of the request. Empty: it
 * can't be asked that.
 */
export function validatorsOf(entry: EntryDraft): readonly (readonly [string, string])[] {
  const { form } = entry;
  return form.type === 'http'
    ? originValidators({ status: form.status, headers: headersOf(entry) })
    : [];
}

/** The answer to a validation, and its circumstances. */
export interface Freshening {
  /** The request that went to the origin. */
  readonly request: Pick<Request, 'url' | 'headers'>;
  readonly policy: Pick<TenantPolicy, 'setCookie'>;
  /** When it was sent, in milliseconds. */
  readonly requestedAt: number;
  /** When its answer came. */
  readonly respondedAt: number;
  readonly now: number;
  /** The longest that any entry may live, in milliseconds from now. */
  readonly maxLifetimeMs: number;
}

/** What an answer makes of a stored response that may not be stored so: for the one who asked, and nobody else. */
export interface ForOneOnly extends Refusal {
  readonly draft: EntryDraft;
}

// Of the message itself, which has no content (RFC 9530, section 2), or of the bytes that stay (RFC 9111, section 3.2).
const NOT_UPDATED = [
  'age',
  'cache-status',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
] as const;

/**
 * A stored response brought up to date by a 304 (RFC 9111, sections 3.2 and 4.3.4), or by a 200 to HEAD (section 4.3.5):
 * its bytes are the same, its fields and times those that the answer says. `mismatch`: the answer is not about this one.
 */
export function freshened(
  entry: EntryDraft,
  response: Pick<Response, 'status' | 'headers'>,
  { request, policy, requestedAt, respondedAt, now, maxLifetimeMs }: Freshening,
): EntryDraft | 'mismatch' | ForOneOnly {
  const { form } = entry;
  if (form.type !== 'http' || form.status !== 200) return 'mismatch';
  const stored = headersOf(entry);
  const isSame =
    response.status === 304
      ? isAbout(stored, response.headers)
      : describes(entry, stored, response.headers);
  if (!isSame) return 'mismatch';
  const createdAt = creationTime(response.headers, requestedAt, respondedAt);
  const merged = updated(stored, response.headers, createdAt);
  const { status } = form;
  const asked = { method: 'GET', url: request.url, headers: request.headers };
  const verdict = judgeStorability(asked, { status, headers: merged }, respondedAt, policy);
  const headers = storedHeaders(merged, verdict.storable ? verdict.withheld : []);
  const validated = originValidators({ status, headers }).length > 0;
  const life: Pick<Life, 'lifetime' | 'windows'> = verdict.storable ? verdict : NO_LIFE;
  const draft: EntryDraft = {
    value: entry.value,
    form: { type: 'http', status, headers: [...headers] },
    etag: tagToTell(entry, stored, headers),
    ...entryTimes({ ...life, validated, createdAt, now, maxLifetimeMs }),
    tags: tagsAnew(entry.tags, response.headers, new URL(request.url).origin),
    loadMs: now - requestedAt,
  };
  return verdict.storable ? draft : { ...verdict, draft };
}

const NO_LIFE = { lifetime: 0, windows: { whileRevalidate: 0, ifError: 0, ifDisconnected: 0 } };

/**
 * Whether a 304 is about what is stored (RFC 9111, section 4.3.4): a strong tag has to be the same and strong; else a
 * validator that it names has to be the same. One that names none answers to the validators that it was asked by.
 */
function isAbout(stored: Headers, received: Headers): boolean {
  const etag = received.get('etag');
  const own = stored.get('etag');
  if (etag !== null) {
    if (isStrong(etag)) return own !== null && matchesStrongly(own, etag);
    if (own !== null) return weaken(own) === weaken(etag);
  }
  const modified = received.get('last-modified');
  if (modified === null) return etag === null;
  return modified === stored.get('last-modified');
}

/** Whether a 200 to HEAD describes what is stored (section 4.3.5): all that it says of tag, time and length, and something. */
function describes(entry: EntryDraft, stored: Headers, received: Headers): boolean {
  const said = (name: string, own: string | null): boolean[] => {
    const value = received.get(name);
    return value === null ? [] : [value === own];
  };
  const same = [
    ...said('etag', stored.get('etag')),
    ...said('last-modified', stored.get('last-modified')),
    // The runtime decodes bodies: the length of a coded one is none of the stored bytes'.
    ...(isDecoded(received) ? [] : said('content-length', String(entry.value.byteLength))),
  ];
  return same.length > 0 && !same.includes(false);
}

function updated(stored: Headers, received: Headers, createdAt: number): Headers {
  const update = new Headers(received);
  deleteHopByHop(update);
  for (const name of NOT_UPDATED) update.delete(name);
  // It has been found to be the same; a weak spelling of it would take from a strong one what it is good for.
  if (stored.has('etag')) update.delete('etag');
  // Expires would be held against a Date of long ago (RFC 9110, section 6.6.1).
  if (!update.has('date')) update.set('date', httpDate(createdAt));
  const merged = new Headers(stored);
  for (const name of new Set(update.keys())) merged.delete(name);
  for (const [name, value] of update) merged.append(name, value);
  return merged;
}

/** What clients are told as the tag: the same as before, as long as the origin's is. */
function tagToTell(entry: EntryDraft, stored: Headers, headers: Headers): string | undefined {
  const etag = headers.get('etag');
  return etag !== null && etag !== stored.get('etag') && isEntityTag(etag) ? etag : entry.etag;
}

/** What the answer says of tags and of groups takes the place of what was said before, each for itself. */
function tagsAnew(before: readonly string[], headers: Headers, origin: string): readonly string[] {
  const isOfGroup = (tag: string): boolean => tag.startsWith('\n');
  const tags = parseCacheTags(headers).names;
  const groups = groupTags(origin, parseGroups(headers.get('cache-groups')).names);
  return [
    ...(tags.length > 0 ? tags : before.filter((tag) => !isOfGroup(tag))),
    ...(groups.length > 0 ? groups : before.filter(isOfGroup)),
  ];
}
