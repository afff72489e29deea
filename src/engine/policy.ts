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

/** A load that is late is told so at its hard timeout, and those who wait for it right after: not before, by their own timers. */
const TELLING_MS = 250;

/** How long a load may be alive, from when its loader was called, in milliseconds. */
export function longestLoadMs({ hardTimeoutMs }: ReadPolicy): number {
  return hardTimeoutMs + TELLING_MS;
}

/** What the requests of an attempt may take beyond the wait for a lease, in milliseconds. */
const ASKING_MS = 2000;

/** How long a flight may take until its load begins: the wait for another isolate's lease, in milliseconds. */
export function longestWaitMs({ lease }: ReadPolicy): number {
  return (lease?.waitMs ?? 0) + ASKING_MS;
}
