import type { Entry } from '../codec/entry.ts';
import { judge, type Verdict } from '../coherence/marks.ts';
import type { View } from '../coherence/view.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy } from '../tiers/tier.ts';

/** What may be done with an entry now. `stale`: it is past its freshness, or only soft purges hit it. */
export type EntryState = 'fresh' | 'stale' | 'expired' | 'purged';

/** @param exactPerKey true for an entry that was read from the authority */
export function stateOf(
  view: View,
  key: CacheKey,
  entry: Entry,
  exactPerKey: boolean,
  now: number,
): EntryState {
  const verdict = judge(view, { stamp: entry.stamp, key: key.key, tags: entry.tags }, exactPerKey);
  return stateBy(verdict, entry, now);
}

/** The state that follows from the verdict of the one rule, and time. */
export function stateBy(
  verdict: Verdict,
  entry: Pick<Entry, 'freshUntil' | 'expiresAt'>,
  now: number,
): EntryState {
  if (verdict === 'invalid') return 'purged';
  if (entry.expiresAt <= now) return 'expired';
  return verdict === 'stale' || entry.freshUntil <= now ? 'stale' : 'fresh';
}

/** The state of a copy; remembers on it by which generation of the view it was found valid. */
export function stateOfCopy(view: View, copy: Copy, now: number): EntryState {
  const { entry } = copy;
  // The hot path: the rule held at this generation, so only time can have changed anything.
  if (copy.heldAt === view.generation && entry.freshUntil > now) return 'fresh';
  const state = stateOf(view, copy.key, entry, false, now);
  if (state === 'fresh') copy.heldAt = view.generation;
  return state;
}

/** Whether a stale entry may be served while it is refreshed. */
export function servesWhileRevalidating(entry: Entry, now: number): boolean {
  return entry.staleUntil > now;
}

/** Whether a stale entry may be served because its source fails, is slow, or is asked by somebody else. */
export function servesOnError(entry: Entry, now: number): boolean {
  return Math.max(entry.staleUntil, entry.staleIfErrorUntil) > now;
}
