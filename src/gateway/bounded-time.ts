import type { TtlPolicy } from '../tenant/policy.ts';

/** A time within the bounds of a policy, in seconds. What is nothing stays nothing; where the bounds cross, `max` counts. */
export function boundedTime(seconds: number, { min, max }: Omit<TtlPolicy, 'default'>): number {
  return seconds > 0 ? Math.min(Math.max(seconds, min), max) : 0;
}
