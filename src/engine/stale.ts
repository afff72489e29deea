import { judge } from '../coherence/marks.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import { servesOnError } from './entry-state.ts';
import type { Found } from './found.ts';
import type { EngineParts } from './parts.ts';

/**
 * Something stale, unless a hard purge of it is known by now: one that came in since it was found counts as well. For
 * loaders, as their stale value.
 */
export function unlessPurged(
  parts: EngineParts,
  key: CacheKey,
  found: Found | undefined,
): Found | undefined {
  if (!found) return undefined;
  const { entry, tier } = found;
  const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
  const exactPerKey = tier === parts.authority.name;
  const verdict = judge(parts.coherence.view(key.tenant), subject, exactPerKey);
  return verdict === 'invalid' ? undefined : found;
}

/** Something stale that may be served in place of a load, by what is known now. */
export function servableStale(
  parts: EngineParts,
  key: CacheKey,
  found: Found | undefined,
  runtime: Pick<Runtime, 'now'>,
): Found | undefined {
  return found && servesOnError(found.entry, runtime.now())
    ? unlessPurged(parts, key, found)
    : undefined;
}

/** True for two findings of one entry, whichever tiers had it. */
export function isSameEntry({ entry }: Found, other: Found | undefined): boolean {
  return (
    other !== undefined &&
    other.entry.createdAt === entry.createdAt &&
    other.entry.freshUntil === entry.freshUntil &&
    other.entry.stamp.asOf === entry.stamp.asOf &&
    other.entry.stamp.epoch === entry.stamp.epoch
  );
}
