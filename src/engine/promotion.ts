import type { Entry } from '../codec/entry.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy, Prepared, Tier } from '../tiers/tier.ts';
import type { EngineParts } from './parts.ts';
import { reportFailure } from './report.ts';

/** The longest that a copy may live in a tier, by the tier's name, in milliseconds; 0 keeps it out. Never longer than the tier's own. */
export type Lifetimes = Readonly<Record<string, number>>;

/** An entry on its way to faster tiers. */
export interface Promotion {
  readonly key: CacheKey;
  readonly entry: Entry;
  readonly prepared: Prepared;
  /** Where the copy's own life ends, when it is a copy of a copy. */
  readonly until: number;
  /** When the read was sent, or the stamp was taken: lifetimes in the tiers count from here. */
  readonly from: number;
  /** Generation of the view by which the entry is valid. */
  readonly heldAt: number;
  readonly lifetimes?: Lifetimes | undefined;
}

const NO_BYTES = new Uint8Array();

/** False for what memory keeps of an entry when the bytes are not needed: its value is empty, and was not. */
export function hasItsBytes(entry: Entry): boolean {
  return entry.value !== NO_BYTES;
}

/** Puts an entry into tiers, as it is: neither its stamp nor any of its times change. Slow tiers finish after the response. */
export function promote(
  parts: EngineParts,
  tiers: readonly Tier[],
  promotion: Promotion,
  runtime: Runtime,
): void {
  const { key, entry, prepared, heldAt } = promotion;
  const now = runtime.now();
  for (const tier of tiers) {
    const lifetime = Math.min(tier.lifetimeMs, promotion.lifetimes?.[tier.name] ?? tier.lifetimeMs);
    if (lifetime <= 0 || !canTake(parts, tier, promotion, now)) continue;
    const until = Math.min(promotion.until, entry.expiresAt, promotion.from + lifetime);
    const copy: Copy = tier.local
      ? { key, entry: leanFor(parts, entry, prepared), until, heldAt, prepared }
      : { key, entry, until, heldAt: 0, prepared: undefined };
    settle(parts, tier, key, () => tier.put(copy, now), runtime);
  }
}

/**
 * Whether a tier can have the entry. One outside the isolate can't have what memory keeps without its bytes. Where memory is
 * the authority's own store, only what still stands there is put back, prepared: a purge may have taken it out.
 */
function canTake(
  { authority }: EngineParts,
  tier: Tier,
  { key, entry }: Promotion,
  now: number,
): boolean {
  if (!tier.local) return entry.value !== NO_BYTES;
  if (!authority.local) return true;
  const held = tier.get(key, now);
  if (!held || held instanceof Promise) return false;
  const { stamp, value } = held.entry;
  return value === entry.value && stamp.asOf === entry.stamp.asOf;
}

/**
 * What memory keeps of an entry: without the bytes, when what was prepared of them stands in their place. But not where
 * memory is also the authority's own store, which answers with entries.
 */
function leanFor(parts: EngineParts, entry: Entry, prepared: Prepared): Entry {
  const needed = prepared.needsEntry ?? prepared.bytes === 0;
  return needed || parts.authority.local ? entry : { ...entry, value: NO_BYTES };
}

/**
 * Takes a key out of tiers, as far as they can. Not where memory is the authority's own store: what stands there has been
 * judged by the authority itself.
 */
export function demote(parts: EngineParts, key: CacheKey, runtime: Runtime): void {
  if (parts.authority.local) return;
  for (const tier of parts.tiers) settle(parts, tier, key, () => tier.delete(key), runtime);
}

/** Takes a key out of this isolate's memory, at once. */
export function demoteHere(parts: EngineParts, key: CacheKey, runtime: Runtime): void {
  if (parts.authority.local) return;
  for (const tier of parts.tiers)
    if (tier.local) settle(parts, tier, key, () => tier.delete(key), runtime);
}

/** Changes a tier: one inside the isolate at once, another one after the response. */
function settle(
  parts: EngineParts,
  tier: Tier,
  key: CacheKey,
  change: () => void | Promise<void>,
  runtime: Runtime,
): void {
  const work = attempt(parts, tier, key, change);
  if (!tier.local) runtime.waitUntil(work);
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
    reportFailure(parts, key.tenant, tier.name, error);
    return undefined;
  }
}
