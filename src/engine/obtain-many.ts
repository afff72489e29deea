import { waitFor } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import { stale as servedStale, type StaleReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { joining, mayHave, type Joining } from './flights.ts';
import { loadMany, type ManySource } from './load-many.ts';
import { lookupMany } from './lookup-many.ts';
import type { Found } from './found.ts';
import { landed } from './load.ts';
import { isUnderWay, type Obtained } from './obtain.ts';
import type { EngineParts } from './parts.ts';
import { peek } from './peek.ts';
import { servableStale, staleAtOnce, unlessSettled, vouch } from './stale.ts';

/** One key of a batch: what it will be answered with. */
interface Place {
  readonly key: CacheKey;
  readonly stale: Found | undefined;
  obtained: Obtained | undefined;
}

/**
 * Reads many keys of one tenant through: one request for what this isolate does not hold, one call of the loader for
 * exactly what is missing everywhere and is not being loaded already, one request to store what it made. A key for which
 * the loader has no value stays undefined.
 *
 * Rejects as `obtain` does, when any key has nothing to be served.
 */
export async function obtainMany(
  parts: EngineParts,
  tenant: TenantId,
  keys: readonly CacheKey[],
  source: ManySource,
  runtime: Runtime,
): Promise<readonly (Obtained | undefined)[]> {
  if (!parts.enabled) {
    const wanted = keys.map((key) => ({ key, stale: undefined }));
    return wanted.length > 0 ? loadMany(parts, source, wanted, runtime) : [];
  }
  const { face, policy } = source;
  const askedAt = runtime.now();
  const lookups = await lookupMany(parts, tenant, keys, face, runtime, policy.lifetimes);
  const behind: Place[] = [];
  const missing: Place[] = [];
  const places = keys.map((key, at): Place => {
    const found = lookups[at];
    if (found?.found) return { key, stale: undefined, obtained: obtained(found) };
    const place: Place = { key, stale: found?.stale, obtained: undefined };
    const stale = found && staleAtOnce(parts, key, found, runtime, askedAt);
    if (stale) serveAtOnce(parts, place, stale, behind, runtime);
    else missing.push(place);
    return place;
  });
  // Its failure has been reported, and there is nobody to tell.
  if (behind.length > 0) loadMany(parts, source, behind, runtime).catch(() => undefined);
  const needed = await pause(parts, tenant, missing, askedAt, runtime);
  await provide(parts, source, needed, askedAt, runtime);
  return places.map(({ obtained: one }) => one);
}

/** Serves what is stale while it is refreshed. */
function serveAtOnce(
  parts: EngineParts,
  place: Place,
  stale: Found,
  behind: Place[],
  runtime: Runtime,
): void {
  const { key } = place;
  const throttled = parts.failures.isRecent(key.fullName, runtime.now());
  if (!throttled && !isUnderWay(parts, key, runtime)) behind.push(place);
  serve(parts, place, stale, throttled ? 'throttled' : 'revalidate');
}

/** Serves what is stale in place of loads that have failed a moment ago; answers the places that are left. */
async function pause(
  parts: EngineParts,
  tenant: TenantId,
  places: readonly Place[],
  askedAt: number,
  runtime: Runtime,
): Promise<readonly Place[]> {
  const isPaused = ({ key, stale }: Place): boolean =>
    parts.failures.isFailing(key.fullName, runtime.now()) &&
    servableStale(parts, key, stale, runtime) !== undefined;
  if (!places.some(isPaused)) return places;
  const verified = await vouch(parts, tenant, runtime, askedAt);
  if (verified === undefined) return places;
  return places.filter((place) => {
    const instead = isPaused(place) ? place.stale : undefined;
    if (instead) serve(parts, place, { ...instead, verified }, 'throttled');
    return instead === undefined;
  });
}

/** Gives every place something: what others are loading, the rest in a load of its own, until nothing is left. */
async function provide(
  parts: EngineParts,
  source: ManySource,
  places: readonly Place[],
  askedAt: number,
  runtime: Runtime,
): Promise<void> {
  let left = places;
  while (left.length > 0) {
    const led: Place[] = [];
    const followed: (readonly [Place, Joining])[] = [];
    for (const place of left) {
      const flight = parts.flights.get(place.key);
      const joined = flight && joining(parts.coherence.view(place.key.tenant), flight);
      if (joined) followed.push([place, joined]);
      else if (!takeLanded(parts, place, askedAt, runtime)) led.push(place);
    }
    const again: Place[] = [];
    const following = followed.map(([place, joined]) =>
      follow(parts, source, place, joined, again, runtime),
    );
    await Promise.all([lead(parts, source, led, runtime), ...following]);
    left = again;
  }
}

/** Takes what a load that ended since the caller looked has left in memory. */
function takeLanded(parts: EngineParts, place: Place, askedAt: number, runtime: Runtime): boolean {
  const near = peek(parts, place.key, runtime.now(), askedAt);
  if (near?.state !== 'fresh') return false;
  place.obtained = obtained(near);
  return true;
}

/** Loads places in one call; what is stale helps out when that fails or takes long. */
async function lead(
  parts: EngineParts,
  source: ManySource,
  places: readonly Place[],
  runtime: Runtime,
): Promise<void> {
  if (places.length === 0) return;
  const { softTimeoutMs } = source.policy;
  const work = loadMany(parts, source, places, runtime);
  try {
    if (softTimeoutMs !== undefined && areServable(parts, places, runtime)) {
      const waited = await waitFor(work, softTimeoutMs, runtime);
      if (!waited.settled && (await serveAll(parts, places, 'timeout', runtime, work))) {
        // Nobody waits for it any more, and its failure will be reported.
        work.catch(() => undefined);
        return;
      }
    }
    const made = await work;
    places.forEach((place, at) => {
      const value = made[at];
      place.obtained = value && { draft: value.draft, prepared: value.prepared };
    });
  } catch (error) {
    if (!(await serveAll(parts, places, 'error', runtime))) throw error;
  }
}

/** Waits for what somebody else loads. What that does not bring is added to `again`. */
async function follow(
  parts: EngineParts,
  source: ManySource,
  place: Place,
  joined: Joining,
  again: Place[],
  runtime: Runtime,
): Promise<void> {
  const { key } = place;
  const { policy } = source;
  const flight = parts.flights.get(key);
  if (!flight) {
    again.push(place);
    return;
  }
  try {
    const { softTimeoutMs } = policy;
    const work = landed(flight, runtime);
    if (softTimeoutMs !== undefined && servableStale(parts, key, place.stale, runtime)) {
      const soon = await waitFor(work, softTimeoutMs, runtime);
      if (!soon.settled && (await serveAll(parts, [place], 'timeout', runtime, work))) {
        work.catch(() => undefined);
        return;
      }
    }
    const waited = await work;
    const landing = waited.settled ? waited.value : undefined;
    const known = parts.coherence.view(key.tenant);
    if (landing?.type === 'loaded' || landing?.type === 'absent') {
      const tags = landing.type === 'loaded' ? landing.draft.tags : [];
      if (mayHave(joined, key, tags, landing.stamp, known)) {
        if (landing.type === 'loaded')
          place.obtained = { draft: landing.draft, prepared: landing.prepared };
        return;
      }
    }
    if (landing?.type === 'none' && (await serveAll(parts, [place], 'leased', runtime))) return;
    parts.flights.end(flight);
    again.push(place);
  } catch (error) {
    if (!(await serveAll(parts, [place], 'error', runtime))) throw error;
  }
}

function areServable(parts: EngineParts, places: readonly Place[], runtime: Runtime): boolean {
  return places.every(({ key, stale }) => servableStale(parts, key, stale, runtime));
}

/**
 * Serves what is stale to all places, if every one of them has something.
 * @param work what they are waiting for, if it is still under way: once it has settled, nothing is served in its place
 */
async function serveAll(
  parts: EngineParts,
  places: readonly Place[],
  reason: StaleReason,
  runtime: Runtime,
  work?: Promise<unknown>,
): Promise<boolean> {
  const [first] = places;
  if (!first || !areServable(parts, places, runtime)) return false;
  const vouched = vouch(parts, first.key.tenant, runtime);
  const verified = await (work ? unlessSettled(work, vouched) : vouched);
  if (verified === undefined) return false;
  const all = places.map(({ key, stale }) => servableStale(parts, key, stale, runtime));
  if (all.includes(undefined)) return false;
  places.forEach((place, at) => {
    const found = all[at];
    if (found) serve(parts, place, { ...found, verified }, reason);
  });
  return true;
}

function serve(parts: EngineParts, place: Place, stale: Found, reason: StaleReason): void {
  parts.sink(servedStale(place.key.tenant, place.key.key, stale.tier, reason, stale.verified));
  place.obtained = obtained(stale);
}

function obtained({ entry, prepared }: Found): Obtained {
  return { draft: entry, prepared };
}
