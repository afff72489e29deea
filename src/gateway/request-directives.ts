import type { EntryDraft } from '../codec/entry.ts';
import { parseCacheControl, parseDeltaSeconds } from '../http/cache-control.ts';
import { responseControl } from './control.ts';
import { forbidsStale } from './freshness.ts';
import { headersOf } from './http-entry.ts';

/** What a client's directives ask of a cache (RFC 9111, section 5.2.1). */
export interface RequestWish {
  /** Nothing may be asked of the origin: what is not stored is a 504 (section 5.2.1.7). */
  readonly onlyIfCached: boolean;
  /** The client does not want what is stale, not even while it is refreshed. */
  readonly refusesStale: boolean;
  /**
   * Whether what is stored may be served without a word from the origin, as far as the client is concerned: what is fresh
   * unless it says otherwise; what is stale only if it says so (`max-stale`) and the response does not forbid it.
   * @param state `stale` also for what a soft purge has hit
   */
  readonly accepts: (
    entry: Pick<EntryDraft, 'createdAt' | 'freshUntil' | 'form'>,
    state: 'fresh' | 'stale',
    now: number,
  ) => boolean;
}

/**
 * Reads the directives of a request. Pure.
 * @param honour false: those that cost the origin something count for nothing, because anybody can send them
 */
export function judgeRequest({ headers }: Pick<Request, 'headers'>, honour: boolean): RequestWish {
  const field = headers.get('cache-control');
  const directives = parseCacheControl(field);
  const seconds = (name: string): number | undefined => parseDeltaSeconds(directives.get(name));
  const noCache = directives.has('no-cache') || (field === null && hasPragma(headers));
  const maxAge = seconds('max-age');
  const minFresh = seconds('min-fresh');
  const maxStale = toleratedSeconds(directives.has('max-stale'), directives.get('max-stale'));
  const onlyIfCached = directives.has('only-if-cached');
  if (!honour)
    return { onlyIfCached, refusesStale: false, accepts: (_, state) => state === 'fresh' };
  return {
    onlyIfCached,
    refusesStale:
      noCache || minFresh !== undefined || (maxAge !== undefined && maxStale === undefined),
    accepts: (entry, state, now) => {
      if (noCache) return false;
      const control = responseControl(headersOf(entry)).directives;
      const age = Math.max(0, Math.floor((now - entry.createdAt) / 1000));
      // An immutable response is not asked for again because of its age while it is fresh (RFC 8246, section 2).
      const isUnchanging = state === 'fresh' && control.has('immutable');
      if (maxAge !== undefined && age > maxAge && !isUnchanging) return false;
      const left = (entry.freshUntil - now) / 1000;
      if (minFresh !== undefined && left < minFresh) return false;
      if (state === 'fresh') return true;
      // What a purge made stale has time left, and nobody can say how stale it is.
      return maxStale !== undefined && left <= 0 && -left <= maxStale && !forbidsStale(control);
    },
  };
}

/** `Pragma: no-cache` counts where there is no `Cache-Control` (RFC 9111, section 5.4). */
function hasPragma(headers: Headers): boolean {
  return parseCacheControl(headers.get('pragma')).has('no-cache');
}

/** `max-stale` (section 5.2.1.2): without a value, whatever the staleness; with one that is none, not at all. */
function toleratedSeconds(present: boolean, value: string | undefined): number | undefined {
  if (!present) return undefined;
  return value === undefined ? Number.POSITIVE_INFINITY : parseDeltaSeconds(value);
}
