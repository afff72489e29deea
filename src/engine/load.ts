import type { EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { judge } from '../coherence/marks.ts';
import { LoadTimeout, TiercelError } from '../errors.ts';
import { waitFor } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import { load as loaded, loadFailed } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';
import type { Face } from './face.ts';
import { fill } from './fill.ts';
import { joining, mayHave, type Flight, type Landing } from './flights.ts';
import { giveBack, takeLease } from './lease.ts';
import { servesOnError } from './entry-state.ts';
import { readAuthority, type Found } from './lookup.ts';
import type { EngineParts } from './parts.ts';
import type { ReadPolicy } from './policy.ts';

/** What a loader gets. */
export interface LoadContext {
  /** What is stored, stale; no hard purge has hit it. */
  readonly stale: Found | undefined;
  /** Aborted with a {@link LoadTimeout} at the hard timeout: nobody waits for the load any more. */
  readonly signal: AbortSignal;
  /** When the load began, in milliseconds. */
  readonly startedAt: number;
}

/** What a loader made. */
export interface Loaded {
  readonly draft: EntryDraft;
  readonly prepared: Prepared;
  /** False for a value that is handed on and stored nowhere. */
  readonly store: boolean;
}

/** What was known when the load began. */
interface Begun {
  readonly stamp: Stamp | undefined;
  readonly startedAt: number;
  readonly lease: string | undefined;
}

/** A key, and how its value is made. */
export interface Source {
  readonly key: CacheKey;
  readonly face: Face;
  readonly policy: ReadPolicy;
  /** Rejects when there is no value. */
  readonly load: (context: LoadContext) => Promise<Loaded>;
}

/**
 * Loads a key, or joins the load of it that is under way in this isolate. A caller that asked after a purge does not get
 * what was loaded before it, and goes on to a load of its own.
 *
 * Rejects with what the loader rejects with.
 * @param asked true when the authority has just been asked and has nothing fresh; else it is asked first
 */
export async function load(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  runtime: Runtime,
  asked: boolean,
): Promise<Landing> {
  const { key, policy } = source;
  for (;;) {
    const flight = parts.flights.get(key);
    const joined = flight && joining(parts.coherence.view(key.tenant), flight);
    if (!flight || !joined) return lead(parts, source, stale, runtime, asked);
    const patience = flight.startedAt + policy.hardTimeoutMs - runtime.now();
    const waited = await waitFor(flight.landing, Math.max(0, patience), runtime);
    if (!waited.settled) {
      // Of those that lost patience together one leads, and the others follow it.
      parts.flights.end(flight);
      continue;
    }
    const landing = waited.value;
    if (landing.type === 'none') {
      if (stale && servesOnError(stale.entry, runtime.now())) return landing;
    } else if (mayHave(joined, key, landing, parts.coherence.view(key.tenant))) return landing;
    parts.flights.end(flight);
  }
}

/** Begins a load that others may join, held until it has ended whoever goes away. */
function lead(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  runtime: Runtime,
  asked: boolean,
): Promise<Landing> {
  const { promise: landing, resolve } = Promise.withResolvers<Landing>();
  const { key } = source;
  const flight: Flight = { key, landing, startedAt: runtime.now(), stamp: 'pending' };
  parts.flights.begin(flight);
  const work = fly(parts, source, stale, flight, runtime, asked).finally(() =>
    parts.flights.end(flight),
  );
  resolve(work);
  // Also what keeps a failure that nobody joined from being reported as unhandled.
  runtime.waitUntil(
    landing.then(
      () => undefined,
      () => undefined,
    ),
  );
  return work;
}

async function fly(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  flight: Flight,
  runtime: Runtime,
  asked: boolean,
): Promise<Landing> {
  const { key, face, policy } = source;
  const { lifetimes } = policy;
  let lease: string | undefined;
  if (policy.lease && !parts.authority.local) {
    const taken = await takeLease(parts, key, policy.lease, face, stale, lifetimes, runtime);
    if (taken.type === 'leased') return { type: 'none' };
    if (taken.type === 'loaded') return foundLanding(taken.found);
    lease = taken.token;
  } else if (!asked) {
    const found = await readAuthority(parts, key, face, runtime, lifetimes);
    if (found) return foundLanding(found);
  }
  const { stamp } = parts.coherence.view(key.tenant);
  flight.stamp = stamp;
  const begun = { stamp, startedAt: runtime.now(), lease };
  try {
    const made = await call(parts, source, usableStale(parts, key, stale), begun, runtime);
    parts.sink(loaded(key.tenant, key.key, runtime.now() - begun.startedAt));
    parts.failures.clear(key.fullName);
    settle(parts, source, made, begun, runtime);
    return { type: 'loaded', draft: made.draft, prepared: made.prepared, stamp };
  } catch (error) {
    if (lease !== undefined) giveBack(parts, key, lease, runtime);
    parts.failures.record(key.fullName, runtime.now(), policy.throttleMs);
    parts.sink(loadFailed(key.tenant, failureCode(error), error));
    throw error;
  }
}

function foundLanding({ entry, prepared }: Found): Landing {
  return { type: 'loaded', draft: entry, prepared, stamp: entry.stamp };
}

/**
 * Calls the loader. One that is late is told so by its signal and nobody waits for it any more; what it makes all the
 * same is stored, on the conditions of any load.
 */
async function call(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  begun: Begun,
  runtime: Runtime,
): Promise<Loaded> {
  const { hardTimeoutMs } = source.policy;
  const controller = new AbortController();
  const { signal } = controller;
  const work = source.load({ stale, signal, startedAt: begun.startedAt });
  const waited = await waitFor(work, hardTimeoutMs, runtime);
  if (waited.settled) return waited.value;
  const error = new LoadTimeout(hardTimeoutMs, { key: source.key.fullName });
  controller.abort(error);
  runtime.waitUntil(
    work.then(
      (made) => settle(parts, source, made, { ...begun, lease: undefined }, runtime),
      () => undefined,
    ),
  );
  throw error;
}

function settle(
  parts: EngineParts,
  { key, policy: { lifetimes } }: Source,
  { draft, prepared, store }: Loaded,
  begun: Begun,
  runtime: Runtime,
): void {
  if (store) fill(parts, { key, draft, prepared, lifetimes, ...begun }, runtime);
  else if (begun.lease !== undefined) giveBack(parts, key, begun.lease, runtime);
}

/** A stale value is handed to a loader only while no hard purge of it is known, also not one that has come in since it was found. */
export function usableStale(
  parts: EngineParts,
  key: CacheKey,
  stale: Found | undefined,
): Found | undefined {
  if (!stale) return undefined;
  const { entry } = stale;
  const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
  const verdict = judge(parts.coherence.view(key.tenant), subject, true);
  return verdict === 'invalid' ? undefined : stale;
}

/** What a failed load is reported as. */
export function failureCode(error: unknown): string {
  return error instanceof TiercelError ? error.code : 'loader_error';
}
