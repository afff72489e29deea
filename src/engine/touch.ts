import type { TouchOutcome } from '../authority/authority.ts';
import type { Entry } from '../codec/entry.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import { stateOf } from './entry-state.ts';
import type { EngineParts } from './parts.ts';
import { demote } from './promotion.ts';
import { stampOf } from './supersede.ts';

/** Other times of an entry; never past its absolute life. */
export interface Times {
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly staleIfErrorUntil: number;
  readonly expiresAt: number;
}

/**
 * Gives a stored entry other times, if it is still valid: neither its value nor its stamp changes, so that a touch never
 * outlives a purge. Its end is the absolute life that it was stored with. Two requests.
 *
 * Rejects with `AuthorityUnavailable`, or `OutcomeUnknown` when the reply was lost.
 */
export async function touch(
  parts: EngineParts,
  key: CacheKey,
  timesFrom: (now: number, entry: Entry) => Times,
  runtime: Runtime,
): Promise<TouchOutcome> {
  await stampOf(parts, key, runtime);
  const retime = (entry: Entry): Entry | undefined => {
    const now = runtime.now();
    const state = stateOf(parts.coherence.view(key.tenant), key, entry, true, now);
    if (state !== 'fresh' && state !== 'stale') return undefined;
    const times = timesFrom(now, entry);
    const within = (time: number): number => Math.min(time, entry.lifeUntil);
    return {
      ...entry,
      freshUntil: within(times.freshUntil),
      staleUntil: within(times.staleUntil),
      staleIfErrorUntil: within(times.staleIfErrorUntil),
      expiresAt: within(times.expiresAt),
    };
  };
  try {
    return await parts.authority.touch(key, retime);
  } finally {
    // Copies have the times from before.
    demote(parts, key, runtime);
  }
}
