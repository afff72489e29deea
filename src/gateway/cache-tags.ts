/** The caps on what an origin may attach to one response by `Cache-Tag`. */
export const MAX_TAGS = 64;
export const MAX_TAG_LENGTH = 256;

/** Printable ASCII. Anything else is read in more than one way, and would not be the tag that somebody purges. */
const USABLE_TAG = /^[\x20-\x7e]+$/;

/** Names out of a field of the origin's. */
export interface NamedByOrigin {
  /** Those that can be used, each once, in their order. */
  readonly names: readonly string[];
  /** How many more there were: too many, or too long. */
  readonly over: number;
  /** How many more there were that are no names at all. */
  readonly unusable: number;
}

/**
 * `Cache-Tag` of a response: a comma-separated list, case-sensitive, without duplicates. A response with tags that are
 * over a cap or unusable must not be stored: it could not be purged by all of its tags.
 */
export function parseCacheTags(headers: Headers): NamedByOrigin {
  const listed = (headers.get('cache-tag') ?? '').split(',').map((tag) => tag.trim());
  const tags = [...new Set(listed)].filter((tag) => tag !== '');
  const usable = tags.filter((tag) => USABLE_TAG.test(tag));
  return { ...withinCaps(usable, MAX_TAGS, MAX_TAG_LENGTH), unusable: tags.length - usable.length };
}

/** The first `most` names that are no longer than `longest` characters, and how many others there are. */
export function withinCaps(
  names: readonly string[],
  most: number,
  longest: number,
): { readonly names: readonly string[]; readonly over: number } {
  const kept = names.filter((name) => name.length <= longest).slice(0, most);
  return { names: kept, over: names.length - kept.length };
}
