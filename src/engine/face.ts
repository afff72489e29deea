import type { Entry } from '../codec/entry.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';

/** How a face of the engine makes what it serves out of what is stored. The engine knows neither HTTP nor values. */
export interface Face {
  /**
   * What a hit of this entry serves. Undefined when the entry is of no use any more, which the face has reported: it
   * counts as a miss. Must not reject.
   */
  prepare(
    key: CacheKey,
    entry: Entry,
    tier: string,
  ): Prepared | undefined | Promise<Prepared | undefined>;
}

/** What is served of an entry is the entry. */
export const NOTHING: Prepared = { bytes: 0, value: undefined };

/** Serves entries as they are stored. */
export const plainFace: Face = { prepare: () => NOTHING };
