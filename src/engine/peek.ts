import type { View } from '../coherence/view.ts';
import type { CacheKey } from '../tenant/key.ts';
import { stateOfCopy } from './entry-state.ts';
import type { Found } from './found.ts';
import type { EngineParts } from './parts.ts';

/** A copy that is in this isolate, and what may be done with it. */
export interface Near extends Found {
  readonly state: 'fresh' | 'stale';
  /** By which it was judged. */
  readonly view: View;
}

/**
 * What this isolate holds of a key, when it may be served without asking anybody: the hot path, which allocates one
 * object and waits for nothing.
 * @param since a check that was sent from this time on is good enough, also without a bound
 */
export function peek(
  parts: EngineParts,
  key: CacheKey,
  now: number,
  since = Number.POSITIVE_INFINITY,
): Near | undefined {
  const view = parts.coherence.view(key.tenant);
  const { coherence } = parts;
  if (!coherence.isFresh(view, now) && !coherence.isSince(view, since, now)) return undefined;
  for (const tier of parts.tiers) {
    if (!tier.local) return undefined;
    const copy = tier.get(key, now);
    if (!copy || copy instanceof Promise || !copy.prepared) continue;
    const state = stateOfCopy(view, copy, now);
    if (state === 'fresh' || state === 'stale')
      return {
        entry: copy.entry,
        prepared: copy.prepared,
        tier: tier.name,
        verified: true,
        state,
        view,
      };
  }
  return undefined;
}
