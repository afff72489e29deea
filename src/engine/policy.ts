import type { Lifetimes } from './promotion.ts';

/** How a key is read through: resolved options, in milliseconds. */
export interface ReadPolicy {
  /** XFetch's beta; 0 for no early refresh. */
  readonly earlyRefresh: number;
  /** So long a caller waits for a load while there is something stale to serve; undefined: to the end. */
  readonly softTimeoutMs: number | undefined;
  /** So long any caller waits for a load. */
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
