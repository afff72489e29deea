import type { EntryDraft } from '../codec/entry.ts';
import type { Keeping } from './options.ts';

/** The times of an entry. */
export type EntryTimes = Pick<
  EntryDraft,
  'freshUntil' | 'staleUntil' | 'staleIfErrorUntil' | 'expiresAt' | 'lifeUntil'
>;

/**
 * The times of a value that is made at `now`. Nothing ends past the absolute life.
 * @param negative true for `null`
 * @param random from 0 to 1, for the jitter
 */
export function timesOf(
  keeping: Keeping,
  negative: boolean,
  now: number,
  random: number,
): EntryTimes {
  const lifeUntil = now + keeping.maxLifeMs;
  const ttl = (negative ? keeping.negativeTtlMs : keeping.ttlMs) * (1 - keeping.jitter * random);
  const within = (time: number): number => Math.min(time, lifeUntil);
  // However short chance makes it, a life that was asked for is one.
  const freshUntil = within(now + (ttl > 0 ? Math.max(1, Math.round(ttl)) : 0));
  const staleUntil = within(freshUntil + keeping.staleWhileRevalidateMs);
  const staleIfErrorUntil = within(freshUntil + keeping.staleIfErrorMs);
  return {
    freshUntil,
    staleUntil,
    staleIfErrorUntil,
    expiresAt: Math.max(freshUntil, staleUntil, staleIfErrorUntil),
    lifeUntil,
  };
}
