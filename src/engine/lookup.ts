import type { Entry } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { View } from '../coherence/view.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { hit, miss, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy, Prepared } from '../tiers/tier.ts';
import { stateOf, stateOfCopy, type EntryState } from './entry-state.ts';
import type { Face } from './face.ts';
import type { EngineParts } from './parts.ts';
import { attempt, promote, type Lifetimes } from './promotion.ts';
import { reportFailure } from './report.ts';

/** An entry that may be served. */
export interface Found {
  readonly entry: Entry;
  readonly prepared: Prepared;
  /** Name of the tier that had it. */
  readonly tier: string;
  /** False when the authority did not answer, and the entry is served on what was known before. */
  readonly verified: boolean;
}

/** What a lookup found. */
export type Lookup = Hit | Miss;

export interface Hit extends Found {
  readonly found: true;
}

export interface Miss {
  readonly found: false;
  readonly reason: MissReason;
  /** For a load that begins now. Undefined when the ledger is not known: what is loaded then can't be stored. */
  readonly stamp: Stamp | undefined;
  /** The first entry that was stale and no more than that. No hard purge has hit it. */
  readonly stale: Found | undefined;
}

/** A copy that is in this isolate, and what may be done with it. */
export interface Near extends Found {
  readonly state: 'fresh' | 'stale';
  /** By which it was judged. */
  readonly view: View;
}

/**
 * What this isolate holds of a key, when it may be served without asking anybody: the hot path, which allocates one
 * object and waits for nothing.
 */
export function peek(parts: EngineParts, key: CacheKey, now: number): Near | undefined {
  const view = parts.coherence.view(key.tenant);
  if (!parts.coherence.isFresh(view, now)) return undefined;
  for (const tier of parts.tiers) {
    if (!tier.local) return undefined;
    const copy = tier.get(key, now);
    if (!copy || copy instanceof Promise || !copy.prepared) continue;
    const state = stateOfCopy(view, copy, now);
    if (state === 'fresh' || state === 'stale')
      return {
        entry: copy.entry,
        prepared: copy.prepared,
        tier: tier.name,
        verified: true,
        state,
        view,
      };
  }
  return undefined;
}

/**
 * Walks the tiers, fastest first, then the authority, and answers the first fresh entry that the rule finds valid;
 * faster tiers get a copy. A copy is judged by a view that is within the coherence bound, or it waits for one poll; an
 * entry that only the authority has comes in the same round trip as the poll.
 *
 * Rejects with {@link AuthorityUnavailable} only when the authority is required.
 */
export async function lookup(
  parts: EngineParts,
  key: CacheKey,
  face: Face,
  runtime: Runtime,
  lifetimes?: Lifetimes,
): Promise<Lookup> {
  const { coherence, tiers, sink } = parts;
  const { tenant } = key;
  const startedAt = runtime.now();
  let checkedHere = false;
  let unavailable = false;
  let reason: MissReason = 'absent';
  let stale: Found | undefined;
  const first = coherence.view(tenant);
  if (coherence.isFresh(first, startedAt)) coherence.renewSoon(tenant, first, runtime);

  for (const [position, tier] of tiers.entries()) {
    const answer = tier.get(key, runtime.now());
    const copy = answer instanceof Promise ? await attempt(parts, tier, key, () => answer) : answer;
    if (!copy) continue;
    // Always the present view: a tier may have taken long, and the view been replaced meanwhile.
    let view = coherence.view(tenant);
    let verified: boolean =
      coherence.isFresh(view, runtime.now()) || (checkedHere && view.checkedAt >= startedAt);
    if (!verified && !unavailable) {
      const checked = await check(parts, key, runtime);
      // Also after a failure: the view may have been dropped while it was waited for.
      view = checked ?? coherence.view(tenant);
      verified = checked !== undefined;
      checkedHere ||= verified;
      unavailable = !verified;
    }
    const now = runtime.now();
    if (!verified && !coherence.mayServeUnverified(view, now)) continue;
    const state = stateOfCopy(view, copy, now);
    const prepared = await usable(state, key, copy, face, tier.name);
    if (!prepared) {
      reason = state === 'purged' || state === 'expired' ? state : 'invalid';
      continue;
    }
    const found = { entry: copy.entry, prepared, tier: tier.name, verified };
    if (state === 'stale') {
      reason = state;
      stale ??= found;
      continue;
    }
    // A copy that nobody has prepared takes its own place again, prepared.
    const behind = tier.local && !copy.prepared ? position + 1 : position;
    promote(
      parts,
      tiers.slice(0, behind),
      { ...found, key, until: copy.until, from: now, heldAt: view.generation, lifetimes },
      runtime,
    );
    sink(hit(tenant, key.key, tier.name, verified));
    return { ...found, found: true };
  }

  let { stamp } = coherence.view(tenant);
  if (!unavailable) {
    const sentAt = runtime.now();
    const answer = await read(parts, key, runtime);
    if (answer) {
      const { view } = answer;
      stamp = view.stamp;
      if (answer.entry) {
        const stored = await admit(
          parts,
          key,
          answer.entry,
          view,
          face,
          runtime,
          sentAt,
          lifetimes,
        );
        if (stored.state === 'fresh') {
          sink(hit(tenant, key.key, parts.authority.name, true));
          return { ...stored.found, found: true };
        }
        reason = stored.state;
        if (stored.found) stale = newer(stale, stored.found);
      }
    } else unavailable = true;
  }

  if (unavailable) reason = 'unavailable';
  sink(miss(tenant, key.key, reason));
  return { found: false, reason, stamp, stale };
}

/** What an entry of the authority is good for. */
export type Admission =
  | { readonly state: 'fresh' | 'stale'; readonly found: Found }
  | { readonly state: 'expired' | 'purged' | 'invalid'; readonly found: undefined };

/** Judges and prepares an entry that was read from the authority; the tiers get a copy of a fresh one. */
export async function admit(
  parts: EngineParts,
  key: CacheKey,
  entry: Entry,
  view: View,
  face: Face,
  runtime: Runtime,
  sentAt: number,
  lifetimes: Lifetimes | undefined,
  tiers = parts.tiers,
): Promise<Admission> {
  const tier = parts.authority.name;
  const state = stateOf(view, key, entry, true, runtime.now());
  if (state === 'expired' || state === 'purged') return { state, found: undefined };
  const prepared = await face.prepare(key, entry, tier);
  if (!prepared) return { state: 'invalid', found: undefined };
  const found = { entry, prepared, tier, verified: true };
  // A copy from before the key floor would never be served: only the authority is exact per key there.
  if (state === 'fresh' && entry.stamp.asOf >= view.keyFloor) {
    const { generation: heldAt } = view;
    promote(
      parts,
      tiers,
      { ...found, key, until: entry.expiresAt, from: sentAt, heldAt, lifetimes },
      runtime,
    );
  }
  return { state, found };
}

/** The authority's entry, when it is fresh; undefined also when the authority does not answer. */
export async function readAuthority(
  parts: EngineParts,
  key: CacheKey,
  face: Face,
  runtime: Runtime,
  lifetimes: Lifetimes | undefined,
): Promise<Found | undefined> {
  const sentAt = runtime.now();
  const answer = await read(parts, key, runtime);
  if (!answer?.entry) return undefined;
  const { entry, view } = answer;
  const { state, found } = await admit(parts, key, entry, view, face, runtime, sentAt, lifetimes);
  return state === 'fresh' ? found : undefined;
}

/** What a hit of the copy serves; undefined for one that may not be served, or is of no use. */
function usable(
  state: EntryState,
  key: CacheKey,
  copy: Copy,
  face: Face,
  tier: string,
): Prepared | undefined | Promise<Prepared | undefined> {
  if (state === 'purged' || state === 'expired') return undefined;
  return copy.prepared ?? face.prepare(key, copy.entry, tier);
}

/** Of two stale entries the one that was loaded later; times are of one source's clock, and decide nothing else. */
function newer(one: Found | undefined, other: Found): Found {
  return one && one.entry.createdAt >= other.entry.createdAt ? one : other;
}

async function check(
  parts: EngineParts,
  key: CacheKey,
  runtime: Runtime,
): Promise<View | undefined> {
  try {
    return await parts.coherence.check(key.tenant, runtime);
  } catch (error) {
    return unavailableBy(parts, key, error);
  }
}

async function read(
  parts: EngineParts,
  key: CacheKey,
  runtime: Runtime,
): Promise<{ view: View; entry: Entry | undefined } | undefined> {
  try {
    const { view, entries } = await parts.coherence.read(key.tenant, [key], runtime);
    return { view, entry: entries[0] };
  } catch (error) {
    return unavailableBy(parts, key, error);
  }
}

/** Reports that the authority did not answer. Throws what is no such failure, and the failure where an answer is required. */
export function unavailableBy(parts: EngineParts, key: CacheKey, error: unknown): undefined {
  if (!(error instanceof AuthorityUnavailable)) throw error;
  reportFailure(parts, key.tenant, parts.authority.name, error);
  if (parts.authorityRequired) throw error;
  return undefined;
}
