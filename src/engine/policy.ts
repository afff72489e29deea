import type { Lifetimes } from './promotion.ts';

/** How a key is read through: resolved options, in milliseconds. */
export interface ReadPolicy {
  /** XFetch's beta; 0 for no early refresh. */
  readonly earlyRefresh: number;
  /** So long a caller waits for a load while there is something stale to serve; undefined: to the end. */
  readonly softTimeoutMs: number | undefined;
  /** So long a load may take: its signal is aborted then, and its callers are told. */
  readonly hardTimeoutMs: number;
  /** For so long after a failed load stale entries are served without another. */
  readonly throttleMs: number;
  /** One load at a time among all isolates; undefined: one in each. */
  readonly lease: LeasePolicy | undefined;
  readonly lifetimes: Lifetimes | undefined;
}

export interface LeasePolicy {
  /** How long a holder may take: afterwards another isolate loads, and what the first makes is not stored. */
  readonly ttlMs: number;
  /** How long another isolate waits for the holder's value before it loads on its own. */
  readonly waitMs: number;
}

/**
 * How long after its beginning a load under way may still be alive, in milliseconds: the wait for another isolate's
 * lease, and the load itself. One that is older has lost its owner.
 */
export function longestFlightMs({ lease, hardTimeoutMs }: ReadPolicy): number {
  return (lease?.waitMs ?? 0) + hardTimeoutMs;
}
