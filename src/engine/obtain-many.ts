import { judge } from '../coherence/marks.ts';
import { LoadTimeout } from '../errors.ts';
import { waitFor } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import { stale as servedStale, type StaleReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { servesOnError, servesWhileRevalidating } from './entry-state.ts';
import { joining, mayHave } from './flights.ts';
import { loadMany, type ManySource } from './load-many.ts';
import { lookupMany } from './lookup-many.ts';
import type { Found } from './lookup.ts';
import type { Obtained } from './obtain.ts';
import type { EngineParts } from './parts.ts';

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
  const { face, policy } = source;
  const lookups = await lookupMany(parts, tenant, keys, face, runtime, policy.lifetimes);
  const now = runtime.now();
  const behind: Place[] = [];
  const needed: Place[] = [];
  const places = lookups.map((found, at): Place => {
    const key = keys[at] as CacheKey;
    if (found.found)
      return { key, stale: undefined, obtained: { draft: found.entry, prepared: found.prepared } };
    const { stale } = found;
    const place: Place = { key, stale, obtained: undefined };
    const throttled = parts.failures.isRecent(key.fullName, now);
    if (stale && servesWhileRevalidating(stale.entry, now)) {
      if (!throttled && !parts.flights.get(key)) behind.push(place);
      serveStale(parts, place, stale, throttled ? 'throttled' : 'revalidate');
    } else if (stale && throttled && servesOnError(stale.entry, now)) {
      serveStale(parts, place, stale, 'throttled');
    } else needed.push(place);
    return place;
  });
  // Its failure has been reported, and there is nobody to tell.
  if (behind.length > 0) loadMany(parts, source, behind, runtime).catch(() => undefined);
  const joined = needed.filter((place) => joinable(parts, place));
  const led = needed.filter((place) => !joined.includes(place));
  await Promise.all([lead(parts, source, led, runtime), follow(parts, source, joined, runtime)]);
  return places.map(({ obtained }) => obtained);
}

function joinable(parts: EngineParts, { key }: Place): boolean {
  const flight = parts.flights.get(key);
  return flight !== undefined && joining(parts.coherence.view(key.tenant), flight) !== undefined;
}

/** Loads places in one call; what is stale helps out when that fails or takes long. */
async function lead(
  parts: EngineParts,
  source: ManySource,
  places: readonly Place[],
  runtime: Runtime,
): Promise<void> {
  if (places.length === 0) return;
  const { hardTimeoutMs, softTimeoutMs = hardTimeoutMs } = source.policy;
  const servable = (): boolean => places.every((place) => mayServe(parts, place, runtime));
  const serveAll = (reason: StaleReason): void => {
    for (const place of places) if (place.stale) serveStale(parts, place, place.stale, reason);
  };
  const work = loadMany(parts, source, places, runtime);
  try {
    const patience = servable() ? Math.min(softTimeoutMs, hardTimeoutMs) : hardTimeoutMs;
    const waited = await waitFor(work, patience, runtime);
    if (waited.settled) {
      places.forEach((place, at) => {
        const made = waited.value[at];
        place.obtained = made && { draft: made.draft, prepared: made.prepared };
      });
      return;
    }
    // Nobody waits for it any more, and its failure has been reported.
    work.catch(() => undefined);
    if (!servable()) throw new LoadTimeout(patience);
    serveAll('timeout');
  } catch (error) {
    if (!servable()) throw error;
    serveAll('error');
  }
}

/** Waits for what others load; what they do not bring is loaded here. */
async function follow(
  parts: EngineParts,
  source: ManySource,
  places: readonly Place[],
  runtime: Runtime,
): Promise<void> {
  const left: Place[] = [];
  const joinOne = async (place: Place): Promise<void> => {
    const { key } = place;
    const flight = parts.flights.get(key);
    const joined = flight && joining(parts.coherence.view(key.tenant), flight);
    if (flight && joined) {
      const patience = flight.startedAt + source.policy.hardTimeoutMs - runtime.now();
      const waited = await waitFor(flight.landing, Math.max(0, patience), runtime);
      const landing = waited.settled ? waited.value : undefined;
      if (
        landing?.type === 'loaded' &&
        mayHave(joined, key, landing, parts.coherence.view(key.tenant))
      ) {
        place.obtained = landing;
        return;
      }
      parts.flights.end(flight);
    }
    left.push(place);
  };
  await Promise.all(
    places.map(async (place) => {
      try {
        await joinOne(place);
      } catch (error) {
        if (!place.stale || !mayServe(parts, place, runtime)) throw error;
        serveStale(parts, place, place.stale, 'error');
      }
    }),
  );
  await lead(parts, source, left, runtime);
}

function serveStale(parts: EngineParts, place: Place, stale: Found, reason: StaleReason): void {
  parts.sink(servedStale(place.key.tenant, place.key.key, stale.tier, reason));
  place.obtained = { draft: stale.entry, prepared: stale.prepared };
}

/** True for something stale that may be served instead of a load, also by what is known now. */
function mayServe(parts: EngineParts, { key, stale }: Place, runtime: Runtime): boolean {
  if (!stale || !servesOnError(stale.entry, runtime.now())) return false;
  const { entry, tier } = stale;
  const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
  const exactPerKey = tier === parts.authority.name;
  return judge(parts.coherence.view(key.tenant), subject, exactPerKey) !== 'invalid';
}
