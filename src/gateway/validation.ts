import type { EntryDraft } from '../codec/entry.ts';
import { isEntityTag, isStrong, matchesStrongly, weaken } from '../http/etag.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { parseVary } from '../http/vary.ts';
import type { CachePolicy } from '../tenant/policy.ts';
import { groupTags, parseGroups } from './cache-groups.ts';
import { httpDate } from './browser-time.ts';
import { parseCacheTags } from './cache-tags.ts';
import { isDecoded } from './content-coding.ts';
import { TARGETED_FIELDS } from './control.ts';
import { entryTimes, type Life } from './entry-times.ts';
import { creationTime } from './freshness.ts';
import { headersOf, storedHeaders } from './http-entry.ts';
import { judgeStorability, type Refusal } from './storability.ts';
import { isPersonal, originValidators, tellingValidators, type Validator } from './validators.ts';

/**
 * What the origin is asked by whether a stored response is still its current one, as fields of the request. Empty: it
 * can't be asked that. For somebody with a name only its tag is good enough.
 * @param request the one that asks for it
 */
export function validatorsOf(
  entry: EntryDraft,
  request: Pick<Request, 'headers'>,
): readonly Validator[] {
  const { form } = entry;
  if (form.type !== 'http') return [];
  const response = { status: form.status, headers: headersOf(entry) };
  return isOfOnePerson(request, response.headers)
    ? tellingValidators(response)
    : originValidators(response);
}

/** Whether what is answered to a request may be for its sender, where what is stored is for all. */
function isOfOnePerson(request: Pick<Request, 'headers'>, stored: Headers): boolean {
  return isPersonal(request, parseVary(stored.get('vary')));
}

/** The answer to a validation, and its circumstances. */
export interface Freshening {
  /** The request that went to the origin. */
  readonly request: Pick<Request, 'url' | 'headers'>;
  readonly policy: CachePolicy;
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

/** What caches go by: all that an answer to one person says to everybody. */
const FOR_CACHES: ReadonlySet<string> = new Set([
  ...TARGETED_FIELDS,
  'cache-control',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
]);

/**
 * A stored response brought up to date by a 304 (RFC 9111, sections 3.2 and 4.3.4), or by a 200 to HEAD (section 4.3.5):
 * its bytes are the same, its fields and times those that the answer says. `mismatch`: the answer is not about this one.
 * What an answer to somebody with a name says beyond {@link FOR_CACHES} is for that person ({@link forAsker}): the demand to
 * update every field (section 3.2) would hand it to all.
 */
export function freshened(
  entry: EntryDraft,
  response: Pick<Response, 'status' | 'headers'>,
  { request, policy, requestedAt, respondedAt, now, maxLifetimeMs }: Freshening,
): EntryDraft | 'mismatch' | ForOneOnly {
  const { form } = entry;
  if (form.type !== 'http' || form.status !== 200) return 'mismatch';
  const stored = headersOf(entry);
  const ofOnePerson = isOfOnePerson(request, stored);
  const isSame =
    response.status === 304
      ? isAbout(stored, response.headers)
      : describes(entry, stored, response.headers, ofOnePerson);
  if (!isSame) return 'mismatch';
  const createdAt = creationTime(response.headers, requestedAt, respondedAt);
  const update = updateOf(response.headers, stored, createdAt);
  const merged = updated(stored, update);
  const { status } = form;
  const asked = { method: 'GET', url: request.url, headers: request.headers };
  // All of it says whether it may be stored: also a cookie that is not stored with it.
  const judged = { status, headers: merged };
  const verdict = judgeStorability(asked, judged, respondedAt, policy, createdAt);
  const kept = verdict.storable && ofOnePerson ? updated(stored, onlyForCaches(update)) : merged;
  const headers = storedHeaders(kept, verdict.storable ? verdict.withheld : []);
  const validated = originValidators({ status, headers }).length > 0;
  const life: Pick<Life, 'lifetime' | 'windows' | 'keep'> = verdict.storable ? verdict : NO_LIFE;
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

const NO_LIFE = {
  lifetime: 0,
  windows: { whileRevalidate: 0, ifError: 0, ifDisconnected: 0 },
  keep: 0,
};

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

/**
 * Whether a 200 to HEAD describes what is stored (section 4.3.5): all that it says of tag, time and length is the same,
 * and it says a tag or a time. Of two pages of one length nobody knows that they are one.
 */
function describes(
  entry: EntryDraft,
  stored: Headers,
  received: Headers,
  ofOnePerson: boolean,
): boolean {
  const said = (name: string, own: string | null): boolean[] => {
    const value = received.get(name);
    return value === null ? [] : [value === own];
  };
  const tag = said('etag', stored.get('etag'));
  const time = said('last-modified', stored.get('last-modified'));
  // The runtime decodes bodies: the length of a coded one is none of the stored bytes'.
  const length = isDecoded(received) ? [] : said('content-length', String(entry.value.byteLength));
  if ([...tag, ...time, ...length].includes(false)) return false;
  if (ofOnePerson)
    return tag.length > 0 && tellingValidators({ status: 200, headers: stored }).length > 0;
  return tag.length + time.length > 0;
}

/** The fields of an answer that take the place of stored ones (section 3.2). */
function updateOf(received: Headers, stored: Headers, createdAt: number): Headers {
  const update = new Headers(received);
  deleteHopByHop(update);
  for (const name of NOT_UPDATED) update.delete(name);
  // It has been found to be the same; a weak spelling of it would take from a strong one what it is good for.
  if (stored.has('etag')) update.delete('etag');
  // Expires would be held against a Date of long ago (RFC 9110, section 6.6.1).
  if (!update.has('date')) update.set('date', httpDate(createdAt));
  return update;
}

function onlyForCaches(update: Headers): Headers {
  return new Headers([...update].filter(([name]) => FOR_CACHES.has(name)));
}

function updated(stored: Headers, update: Headers): Headers {
  const merged = new Headers(stored);
  for (const name of new Set(update.keys())) merged.delete(name);
  for (const [name, value] of update) merged.append(name, value);
  return merged;
}

/**
 * What the one who asked is answered with: what has been brought up to date, and all that the answer said besides, to
 * them alone or not to be stored.
 * @param response the one by which `draft` has been {@link freshened}
 */
export function forAsker(draft: EntryDraft, response: Pick<Response, 'headers'>): EntryDraft {
  const { form } = draft;
  if (form.type !== 'http') return draft;
  const stored = headersOf(draft);
  const update = updateOf(response.headers, stored, draft.createdAt);
  const headers = storedHeaders(updated(stored, update), []);
  return { ...draft, form: { ...form, headers: [...headers] } };
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
