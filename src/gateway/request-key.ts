import { InvalidKey } from '../errors.ts';
import { decodeSegment, encodeSegment } from '../tenant/segments.ts';

/**
 * The key of a resource behind the gateway: `g:{scheme}:{host}:{path segments}:?{query}`. Made of exactly the path and
 * query that are sent to the origin ({@link originTarget}), so that no two requests which the origin could tell apart
 * by its URL share a key. A variant adds `:{variant}`; a purge by URL is a prefix mark on the resource and covers all.
 */
export function resourceKey(url: URL): string {
  return `${pathKey(url)}:?${encodeSegment(url.search.slice(1))}`;
}

/**
 * The URL that a resource's key was made of, its fragment apart. Undefined for a key of anything else, a variant's
 * included: more than its URL went into that one.
 */
export function resourceUrl(key: string): URL | undefined {
  const [owner, ...encoded] = key.split(':');
  const query = encoded.pop();
  if (owner !== 'g' || !query?.startsWith('?') || encoded.length < 3) return undefined;
  try {
    const [scheme = '', host = '', ...path] = encoded.map(decodeSegment);
    if (scheme !== 'https' && scheme !== 'http') return undefined;
    const search = decodeSegment(query.slice(1));
    const text = `${scheme}://${host}/${path.join('/')}${search === '' ? '' : `?${search}`}`;
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    return resourceKey(url) === key ? url : undefined;
  } catch (error) {
    if (error instanceof InvalidKey) return undefined;
    throw error;
  }
}

/** What a variant's key, or a part's, has behind the key of its resource. */
const BELOW = /:(?:[0-9a-f]{12}-[0-9a-f]{32}(?:-206)?|206)$/;

/** As {@link resourceUrl}, also for the key of a variant or a part: the URL of its resource. */
export function urlBehind(key: string): URL | undefined {
  return resourceUrl(key) ?? resourceUrl(key.replace(BELOW, ''));
}

/** The key prefix of a path and of everything below it, whatever the query. A trailing slash makes no difference. */
export function pathKey(url: URL): string {
  const scheme = url.protocol.slice(0, -1);
  // pathname always begins with a slash: without it, `/` is one empty segment.
  const segments = url.pathname.slice(1).split('/');
  return ['g', encodeSegment(scheme), encodeSegment(url.host), ...segments.map(encodeSegment)].join(
    ':',
  );
}

/** The key prefix that a purge of `url` as a path prefix names: `/cities/` and `/cities` are the same tree; `/` is the host. */
export function treeKey(url: URL): string {
  const tree = new URL(url);
  tree.pathname = tree.pathname.replace(/\/+$/, '');
  if (tree.pathname !== '/') return pathKey(tree);
  return ['g', encodeSegment(tree.protocol.slice(0, -1)), encodeSegment(tree.host)].join(':');
}

/** The longest key, in bytes, and the most segments: a mark or a rule that has to look at more costs more than the entry is worth. */
const MAX_KEY_BYTES = 4096;
const MAX_KEY_SEGMENTS = 128;

/** False for a key that is too long to be used: nothing is stored under it. */
export function isUsableKey(key: string): boolean {
  if (key.length > MAX_KEY_BYTES) return false;
  let segments = 1;
  for (let at = key.indexOf(':'); at !== -1; at = key.indexOf(':', at + 1)) segments += 1;
  return segments <= MAX_KEY_SEGMENTS;
}

/** Path and query as they are sent to the origin. An empty query is none. */
export function originTarget(url: URL): string {
  return url.pathname + url.search;
}
