import type { Random } from './random.ts';

/** What is broken on purpose. */
export const FAULT_KINDS = ['kill', 'pause', 'flush', 'drop-ledger', 'delay', 'cut'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One fault of a plan. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** When it begins, in milliseconds from the beginning of the run. */
  readonly atMs: number;
  /** How long it lasts, in milliseconds; 0 for what happens at once. */
  readonly forMs: number;
}

/** One fault of each kind in so many seconds; at least one of each in any run. */
const SECONDS_A_ROUND = 50;

/** The shortest and the longest life of a fault, by kind, in milliseconds. Pauses may outlive what may be served unverified. */
const LIVES: Readonly<Record<FaultKind, readonly [number, number]>> = {
  kill: [0, 0],
  pause: [300, 4000],
  flush: [0, 0],
  'drop-ledger': [0, 0],
  delay: [500, 3000],
  cut: [300, 2500],
};

/**
 * Plans the faults of a run: rounds of one of each kind, in a random order, spread over the run and none in its first
 * tenth or its last sixth, so that it is seen how things were before and how they are after.
 */
export function planFaults(
  kinds: readonly FaultKind[],
  seconds: number,
  random: Random,
): readonly PlannedFault[] {
  const rounds = Math.max(1, Math.round(seconds / SECONDS_A_ROUND));
  const order = Array.from({ length: rounds }, () => random.shuffled(kinds)).flat();
  const begins = seconds * 100;
  const slot = (seconds * (1000 * (5 / 6) - 100)) / Math.max(1, order.length);
  // In a short run a fault must not take up all of it.
  const longest = Math.max(300, seconds * 50);
  return order.map((kind, at) => {
    const [low, high] = LIVES[kind];
    return {
      kind,
      atMs: Math.round(begins + slot * (at + random.between(0, 0.6))),
      forMs: Math.round(Math.min(longest, random.between(low, high))),
    };
  });
}
