import { storeError, type Sink } from '../telemetry/events.ts';
import type { ExaminedCopy, Tier } from './tier.ts';

const ABSENT: ExaminedCopy = { state: 'absent' };

/**
 * A tier inside the isolate that is somebody's own: what it throws is an event, and it has nothing then. For tiers outside
 * the isolate a guard does more.
 */
export function failSoft(tier: Tier, sink: Sink): Tier {
  const attempt = <T>(tenant: string, call: () => T): T | undefined => {
    try {
      return call();
    } catch (error) {
      sink(storeError(tenant, tier.name, error));
      return undefined;
    }
  };
  return {
    name: tier.name,
    local: tier.local,
    lifetimeMs: tier.lifetimeMs,
    get: (key, now) => {
      const answer = attempt(key.tenant, () => tier.get(key, now));
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => {
        sink(storeError(key.tenant, tier.name, error));
        return undefined;
      });
    },
    // What it throws is for whoever examines.
    ...(tier.examine && { examine: async (key) => tier.examine?.(key) ?? ABSENT }),
    put: (copy, now) => attempt(copy.key.tenant, () => tier.put(copy, now)),
    delete: (key) => attempt(key.tenant, () => tier.delete(key)),
    ...(tier.deleteWhere && {
      deleteWhere: (test) => attempt('', () => tier.deleteWhere?.(test)),
    }),
    ...(tier.sample && {
      sample: (tenant, count, random) =>
        attempt(tenant, () => tier.sample?.(tenant, count, random)) ?? [],
    }),
    ...(tier.status && { status: () => attempt('', () => tier.status?.()) ?? 'unknown' }),
  };
}
