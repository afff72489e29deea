import type { Entry } from '../codec/entry.ts';
import { withDeadline } from '../resilience/deadline.ts';
import type { Runtime } from '../runtime.ts';
import { tierError } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Tier } from '../tiers/tier.ts';
import type { EngineParts } from './parts.ts';

/** An entry on its way to faster tiers. */
export interface Promotion {
  readonly key: CacheKey;
  readonly entry: Entry;
  /** Where the copy's own life ends, when it is a copy of a copy. */
  readonly until: number;
  /** When the read was sent, or the stamp was taken: lifetimes in the tiers count from here. */
  readonly from: number;
  /** Generation of the view by which the entry is valid. */
  readonly heldAt: number;
}

/** Puts an entry into tiers, as it is: neither its stamp nor any of its times change. Slow tiers finish after the response. */
export function promote(
  parts: EngineParts,
  tiers: readonly Tier[],
  promotion: Promotion,
  runtime: Runtime,
): void {
  const { key, entry, heldAt } = promotion;
  const now = runtime.now();
  for (const tier of tiers) {
    const until = Math.min(promotion.until, entry.expiresAt, promotion.from + tier.lifetimeMs);
    const copy = { key, entry, until, heldAt };
    settle(parts, tier, key, () => tier.put(copy, now), runtime);
  }
}

/** Takes a key out of tiers, as far as they can. */
export function demote(parts: EngineParts, key: CacheKey, runtime: Runtime): void {
  for (const tier of parts.tiers) settle(parts, tier, key, () => tier.delete(key), runtime);
}

/** Changes a tier: one inside the isolate at once, another one after the response and within its deadline. */
function settle(
  parts: EngineParts,
  tier: Tier,
  key: CacheKey,
  change: () => void | Promise<void>,
  runtime: Runtime,
): void {
  if (tier.local) void attempt(parts, tier, key, change);
  else {
    const bounded = (): Promise<void> => withDeadline(change(), parts.tierTimeoutMs, runtime);
    runtime.waitUntil(attempt(parts, tier, key, bounded));
  }
}

/** A tier that fails costs itself, never the request: what it answered is undefined, and the failure an event. */
export async function attempt<T>(
  parts: EngineParts,
  tier: Tier,
  key: CacheKey,
  call: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    parts.sink(tierError(key.tenant, tier.name, error));
    return undefined;
  }
}
