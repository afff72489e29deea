import { parseDeltaSeconds, type Directives } from '../http/cache-control.ts';
import { parseHttpDate } from '../http/date.ts';
import { scopeOf, type ResponseControl } from './control.ts';

/**
 * How long a response says that it is fresh for a shared cache, in seconds from when it was made (RFC 9111, section
 * 4.2.1): `s-maxage`, else `max-age`, else `Expires` less `Date`. Undefined when it does not say. An invalid value means
 * already stale.
 */
export function freshnessLifetime(
  headers: Headers,
  { directives, targeted }: ResponseControl,
  now: number,
): number | undefined {
  for (const name of ['s-maxage', 'max-age']) {
    if (directives.has(name)) return parseDeltaSeconds(directives.get(name)) ?? 0;
  }
  const expiresField = targeted ? null : headers.get('expires');
  if (expiresField === null) return undefined;
  const expires = parseHttpDate(expiresField, now);
  if (expires === undefined) return 0;
  const date = parseHttpDate(headers.get('date'), now) ?? now;
  return Math.max(0, Math.floor((expires - date) / 1000));
}

/** The most that a guess may come to, in seconds. */
const MAX_HEURISTIC = 86_400;

/**
 * The guess where a response does not say (RFC 9111, section 4.2.2): a tenth of the time for which it has not changed, at
 * most a day, in seconds. Undefined where there is nothing to guess by: no `Last-Modified` before its `Date`, or an old
 * origin's `Pragma: no-cache`.
 */
export function heuristicLifetime(headers: Headers, now: number): number | undefined {
  const modified = parseHttpDate(headers.get('last-modified'), now);
  const date = parseHttpDate(headers.get('date'), now) ?? now;
  if (modified === undefined || modified > date) return undefined;
  if (/(?:^|,)\s*no-cache\s*(?:,|$)/i.test(headers.get('pragma') ?? '')) return undefined;
  return Math.min(Math.floor((date - modified) / 10_000), MAX_HEURISTIC);
}

/** How long past its freshness a response may be served, in seconds. */
export interface StaleWindows {
  /** While it is refreshed (`stale-while-revalidate`, RFC 5861, section 3). */
  readonly whileRevalidate: number;
  /** When its origin answers with a failure (`stale-if-error`, RFC 5861, section 4). */
  readonly ifError: number;
  /** When its origin can't be reached (RFC 9111, section 4.2.4). */
  readonly ifDisconnected: number;
}

const NO_WINDOWS: StaleWindows = { whileRevalidate: 0, ifError: 0, ifDisconnected: 0 };

/** How long past its freshness what was fresh once is served without its origin, unless the response says how long. */
const DISCONNECTED = 60;

/**
 * True for a response that no shared cache may serve stale, whatever else it says (RFC 9111, sections 4.2.4, 5.2.2.2,
 * 5.2.2.4, 5.2.2.8 and 5.2.2.10).
 */
export function forbidsStale(directives: Directives): boolean {
  return (
    ['must-revalidate', 'proxy-revalidate', 's-maxage'].some((name) => directives.has(name)) ||
    scopeOf(directives, 'no-cache') === 'all'
  );
}

/**
 * The stale windows of a response: none where it forbids them, and an invalid value is none.
 * @param lifetime its freshness, in seconds: without any it is served stale only where it says so itself
 */
export function staleWindows(directives: Directives, lifetime: number): StaleWindows {
  if (forbidsStale(directives)) return NO_WINDOWS;
  const seconds = (name: string): number => parseDeltaSeconds(directives.get(name)) ?? 0;
  const ifError = seconds('stale-if-error');
  const unsaid = lifetime > 0 && !directives.has('stale-if-error');
  return {
    whileRevalidate: seconds('stale-while-revalidate'),
    ifError,
    ifDisconnected: unsaid ? DISCONNECTED : ifError,
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
