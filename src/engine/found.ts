import type { Entry } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { MissReason } from '../telemetry/events.ts';
import type { Prepared } from '../tiers/tier.ts';

/** An entry that may be served. */
export interface Found {
  readonly entry: Entry;
  readonly prepared: Prepared;
  /** Name of the tier that had it. */
  readonly tier: string;
  /** False when the authority did not answer, and the entry is served on what was known before. */
  readonly verified: boolean;
  /**
   * For an entry of the authority: the key floor up to which it is exact per key. Past it a purge of its key may have come and
   * its mark gone, and it is judged as a copy.
   */
  readonly exactAt?: number | undefined;
}

/** What a lookup found. */
export type Lookup = Hit | Miss;

export interface Hit extends Found {
  readonly found: true;
}

export interface Miss {
  readonly found: false;
  readonly reason: MissReason;
  /** For a load that begins now. Undefined when the ledger is not known: what is loaded then can't be stored. */
  readonly stamp: Stamp | undefined;
  /** The newest entry that was stale and no more than that. No hard purge has hit it. */
  readonly stale: Found | undefined;
}
