import { judge } from '../coherence/marks.ts';
import { LoadTimeout } from '../errors.ts';
import { waitFor } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import {
  hit,
  load as loaded,
  stale as servedStale,
  type StaleReason,
} from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';
import type { EntryDraft } from '../codec/entry.ts';
import { servesOnError, servesWhileRevalidating } from './entry-state.ts';
import type { Landing } from './flights.ts';
import { load, type Source } from './load.ts';
import { lookup, peek, type Found, type Near } from './lookup.ts';
import type { EngineParts } from './parts.ts';
import { isDueEarly } from './refresh-time.ts';

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
  const near = peek(parts, key, runtime.now());
  if (near) {
    const served = serveNear(parts, source, near, runtime);
    if (served) return served;
  }
  const found = await lookup(parts, key, face, runtime, policy.lifetimes);
  if (found.found) {
    refreshIfDue(parts, source, found, runtime);
    return obtained(found);
  }
  const { stale } = found;
  if (stale && servesWhileRevalidating(stale.entry, runtime.now())) {
    return serveAndRefresh(parts, source, stale, runtime, true);
  }
  return loadOrServe(parts, source, stale, runtime);
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
    refreshIfDue(parts, source, near, runtime);
    return obtained(near);
  }
  if (!servesWhileRevalidating(near.entry, runtime.now())) return undefined;
  return serveAndRefresh(parts, source, near, runtime, false);
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

/** Loads for one caller. */
async function loadAlone(
  parts: EngineParts,
  { key, policy, load: call }: Source,
  runtime: Runtime,
): Promise<Obtained> {
  const controller = new AbortController();
  const { signal } = controller;
  const startedAt = runtime.now();
  const waited = await waitFor(
    call({ stale: undefined, signal, startedAt }),
    policy.hardTimeoutMs,
    runtime,
  );
  if (waited.settled) {
    parts.sink(loaded(key.tenant, key.key, runtime.now() - startedAt));
    return waited.value;
  }
  const error = new LoadTimeout(policy.hardTimeoutMs, { key: key.fullName });
  controller.abort(error);
  throw error;
}

/** Loads in the foreground; what is stale helps out. */
async function loadOrServe(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  runtime: Runtime,
): Promise<Obtained> {
  const { key, policy } = source;
  const usable = stale && servesOnError(stale.entry, runtime.now()) ? stale : undefined;
  if (usable && parts.failures.isRecent(key.fullName, runtime.now()))
    return serveStale(parts, source, usable, 'throttled');
  const work = load(parts, source, stale, runtime, true);
  const patience = Math.min(
    policy.hardTimeoutMs,
    (usable && policy.softTimeoutMs) ?? policy.hardTimeoutMs,
  );
  let landing: Landing | undefined;
  try {
    const waited = await waitFor(work, patience, runtime);
    landing = waited.settled ? waited.value : undefined;
  } catch (error) {
    if (!usable || !mayStillServe(parts, source, usable, runtime)) throw error;
    return serveStale(parts, source, usable, 'error');
  }
  if (landing?.type === 'loaded') return landing;
  // Nobody waits for it any more, and its failure has been reported.
  work.catch(() => undefined);
  if (!usable || !mayStillServe(parts, source, usable, runtime))
    throw new LoadTimeout(patience, { key: key.fullName });
  return serveStale(parts, source, usable, landing ? 'leased' : 'timeout');
}

/** @param asked true when the authority has just been asked, and has nothing fresher */
function serveAndRefresh(
  parts: EngineParts,
  source: Source,
  stale: Found,
  runtime: Runtime,
  asked: boolean,
): Obtained {
  const throttled = parts.failures.isRecent(source.key.fullName, runtime.now());
  if (!throttled) refreshBehind(parts, source, stale, runtime, asked);
  return serveStale(parts, source, stale, throttled ? 'throttled' : 'revalidate');
}

/** Begins a refresh that nobody waits for, unless one is under way. */
function refreshBehind(
  parts: EngineParts,
  source: Source,
  stale: Found,
  runtime: Runtime,
  asked: boolean,
): void {
  if (parts.flights.get(source.key)) return;
  // Its failure has been reported, and there is nobody to tell.
  load(parts, source, stale, runtime, asked).catch(() => undefined);
}

function refreshIfDue(parts: EngineParts, source: Source, found: Found, runtime: Runtime): void {
  const { earlyRefresh } = source.policy;
  if (
    isDueEarly(found.entry, earlyRefresh, runtime.now(), runtime) &&
    !parts.failures.isRecent(source.key.fullName, runtime.now())
  )
    refreshBehind(parts, source, found, runtime, true);
}

function serveStale(
  parts: EngineParts,
  { key }: Source,
  stale: Found,
  reason: StaleReason,
): Obtained {
  parts.sink(servedStale(key.tenant, key.key, stale.tier, reason));
  return obtained(stale);
}

/** False once a purge of it is known, or its time is over: both may have come while the load was waited for. */
function mayStillServe(
  parts: EngineParts,
  { key }: Source,
  { entry, tier }: Found,
  runtime: Runtime,
): boolean {
  const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
  const exactPerKey = tier === parts.authority.name;
  return (
    servesOnError(entry, runtime.now()) &&
    judge(parts.coherence.view(key.tenant), subject, exactPerKey) !== 'invalid'
  );
}

function obtained({ entry, prepared }: Found): Obtained {
  return { draft: entry, prepared };
}
