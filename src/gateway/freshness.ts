import { parseDeltaSeconds, type Directives } from '../http/cache-control.ts';
import { parseHttpDate } from '../http/date.ts';

/**
 * How long a response is fresh for a shared cache, in seconds from when it was made (RFC 9111, section 4.2.1):
 * `s-maxage`, else `max-age`, else `Expires` less `Date`. Undefined when it does not say: there are no heuristics here.
 * An invalid value means already stale.
 */
export function freshnessLifetime(
  headers: Headers,
  directives: Directives,
  now: number,
): number | undefined {
  for (const name of ['s-maxage', 'max-age']) {
    if (directives.has(name)) return parseDeltaSeconds(directives.get(name)) ?? 0;
  }
  const expiresField = headers.get('expires');
  if (expiresField === null) return undefined;
  const expires = parseHttpDate(expiresField, now);
  if (expires === undefined) return 0;
  const date = parseHttpDate(headers.get('date'), now) ?? now;
  return Math.max(0, Math.floor((expires - date) / 1000));
}

/** How long past its freshness a response may be served, in seconds. */
export interface StaleWindows {
  /** While it is refreshed (`stale-while-revalidate`, RFC 5861, section 3). */
  readonly whileRevalidate: number;
  /** When its origin fails (`stale-if-error`, RFC 5861, section 4). */
  readonly ifError: number;
}

/** Each of them forbids a shared cache to serve a stale response (RFC 9111, sections 5.2.2.2, 5.2.2.8, 5.2.2.10 and 4.2.4). */
const NEVER_STALE = ['must-revalidate', 'proxy-revalidate', 's-maxage'] as const;

/** The stale windows of a response: none where it forbids them, and an invalid value is none. */
export function staleWindows(directives: Directives): StaleWindows {
  if (NEVER_STALE.some((name) => directives.has(name))) return { whileRevalidate: 0, ifError: 0 };
  const seconds = (name: string): number => parseDeltaSeconds(directives.get(name)) ?? 0;
  return {
    whileRevalidate: seconds('stale-while-revalidate'),
    ifError: seconds('stale-if-error'),
  };
}

/**
 * When the response was made, in milliseconds, after a request that was sent at `requestedAt` and answered at
 * `respondedAt` (RFC 9111, section 4.2.3): `Age` counts from here. The larger of what `Age` and what `Date` say; an
 * invalid `Age` is ignored, and of several the first counts.
 */
export function creationTime(headers: Headers, requestedAt: number, respondedAt: number): number {
  const age = parseDeltaSeconds((headers.get('age') ?? '').split(',')[0]?.trim());
  const date = parseHttpDate(headers.get('date'), respondedAt);
  const apparentAge = date === undefined ? 0 : Math.max(0, respondedAt - date);
  // Date has whole seconds: what is below one is no age.
  const apparent = apparentAge < 1000 ? 0 : apparentAge;
  const corrected = (age ?? 0) * 1000 + (respondedAt - requestedAt);
  return respondedAt - Math.max(apparent, corrected);
}
