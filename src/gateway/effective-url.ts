import { chooserOf, keepsAll } from '../tenant/name-choice.ts';
import type { CachePolicy } from '../tenant/policy.ts';

/**
 * A URL without what a policy leaves out of its query: what its key is made of, and what the origin is asked by a GET or
 * HEAD, so that nothing which is in no key can change an answer. What remains is what came, byte for byte and in its
 * order; the URL itself where nothing is left out. A query of which nothing remains is none.
 */
export function effectiveUrl(url: URL, { query }: Pick<CachePolicy, 'query'>): URL {
  if (keepsAll(query)) return url;
  const { search } = url;
  if (search === '') return url;
  const counts = chooserOf(query);
  const parts = search.slice(1).split('&');
  const kept = parts.filter((part) => counts(nameOf(part)));
  if (kept.length === parts.length) return url;
  const effective = new URL(url);
  const left = kept.join('&');
  // With a mark of its own: the setter takes one away, and the first part may begin with another.
  effective.search = left === '' ? '' : `?${left}`;
  return effective;
}

/** The name of one part of a query, decoded as a form's (WHATWG URL, section 5.1): only for the comparison. */
function nameOf(part: string): string {
  const end = part.indexOf('=');
  const name = end < 0 ? part : part.slice(0, end);
  if (!name.includes('%') && !name.includes('+')) return name;
  // An ampersand in front: a question mark there would count as the mark of a query.
  const [decoded] = new URLSearchParams(`&${name}`).keys();
  return decoded ?? '';
}
