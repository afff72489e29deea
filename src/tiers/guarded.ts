import type { Guard } from '../resilience/guard.ts';
import type { ExaminedCopy, Tier } from './tier.ts';

const ABSENT: ExaminedCopy = { state: 'absent' };

/**
 * The tier, with every call under the guard: deadline, circuit breaker, bounded concurrency. For tiers that leave the
 * isolate. Besides what the tier throws, its methods reject with `CircuitOpen`, `Overloaded` and `DeadlineExceeded`.
 */
export function guardTier(tier: Tier, guard: Guard): Tier {
  return {
    name: tier.name,
    local: tier.local,
    lifetimeMs: tier.lifetimeMs,
    get: (key, now) => guard.run(async () => tier.get(key, now)),
    put: (copy, now) => guard.run(async () => tier.put(copy, now)),
    delete: (key) => guard.run(async () => tier.delete(key)),
    ...(tier.status && { status: () => tier.status?.() ?? 'unknown' }),
    ...(tier.deleteWhere && { deleteWhere: (test) => tier.deleteWhere?.(test) }),
    ...(tier.examine && { examine: (key) => guard.run(async () => tier.examine?.(key) ?? ABSENT) }),
    ...(tier.sample && {
      sample: (tenant, count, random) => tier.sample?.(tenant, count, random) ?? [],
    }),
  };
}
