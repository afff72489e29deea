/** The caps on what an origin may attach to one response. */
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 256;

/**
 * `Cache-Tag` of a response: a comma-separated list, without duplicates. Undefined when it is over a cap: a response
 * that could not be purged by all of its tags must not be stored by some of them.
 */
export function parseCacheTags(headers: Headers): string[] | undefined {
  const listed = (headers.get('cache-tag') ?? '').split(',').map((tag) => tag.trim());
  const tags = [...new Set(listed)].filter((tag) => tag !== '');
  return tags.length > MAX_TAGS || tags.some((tag) => tag.length > MAX_TAG_LENGTH)
    ? undefined
    : tags;
}
