import type { Examined } from '../authority/authority.ts';
import type { Entry } from '../codec/entry.ts';
import type { View } from '../coherence/view.ts';
import type { FrameFault } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy, ExaminedCopy, Tier } from '../tiers/tier.ts';
import { servesOnError, stateOf, stateOfCopy } from './entry-state.ts';
import type { EngineParts } from './parts.ts';
import { attempt, hasItsBytes } from './promotion.ts';

/** An entry as one store holds it, without its value. */
export interface HeldEntry {
  readonly entry: Omit<Entry, 'value'>;
  /** Bytes of the value, and their SHA-256; undefined where memory keeps what was made of them instead. */
  readonly bytes: number | undefined;
  readonly digest: string | undefined;
  /** The value, where it was asked for. */
  readonly value: Uint8Array | undefined;
  /** When the store gives the copy up; undefined for the authority, which goes by the entry. */
  readonly until: number | undefined;
  /** How a reader would be served by a view. Undefined: not at all. */
  readonly servedBy: (view: View, now: number) => Served;
}

export type Served = 'fresh' | 'stale' | undefined;

/** What one store holds under a key. `unavailable`: it did not answer. `left-out`: it was not asked. */
export type Holding =
  | { readonly tier: string; readonly state: 'absent' | 'unavailable' | 'left-out' }
  | { readonly tier: string; readonly state: 'undecodable'; readonly fault: FrameFault }
  | ({ readonly tier: string; readonly state: 'held' } & HeldEntry);

/** What a tier holds. Not counted as use, not promoted, not refreshed. */
export async function examineTier(
  parts: EngineParts,
  tier: Tier,
  key: CacheKey,
  keepValue: boolean,
  runtime: Pick<Runtime, 'now'>,
): Promise<Holding> {
  const examined = await attempt(parts, tier, key, async (): Promise<ExaminedCopy> => {
    if (tier.examine) return tier.examine(key);
    const copy = await tier.get(key, runtime.now());
    return copy ? { state: 'copy', copy } : { state: 'absent' };
  });
  if (!examined) return { tier: tier.name, state: 'unavailable' };
  if (examined.state !== 'copy') return { tier: tier.name, ...examined };
  // An object of its own: what this one remembers, readers do not.
  const copy = { ...examined.copy, entry: light(examined.copy.entry) };
  return {
    tier: tier.name,
    state: 'held',
    ...(await described(examined.copy.entry, keepValue)),
    until: copy.until,
    servedBy: (view, now) => (copy.until > now ? servedCopy(view, tier, copy, now) : undefined),
  };
}

/** What the authority answered to `examine`. */
export async function holdingOf(
  tier: string,
  key: CacheKey,
  examined: Examined,
  keepValue: boolean,
): Promise<Holding> {
  if (examined.state !== 'entry') return { tier, ...examined };
  const entry = light(examined.entry);
  return {
    tier,
    state: 'held',
    ...(await described(examined.entry, keepValue)),
    until: undefined,
    servedBy: (view, now) => served(stateOf(view, key, entry, true, now), entry, now),
  };
}

function servedCopy(view: View, { local }: Tier, copy: Copy, now: number): Served {
  // By the road that readers take.
  const state = local
    ? stateOfCopy(view, copy, now)
    : stateOf(view, copy.key, copy.entry, false, now);
  return served(state, copy.entry, now);
}

function served(state: ReturnType<typeof stateOf>, entry: Entry, now: number): Served {
  if (state === 'fresh') return 'fresh';
  return state === 'stale' && servesOnError(entry, now) ? 'stale' : undefined;
}

const NO_VALUE = new Uint8Array();

/** Without its value, which nothing here may keep from being collected. */
function light(entry: Entry): Entry {
  return { ...entry, value: NO_VALUE };
}

async function described(
  entry: Entry,
  keepValue: boolean,
): Promise<Pick<HeldEntry, 'entry' | 'bytes' | 'digest' | 'value'>> {
  const { value, ...rest } = entry;
  if (!hasItsBytes(entry))
    return { entry: rest, bytes: undefined, digest: undefined, value: undefined };
  return {
    entry: rest,
    bytes: value.byteLength,
    digest: await digestOf(value),
    value: keepValue ? value : undefined,
  };
}

/** SHA-256 in hexadecimal. */
export async function digestOf(value: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(value)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
