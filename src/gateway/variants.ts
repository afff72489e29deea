import { sha256 } from '@noble/hashes/sha2.js';
import type { EntryDraft } from '../codec/entry.ts';
import { endsHere } from '../http/hop-by-hop.ts';
import { normaliseSelecting, preferredLanguage } from '../http/vary.ts';
import { isOrdinaryLanguage } from './ordinary-words.ts';
import { isTakenAway } from './request-headers.ts';

/** What is known of the representations of a resource that varies. It stands under the resource's key. */
export interface VaryRecord {
  /** Part of every variant's key: variants of another record are out of reach, and so are those of one that was purged. */
  readonly id: string;
  /** Request fields by which the resource varies, lower case and sorted: all that any of its responses has named. */
  readonly names: readonly string[];
  readonly variants: readonly Variant[];
}

export interface Variant {
  /** Of the selecting fields of the request that it was loaded for. */
  readonly digest: string;
  /** From this time on it is not kept any more. */
  readonly until: number;
  /** As `digest`, with the language of the response in place of the languages that were asked for. */
  readonly language: string | undefined;
}

/** The most fields by which a resource may vary. */
export const MAX_NAMES = 8;

const CONTENT_TYPE = 'application/vnd.tiercel.vary+json';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The stored shape: an array, because names would cost more bytes than most values. */
type Stored = [
  id: string,
  names: readonly string[],
  variants: readonly (readonly [digest: string, until: number, language: string | null])[],
];

/** A record as an entry. It is fresh as long as it lives, so that only a soft purge can make it stale. */
export function recordDraft(
  { id, names, variants }: VaryRecord,
  now: number,
  lifeUntil: number,
): EntryDraft {
  const stored: Stored = [
    id,
    names,
    variants.map(({ digest, until, language }) => [digest, until, language ?? null]),
  ];
  const expiresAt = Math.max(now, ...variants.map(({ until }) => until));
  return {
    value: encoder.encode(JSON.stringify(stored)),
    form: { type: 'value', contentType: CONTENT_TYPE },
    etag: undefined,
    createdAt: now,
    freshUntil: expiresAt,
    staleUntil: now,
    staleIfErrorUntil: now,
    expiresAt,
    lifeUntil: Math.max(expiresAt, lifeUntil),
    tags: [],
    loadMs: 0,
  };
}

/** True for an entry that is a record, and no response. */
export function isRecord({ form }: Pick<EntryDraft, 'form'>): boolean {
  return form.type === 'value' && form.contentType === CONTENT_TYPE;
}

/** Reads a record back. Undefined for anything that {@link recordDraft} does not write. */
export function parseRecord({ value }: Pick<EntryDraft, 'value'>): VaryRecord | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(decoder.decode(value));
  } catch {
    return undefined;
  }
  if (!Array.isArray(stored)) return undefined;
  const [id, names, variants] = stored as readonly unknown[];
  if (typeof id !== 'string' || !isStrings(names) || !Array.isArray(variants)) return undefined;
  const read: Variant[] = [];
  for (const variant of variants as readonly unknown[]) {
    if (!Array.isArray(variant)) return undefined;
    const [digest, until, language] = variant as readonly unknown[];
    if (typeof digest !== 'string' || typeof until !== 'number') return undefined;
    read.push({ digest, until, language: typeof language === 'string' ? language : undefined });
  }
  return { id, names, variants: read };
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * The fields of `Vary` that can tell two requests apart which share a key. What is stripped from every request, or follows
 * from the URL, can't. Undefined where the client's address selects: nobody else could use what is stored.
 */
export function selectingNames(vary: readonly string[]): readonly string[] | undefined {
  if (vary.includes('x-forwarded-for')) return undefined;
  return vary.filter((name) => name !== 'host' && !isTakenAway(name) && !endsHere(name));
}

/** Both, sorted, each once. */
export function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])].toSorted();
}

/** The digest of a request's selecting fields, normalised (RFC 9111, section 4.1). */
export function selectionDigest(names: readonly string[], headers: Headers): string {
  return digestOf(names.map((name) => [name, normaliseSelecting(name, headers.get(name))]));
}

/** As {@link selectionDigest}, with a language in place of `Accept-Language`. Undefined where no language selects. */
function languageDigest(
  names: readonly string[],
  headers: Headers,
  language: string | undefined,
): string | undefined {
  if (language === undefined || !names.includes('accept-language')) return undefined;
  return digestOf(
    names.map((name) =>
      name === 'accept-language'
        ? ['content-language', language]
        : [name, normaliseSelecting(name, headers.get(name))],
    ),
  );
}

/** More languages than this are no ordinary list. */
const MOST_LANGUAGES = 16;

/** An ordinary list of languages, normalised: nothing that an origin could repeat to somebody's harm. */
function isPlainList(languages: string): boolean {
  const members = languages.split(',');
  return (
    members.length <= MOST_LANGUAGES &&
    members.every((member) => {
      const [language = '', weight = 'q=1', ...more] = member.split(';');
      const isWeighted = more.length === 0 && /^q=[0-9.]{1,5}$/.test(weight);
      return isWeighted && language !== '*' && isOrdinaryLanguage(language);
    })
  );
}

/**
 * The language by which a response can be found by others than those who sent the same fields: the one that it names
 * itself. Only when it was made for an ordinary list of languages: what one client makes up is for that client.
 */
export function languageOf(
  names: readonly string[],
  request: Headers,
  contentLanguage: string | null,
): string | undefined {
  const asked = normaliseSelecting('accept-language', request.get('accept-language'));
  if (asked === null || !isPlainList(asked)) return undefined;
  const language = contentLanguage?.trim().toLowerCase();
  return languageDigest(names, request, language && !language.includes(',') ? language : undefined);
}

/** The variant of a resource that a request selects. */
export interface Selected {
  readonly digest: string;
  /** It is known that nothing is stored for it. */
  readonly absent: boolean;
  /** It was loaded for other languages, and is in the one that this request prefers to all others. */
  readonly byLanguage: boolean;
}

/**
 * Which variant a request selects: the one that was loaded for the same fields; else one whose language is the one that
 * the request prefers to all others, the rest being the same; else one that is not there yet. A record with room for more
 * may not have heard of every variant; of one that is full those that it does not name count as gone.
 * @param most of one resource that are served, the newest of them: `Vary` on what anybody can make up must not fill a
 *   tenant's cache
 */
export function selectVariant(
  { names, variants }: VaryRecord,
  headers: Headers,
  now: number,
  most: number,
): Selected {
  const digest = selectionDigest(names, headers);
  const alive = variants.filter(({ until }) => until > now);
  const held = alive.length > most ? alive.slice(-most) : alive;
  if (held.some((variant) => variant.digest === digest))
    return { digest, absent: false, byLanguage: false };
  const language = languageDigest(
    names,
    headers,
    preferredLanguage(headers.get('accept-language')),
  );
  const alike = language === undefined ? undefined : held.find((one) => one.language === language);
  if (alike) return { digest: alike.digest, absent: false, byLanguage: true };
  return { digest, absent: held.length >= most, byLanguage: false };
}

/** The key of a variant. */
export function variantKey(base: string, { id }: VaryRecord, digest: string): string {
  return `${base}:${id}-${digest}`;
}

/** The key of a partial copy of what stands under a variant's key. */
export function partialKey(variant: string): string {
  return `${variant}-206`;
}

/**
 * The record with one more variant, or a longer life of one. Those that were stored longest ago make room.
 * @param most that it holds, at least one
 */
export function withVariant(
  record: VaryRecord,
  variant: Variant,
  now: number,
  most: number,
): VaryRecord {
  const others = record.variants.filter(
    ({ digest, until }) => until > now && digest !== variant.digest,
  );
  const room = Math.max(0, most - 1);
  const left = others.length > room ? others.slice(others.length - room) : others;
  return { ...record, variants: [...left, variant] };
}

function digestOf(selection: readonly (readonly [string, string | null])[]): string {
  const digest = sha256(encoder.encode(JSON.stringify(selection)));
  let text = '';
  for (const byte of digest.subarray(0, 16)) text += byte.toString(16).padStart(2, '0');
  return text;
}
