import type { Runtime } from '../runtime.ts';
import { hit, miss, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { Copy } from '../tiers/tier.ts';
import { stateOfCopy } from './entry-state.ts';
import type { Face } from './face.ts';
import type { Found, Lookup } from './found.ts';
import { admit, check, unavailableBy } from './lookup.ts';
import type { EngineParts } from './parts.ts';
import type { Lifetimes } from './promotion.ts';
import { unlessPurged } from './stale.ts';

/** So many keys are read in one request. */
const MAX_KEYS = 500;

interface Place {
  readonly key: CacheKey;
  readonly near: { readonly copy: Copy; readonly tier: string } | undefined;
  asked: boolean;
  reason: MissReason;
  fresh: Found | undefined;
  stale: Found | undefined;
}

/**
 * Looks many keys of one tenant up: this isolate's tiers, then the authority, all that is missing in one request (one for
 * each 500 keys). Tiers that take a request for each key are left out: they would cost more than they save.
 *
 * Rejects with `AuthorityUnavailable` only when the authority is required.
 */
export async function lookupMany(
  parts: EngineParts,
  tenant: TenantId,
  keys: readonly CacheKey[],
  face: Face,
  runtime: Runtime,
  lifetimes?: Lifetimes,
): Promise<readonly Lookup[]> {
  const { coherence, sink } = parts;
  const [first] = keys;
  if (!first) return [];
  if (!parts.enabled)
    return keys.map(() => ({
      found: false,
      reason: 'disabled',
      stamp: undefined,
      stale: undefined,
    }));
  const startedAt = runtime.now();
  const places = keys.map((key): Place => {
    const near = nearCopy(parts, key, startedAt);
    return { key, near, asked: false, reason: 'absent', fresh: undefined, stale: undefined };
  });

  const ask = (wanted: readonly Place[]): Promise<boolean> =>
    readPages(parts, tenant, wanted, face, runtime, lifetimes);
  let answers = true;
  let verified = coherence.isFresh(coherence.view(tenant), startedAt);
  if (verified) coherence.renewSoon(tenant, coherence.view(tenant), runtime);
  else {
    // What has to be read anyway brings the ledger along.
    const missing = places.filter(({ near }) => !near || near.copy.entry.freshUntil <= startedAt);
    answers = missing.length > 0 ? await ask(missing) : await check(parts, first, runtime);
    verified = answers;
  }
  const view = coherence.view(tenant);
  if (verified || coherence.mayServeUnverified(view, runtime.now()))
    await judgeNear(parts, places, verified, face, runtime);
  if (answers) answers = await ask(places.filter(({ fresh, asked }) => !fresh && !asked));

  const after = coherence.view(tenant);
  const { stamp } = after;
  const now = runtime.now();
  const stands =
    answers || coherence.isFresh(after, now) || coherence.isSince(after, startedAt, now);
  return places.map(({ key, fresh, stale, reason }): Lookup => {
    if (fresh) {
      sink(hit(tenant, key.key, fresh.tier, fresh.verified));
      return { ...fresh, found: true };
    }
    const why = answers ? reason : 'unavailable';
    sink(miss(tenant, key.key, why));
    // It was found before the authority was asked.
    const flagged = stale && !stands ? { ...stale, verified: false } : stale;
    return { found: false, reason: why, stamp, stale: unlessPurged(parts, key, flagged) };
  });
}

/** What this isolate holds of a key, whether or not it is still valid. */
function nearCopy(parts: EngineParts, key: CacheKey, now: number): Place['near'] {
  for (const tier of parts.tiers) {
    if (!tier.local) continue;
    const copy = tier.get(key, now);
    if (copy && !(copy instanceof Promise)) return { copy, tier: tier.name };
  }
  return undefined;
}

async function judgeNear(
  parts: EngineParts,
  places: readonly Place[],
  verified: boolean,
  face: Face,
  runtime: Runtime,
): Promise<void> {
  for (const place of places) {
    if (!place.near || place.fresh) continue;
    const { copy, tier } = place.near;
    const judged = () => stateOfCopy(parts.coherence.view(place.key.tenant), copy, runtime.now());
    let state = judged();
    if (state === 'purged' || state === 'expired') {
      place.reason = state;
      continue;
    }
    const prepared = copy.prepared ?? (await face.prepare(place.key, copy.entry, tier));
    // A purge may have come in meanwhile.
    if (!copy.prepared) state = judged();
    if (!prepared || state === 'purged' || state === 'expired') {
      place.reason = prepared && state !== 'fresh' ? state : 'invalid';
      continue;
    }
    const found = { entry: copy.entry, prepared, tier, verified };
    if (state === 'fresh') place.fresh = found;
    else {
      place.reason = 'stale';
      place.stale ??= found;
    }
  }
}

/** Reads keys from the authority. False when it did not answer. */
async function readPages(
  parts: EngineParts,
  tenant: TenantId,
  places: readonly Place[],
  face: Face,
  runtime: Runtime,
  lifetimes: Lifetimes | undefined,
): Promise<boolean> {
  for (let at = 0; at < places.length; at += MAX_KEYS) {
    const page = places.slice(at, at + MAX_KEYS);
    if (!(await readPage(parts, tenant, page, face, runtime, lifetimes))) return false;
  }
  return true;
}

async function readPage(
  parts: EngineParts,
  tenant: TenantId,
  places: readonly Place[],
  face: Face,
  runtime: Runtime,
  lifetimes: Lifetimes | undefined,
): Promise<boolean> {
  const sentAt = runtime.now();
  let answer: Awaited<ReturnType<typeof parts.coherence.read>>;
  try {
    answer = await parts.coherence.read(
      tenant,
      places.map(({ key }) => key),
      runtime,
    );
  } catch (error) {
    for (const { key } of places.slice(0, 1)) unavailableBy(parts, key, error);
    return false;
  }
  const { entries, exactAt } = answer;
  const local = parts.tiers.filter((tier) => tier.local);
  for (const [at, place] of places.entries()) {
    place.asked = true;
    const entry = entries[at];
    if (!entry) continue;
    const { key } = place;
    const reading = { key, entry, exactAt, face, sentAt, lifetimes, tiers: local };
    const { state, found } = await admit(parts, reading, runtime);
    if (state === 'fresh') place.fresh = found;
    else {
      place.reason = state;
      if (found && (place.stale?.entry.createdAt ?? 0) < found.entry.createdAt) place.stale = found;
    }
  }
  return true;
}
