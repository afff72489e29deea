import { LoadTimeout } from '../errors.ts';
import { waitFor } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import {
  hit,
  load as loaded,
  loadFailed,
  stale as servedStale,
  type StaleReason,
} from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';
import type { EntryDraft } from '../codec/entry.ts';
import { servesWhileRevalidating } from './entry-state.ts';
import { failureCode, load, type Source } from './load.ts';
import type { Found } from './found.ts';
import { lookup } from './lookup.ts';
import type { EngineParts } from './parts.ts';
import { peek, type Near } from './peek.ts';
import { isDueEarly } from './refresh-time.ts';
import { servableStale, staleAtOnce, staleToServe, unlessSettled } from './stale.ts';

/** What a read through the cache brings. */
export interface Obtained {
  readonly draft: EntryDraft;
  readonly prepared: Prepared;
}

/**
 * Reads through: serves what is fresh; what is stale while it is refreshed behind the response; else loads, and serves
 * what is stale when the load fails, takes long, or is another isolate's.
 *
 * Rejects with what the loader rejects with, with `LoadTimeout`, or with `AuthorityUnavailable` where an answer of the
 * authority is required.
 */
export async function obtain(
  parts: EngineParts,
  source: Source,
  runtime: Runtime,
): Promise<Obtained> {
  const { key, face, policy } = source;
  if (!parts.enabled) return loadAlone(parts, source, runtime);
  const askedAt = runtime.now();
  const near = peek(parts, key, askedAt);
  if (near) {
    const served = serveNear(parts, source, near, runtime);
    if (served) return served;
  }
  const found = await lookup(parts, key, face, runtime, policy.lifetimes);
  if (found.found) {
    refreshIfDue(parts, source, found, askedAt, runtime);
    return obtained(found);
  }
  const stale = staleAtOnce(parts, key, found, runtime, askedAt);
  if (stale) return serveAndRefresh(parts, source, stale, askedAt, runtime);
  return loadOrServe(parts, source, found.stale, askedAt, runtime);
}

/**
 * Loads whatever is stored, and whatever load began before the caller asked; what is stored is served when the load fails
 * or takes long. Without a lease: another isolate's value is not what was asked for.
 */
export async function obtainAnew(
  parts: EngineParts,
  source: Source,
  runtime: Runtime,
): Promise<Obtained> {
  if (!parts.enabled) return loadAlone(parts, source, runtime);
  const askedAt = runtime.now();
  const { face, key, policy } = source;
  const found = await lookup(parts, key, face, runtime, policy.lifetimes);
  const known = found.found ? found : found.stale;
  const alone = { ...source, policy: { ...policy, lease: undefined } };
  return loadOrServe(parts, alone, known, askedAt, runtime, true);
}

/**
 * Serves what this isolate holds, when that is all that is needed: fresh, or stale and to be refreshed behind the
 * response. Undefined when the other tiers have to be asked.
 */
export function serveNear(
  parts: EngineParts,
  source: Source,
  near: Near,
  runtime: Runtime,
): Obtained | undefined {
  if (near.state === 'fresh') {
    countHit(parts, source.key, near, runtime);
    refreshIfDue(parts, source, near, runtime.now(), runtime);
    return obtained(near);
  }
  if (!servesWhileRevalidating(near.entry, runtime.now())) return undefined;
  return serveAndRefresh(parts, source, near, undefined, runtime);
}

/** What every hit of what this isolate holds does, however it is read. */
export function countHit(
  parts: EngineParts,
  { tenant, key }: CacheKey,
  { tier, view }: Near,
  runtime: Runtime,
): void {
  parts.coherence.renewSoon(tenant, view, runtime);
  parts.sink(hit(tenant, key, tier, true));
}

/** Loads for one caller, and keeps nothing. */
async function loadAlone(
  parts: EngineParts,
  { key, policy, load: call }: Source,
  runtime: Runtime,
): Promise<Obtained> {
  const controller = new AbortController();
  const startedAt = runtime.now();
  try {
    const work = call({ stale: undefined, signal: controller.signal, startedAt });
    const waited = await waitFor(work, policy.hardTimeoutMs, runtime);
    if (!waited.settled) throw new LoadTimeout(policy.hardTimeoutMs, { key: key.fullName });
    parts.sink(loaded(key.tenant, key.key, runtime.now() - startedAt));
    return waited.value;
  } catch (error) {
    controller.abort(error);
    parts.sink(loadFailed(key.tenant, failureCode(error), error));
    throw error;
  }
}

/** Loads in the foreground; what is stale helps out. */
async function loadOrServe(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  askedAt: number,
  runtime: Runtime,
  anew = false,
): Promise<Obtained> {
  const { key, policy } = source;
  const toServe = (since?: number): Promise<Found | undefined> =>
    staleToServe(parts, key, stale, runtime, since);
  const failing = parts.failures.isFailing(key.fullName, runtime.now());
  const throttled = failing ? await toServe(askedAt) : undefined;
  if (throttled) return serveStale(parts, source, throttled, 'throttled');
  const work = load(parts, source, stale, runtime, askedAt, anew);
  try {
    if (policy.softTimeoutMs !== undefined && servableStale(parts, key, stale, runtime)) {
      const waited = await waitFor(work, policy.softTimeoutMs, runtime);
      const instead = waited.settled ? undefined : await unlessSettled(work, toServe());
      if (instead) {
        // Nobody waits for it any more, and its failure will be reported.
        work.catch(() => undefined);
        return serveStale(parts, source, instead, 'timeout');
      }
    }
    const landing = await work;
    if (landing.type === 'loaded') return landing;
    const instead = await toServe();
    if (instead) return serveStale(parts, source, instead, 'leased');
  } catch (error) {
    const instead = await toServe();
    if (!instead) throw error;
    return serveStale(parts, source, instead, 'error');
  }
  // Somebody else's load was left to itself for what was stale, which has been purged since, or nobody can tell whether it
  // has: that load is waited for.
  return loadOrServe(parts, source, undefined, askedAt, runtime, anew);
}

/** @param askedAt when the authority was asked, which had nothing fresher; undefined when it was not */
function serveAndRefresh(
  parts: EngineParts,
  source: Source,
  stale: Found,
  askedAt: number | undefined,
  runtime: Runtime,
): Obtained {
  const throttled = parts.failures.isRecent(source.key.fullName, runtime.now());
  if (!throttled) refreshBehind(parts, source, stale, askedAt, runtime);
  return serveStale(parts, source, stale, throttled ? 'throttled' : 'revalidate');
}

/** Begins a refresh that nobody waits for, unless one is under way. */
export function refreshBehind(
  parts: EngineParts,
  source: Source,
  known: Found,
  askedAt: number | undefined,
  runtime: Runtime,
): void {
  if (isUnderWay(parts, source.key, runtime)) return;
  // Its failure has been reported, and there is nobody to tell.
  load(parts, source, known, runtime, askedAt).catch(() => undefined);
}

/** True while a load of the key may still be alive: one that is older has lost its owner. */
export function isUnderWay(parts: EngineParts, key: CacheKey, runtime: Runtime): boolean {
  const flight = parts.flights.get(key);
  return flight !== undefined && runtime.now() < flight.aliveUntil;
}

function refreshIfDue(
  parts: EngineParts,
  source: Source,
  found: Found,
  askedAt: number,
  runtime: Runtime,
): void {
  const { earlyRefresh } = source.policy;
  if (
    isDueEarly(found.entry, earlyRefresh, runtime.now(), runtime) &&
    !parts.failures.isRecent(source.key.fullName, runtime.now())
  )
    refreshBehind(parts, source, found, askedAt, runtime);
}

function serveStale(
  parts: EngineParts,
  { key }: Source,
  stale: Found,
  reason: StaleReason,
): Obtained {
  parts.sink(servedStale(key.tenant, key.key, stale.tier, reason, stale.verified));
  return obtained(stale);
}

function obtained({ entry, prepared }: Found): Obtained {
  return { draft: entry, prepared };
}
