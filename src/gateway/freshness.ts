import { parseDeltaSeconds, type Directives } from '../http/cache-control.ts';
import { parseHttpDate } from '../http/date.ts';
import type { StalePolicy } from '../tenant/policy.ts';
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
  if (saysNoCacheOfOld(headers)) return undefined;
  return Math.min(Math.floor((date - modified) / 10_000), MAX_HEURISTIC);
}

/** True for `Pragma: no-cache`, by which an old origin says that nothing is to be guessed. */
export function saysNoCacheOfOld(headers: Headers): boolean {
  return /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(headers.get('pragma') ?? '');
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

/** Of which response the stale windows are asked. */
export interface Windowed {
  /** Its freshness, in seconds: without any it is served stale only where it says so itself. */
  readonly lifetime: number;
  /** What is an error is not made to last by a policy, unless the origin can't be reached at all. */
  readonly status: number;
}

/**
 * The stale windows of a response: none where it forbids them, and an invalid value is none. What it does not say, the
 * policy does; what can be served instead of a failure can be served instead of no answer. `stale.max` is the most of each.
 */
export function staleWindows(
  directives: Directives,
  { lifetime, status }: Windowed,
  stale: StalePolicy,
): StaleWindows {
  if (forbidsStale(directives)) return NO_WINDOWS;
  const seconds = (name: string, unsaid: number): number => {
    const said = directives.has(name) ? (parseDeltaSeconds(directives.get(name)) ?? 0) : unsaid;
    return Math.min(said, stale.max);
  };
  const isGood = lifetime > 0 && status < 400;
  const ifError = seconds('stale-if-error', isGood ? stale.ifError : 0);
  const unreachable = lifetime > 0 ? Math.max(stale.ifUnreachable, ifError) : 0;
  return {
    whileRevalidate: seconds('stale-while-revalidate', isGood ? stale.whileRevalidate : 0),
    ifError,
    ifDisconnected: seconds('stale-if-error', unreachable),
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
