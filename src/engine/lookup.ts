import type { Entry } from '../codec/entry.ts';
import type { View } from '../coherence/view.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { hit, miss, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy, Tier } from '../tiers/tier.ts';
import { stateOf, stateOfCopy, type EntryState } from './entry-state.ts';
import type { Face } from './face.ts';
import type { Found, Lookup } from './found.ts';
import type { EngineParts } from './parts.ts';
import { attempt, promote, type Lifetimes } from './promotion.ts';
import { reportFailure } from './report.ts';
import { unlessPurged } from './stale.ts';

const DISABLED: Lookup = { found: false, reason: 'disabled', stamp: undefined, stale: undefined };

/**
 * Looks a key up, once for all who ask while a lookup that is new enough for them is under way.
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
  if (!parts.enabled) return DISABLED;
  const now = runtime.now();
  const found = await parts.lookups.run(
    key.fullName,
    () => walk(parts, key, face, runtime, lifetimes),
    runtime,
    (sentAt) => parts.coherence.covers(sentAt, now),
  );
  const { tenant } = key;
  if (found.found) {
    parts.sink(hit(tenant, key.key, found.tier, found.verified));
    return found;
  }
  parts.sink(miss(tenant, key.key, found.reason));
  return found;
}

/**
 * Walks the tiers, fastest first, then the authority, and answers the first fresh entry that the rule finds valid;
 * faster tiers get a copy. A copy is judged by a view that is within the coherence bound, or it waits for one poll; an
 * entry that only the authority has comes in the same round trip as the poll.
 */
async function walk(
  parts: EngineParts,
  key: CacheKey,
  face: Face,
  runtime: Runtime,
  lifetimes: Lifetimes | undefined,
): Promise<Lookup> {
  const { coherence, tiers } = parts;
  const { tenant } = key;
  const startedAt = runtime.now();
  let checkedHere = false;
  let unavailable = false;
  let reason: MissReason = 'absent';
  let stale: Found | undefined;
  let useless: Entry | undefined;
  const isVouched = (view: View): boolean =>
    coherence.isFresh(view, runtime.now()) ||
    (checkedHere && coherence.isSince(view, startedAt, runtime.now()));
  const first = coherence.view(tenant);
  if (coherence.isFresh(first, startedAt)) coherence.renewSoon(tenant, first, runtime);

  for (const [position, tier] of tiers.entries()) {
    const answer = tier.get(key, runtime.now());
    const copy = answer instanceof Promise ? await attempt(parts, tier, key, () => answer) : answer;
    if (!copy) continue;
    // Always the present view: a tier may have taken long, and the view been replaced meanwhile.
    const view = coherence.view(tenant);
    let verified = isVouched(view);
    if (!verified && !unavailable) {
      verified = await check(parts, key, runtime);
      checkedHere ||= verified;
      unavailable = !verified;
    }
    const judged = await judgeCopy(parts, key, copy, face, tier, verified, runtime);
    if (judged.state === 'stale') stale ??= judged.found;
    if (judged.state !== 'fresh') {
      if (judged.state !== 'unverified') reason = judged.state;
      if (judged.state === 'invalid') useless = copy.entry;
      continue;
    }
    // Once more, now that nothing is waited for: what is promoted is valid by the generation that it gets.
    const { generation: heldAt } = coherence.view(tenant);
    const now = runtime.now();
    if (stateOfTier(parts, tier, copy, now) === 'fresh') {
      // A copy that nobody has prepared takes its own place again, prepared.
      const behind = tier.local && !copy.prepared ? position + 1 : position;
      const { until } = copy;
      const promotion = { ...judged.found, key, until, from: now, heldAt, lifetimes };
      promote(parts, tiers.slice(0, behind), promotion, runtime);
    }
    return { ...judged.found, found: true };
  }

  if (!unavailable) {
    const sentAt = runtime.now();
    const answer = await read(parts, key, runtime);
    unavailable = !answer;
    // Where memory is the authority's own store, it answers with what was found to be of no use.
    if (answer?.entry && answer.entry !== useless) {
      const { entry, exactAt } = answer;
      const reading = { key, entry, exactAt, face, sentAt, lifetimes };
      const stored = await admit(parts, reading, runtime);
      if (stored.state === 'fresh') return { ...stored.found, found: true };
      reason = stored.state;
      if (stored.found) stale = newer(stale, stored.found);
    }
  }
  if (unavailable) {
    reason = 'unavailable';
    // It was found before the authority was asked: what is known may have grown too old, or been checked since.
    stale &&= { ...stale, verified: isVouched(coherence.view(tenant)) };
  }
  const { stamp } = coherence.view(tenant);
  return { found: false, reason, stamp, stale: unlessPurged(parts, key, stale) };
}

/** What a stored entry is good for. */
export type Admission =
  | { readonly state: 'fresh' | 'stale'; readonly found: Found }
  | { readonly state: 'expired' | 'purged' | 'invalid'; readonly found?: undefined };

/** Judges and prepares a copy. `unverified`: the authority did not answer, and has not for too long. */
async function judgeCopy(
  parts: EngineParts,
  key: CacheKey,
  copy: Copy,
  face: Face,
  tier: Tier,
  verified: boolean,
  runtime: Runtime,
): Promise<Admission | { readonly state: 'unverified'; readonly found?: undefined }> {
  const { coherence } = parts;
  const judged = () => stateOfTier(parts, tier, copy, runtime.now());
  if (!verified && !coherence.mayServeUnverified(coherence.view(key.tenant), runtime.now()))
    return { state: 'unverified' };
  let state = judged();
  if (state === 'expired' || state === 'purged') return { state };
  let { prepared } = copy;
  if (!prepared) {
    prepared = await face.prepare(key, copy.entry, tier.name);
    if (!prepared) return { state: 'invalid' };
    // A purge may have come in meanwhile.
    state = judged();
    if (state === 'expired' || state === 'purged') return { state };
  }
  return { state, found: { entry: copy.entry, prepared, tier: tier.name, verified } };
}

/** The state of a tier's copy. Generations are this isolate's own: what a tier outside it says of them means nothing. */
function stateOfTier(parts: EngineParts, { local }: Tier, copy: Copy, now: number): EntryState {
  const view = parts.coherence.view(copy.key.tenant);
  return local ? stateOfCopy(view, copy, now) : stateOf(view, copy.key, copy.entry, false, now);
}

/** An entry that was read from the authority. */
export interface Reading {
  readonly key: CacheKey;
  readonly entry: Entry;
  /** As {@link Found.exactAt}. */
  readonly exactAt: number;
  readonly face: Face;
  /** When it was asked for: lifetimes in the tiers count from here. */
  readonly sentAt: number;
  readonly lifetimes: Lifetimes | undefined;
  /** Those that get a copy. Default: all. */
  readonly tiers?: readonly Tier[];
}

/** Judges and prepares an entry that was read from the authority; the tiers get a copy of a fresh one. */
export async function admit(
  parts: EngineParts,
  { key, entry, exactAt, face, sentAt, lifetimes, tiers = parts.tiers }: Reading,
  runtime: Runtime,
): Promise<Admission> {
  const tier = parts.authority.name;
  const judged = (): EntryState => {
    const view = parts.coherence.view(key.tenant);
    return stateOf(view, key, entry, view.keyFloor <= exactAt, runtime.now());
  };
  const before = judged();
  if (before === 'expired' || before === 'purged') return { state: before };
  const prepared = await face.prepare(key, entry, tier);
  if (!prepared) return { state: 'invalid' };
  // A purge may have come in meanwhile.
  const state = judged();
  if (state === 'expired' || state === 'purged') return { state };
  const found = { entry, prepared, tier, verified: true, exactAt };
  const { generation: heldAt, keyFloor } = parts.coherence.view(key.tenant);
  // A copy from before the key floor would never be served: only the authority is exact per key there.
  if (state === 'fresh' && entry.stamp.asOf >= keyFloor) {
    const promotion = { ...found, key, until: entry.expiresAt, from: sentAt, heldAt, lifetimes };
    promote(parts, tiers, promotion, runtime);
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
  const { entry, exactAt } = answer;
  const reading = { key, entry, exactAt, face, sentAt, lifetimes };
  const { state, found } = await admit(parts, reading, runtime);
  return state === 'fresh' ? found : undefined;
}

/** Of two stale entries the one that was loaded later; times are of one source's clock, and decide nothing else. */
function newer(one: Found | undefined, other: Found): Found {
  return one && one.entry.createdAt >= other.entry.createdAt ? one : other;
}

/** Polls the ledger; false when the authority does not answer, which is an error where it is required. */
export async function check(parts: EngineParts, key: CacheKey, runtime: Runtime): Promise<boolean> {
  try {
    await parts.coherence.check(key.tenant, runtime);
    return true;
  } catch (error) {
    unavailableBy(parts, key, error);
    return false;
  }
}

async function read(
  parts: EngineParts,
  key: CacheKey,
  runtime: Runtime,
): Promise<{ entry: Entry | undefined; exactAt: number } | undefined> {
  try {
    const { entries, exactAt } = await parts.coherence.read(key.tenant, [key], runtime);
    return { entry: entries[0], exactAt };
  } catch (error) {
    unavailableBy(parts, key, error);
    return undefined;
  }
}

/** Reports that the authority did not answer. Throws what is no such failure, and the failure where an answer is required. */
export function unavailableBy(parts: EngineParts, key: CacheKey, error: unknown): void {
  if (!(error instanceof AuthorityUnavailable)) throw error;
  reportFailure(parts, key.tenant, parts.authority.name, error);
  if (parts.authorityRequired) throw error;
}
