import { parseHttpDate } from './date.ts';
import { isStrong, matchesIfNoneMatch, matchesStrongly } from './etag.ts';

/** The field values of a stored response that conditions are held against, as they came; null or undefined: it has none. */
export interface StoredValidators {
  readonly etag: string | null | undefined;
  /** `Last-Modified`. */
  readonly lastModified: string | null | undefined;
  /** `Date`. */
  readonly date: string | null | undefined;
}

/**
 * True when a GET or HEAD that a stored response could answer is to be answered with 304 instead (RFC 9110, sections
 * 13.1.2, 13.1.3 and 13.2.2; RFC 9111, section 4.3.2). By `If-None-Match`; only where there is none by
 * `If-Modified-Since`, against `Last-Modified`, else against `Date`.
 * @param now decides the century of a two-digit year
 */
export function isNotModified(
  request: Headers,
  stored: StoredValidators & { readonly status: number },
  now: number,
): boolean {
  // Of anything else conditions are ignored (RFC 9110, section 13.2.1).
  if (stored.status !== 200 && stored.status !== 206) return false;
  const ifNoneMatch = request.get('if-none-match');
  if (ifNoneMatch !== null) return matchesIfNoneMatch(ifNoneMatch, stored.etag ?? null);
  const since = parseHttpDate(request.get('if-modified-since'), now);
  if (since === undefined) return false;
  const modified = parseHttpDate(stored.lastModified ?? stored.date, now);
  return modified !== undefined && modified <= since;
}

/**
 * True when `If-Range` holds, so that `Range` counts (RFC 9110, section 13.1.5): the stored entity tag, both of them
 * strong, or exactly the stored `Last-Modified`, where that is a strong validator (section 8.8.2.2).
 * @param now decides the century of a two-digit year
 */
export function ifRangeHolds(field: string, stored: StoredValidators, now: number): boolean {
  if (isStrong(field)) return matchesStrongly(field, stored.etag ?? '');
  if (field !== stored.lastModified) return false;
  const modified = parseHttpDate(stored.lastModified, now);
  const date = parseHttpDate(stored.date, now);
  return modified !== undefined && date !== undefined && date - modified >= 1000;
}
