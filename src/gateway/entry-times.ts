import type { EntryDraft } from '../codec/entry.ts';
import type { StaleWindows } from './freshness.ts';

/** What a response's times follow from. */
export interface Life {
  /** Seconds of freshness from `createdAt`. */
  readonly lifetime: number;
  readonly windows: StaleWindows;
  /** Seconds for which it is kept past every use of its own, so that the origin can say by a 304 that it still stands. */
  readonly keep: number;
  /** It has a validator, and a status that is validated. */
  readonly validated: boolean;
  readonly createdAt: number;
  readonly now: number;
  /** The longest that any entry may live, in milliseconds from now. */
  readonly maxLifetimeMs: number;
}

/** The times of a response that came now: Varnish's ttl, grace and keep. */
export function entryTimes({
  lifetime,
  windows,
  keep,
  validated,
  createdAt,
  now,
  maxLifetimeMs,
}: Life): Pick<
  EntryDraft,
  'createdAt' | 'freshUntil' | 'staleUntil' | 'staleIfErrorUntil' | 'expiresAt' | 'lifeUntil'
> {
  const lifeUntil = now + maxLifetimeMs;
  const until = (seconds: number): number => Math.min(createdAt + seconds * 1000, lifeUntil);
  const freshUntil = until(lifetime);
  // Without a window its end is in the past, also while the response is fresh: a soft purge makes it stale earlier.
  const windowEnd = (seconds: number): number =>
    seconds > 0 ? until(lifetime + seconds) : createdAt;
  const staleUntil = windowEnd(windows.whileRevalidate);
  const staleIfErrorUntil = windowEnd(Math.max(windows.ifError, windows.ifDisconnected));
  const lastUse = Math.max(freshUntil, staleUntil, staleIfErrorUntil);
  const keptUntil = Math.min(Math.max(lastUse, now) + keep * 1000, lifeUntil);
  const expiresAt = validated ? keptUntil : lastUse;
  return { createdAt, freshUntil, staleUntil, staleIfErrorUntil, expiresAt, lifeUntil };
}
