import type { EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { LoadTimeout, TiercelError } from '../errors.ts';
import { waitFor, type Waited } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import { load as loaded, loadFailed } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import { keyTarget } from '../tenant/target.ts';
import type { Prepared } from '../tiers/tier.ts';
import type { Face } from './face.ts';
import type { FailureKind } from './failures.ts';
import { fill } from './fill.ts';
import { joining, mayHave, type Flight, type Landing } from './flights.ts';
import { giveBack, takeLease } from './lease.ts';
import type { Found } from './found.ts';
import { readAuthority } from './lookup.ts';
import type { EngineParts } from './parts.ts';
import { peek } from './peek.ts';
import { purge } from './purge.ts';
import { longestLoadMs, longestWaitMs, type ReadPolicy } from './policy.ts';
import { isSameEntry, servableStale, unlessPurged } from './stale.ts';

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
  /** True when the source has no value any more: what is stored and stale ends. */
  readonly gone?: boolean;
}

/** What a loader made, or that it was not in time. */
type Called = { readonly made: Loaded } | { readonly late: LoadTimeout };

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
  /**
   * What a rejection of `load` is. Default: `failed`, whatever it is. `unsent`: the source was not asked, for a reason that has
   * been reported; nothing is remembered of it.
   */
  readonly kindOf?: (error: unknown) => FailureKind | 'unsent';
}

/**
 * Loads a key, or joins the load of it that is under way in this isolate. A caller that asked after a purge does not get
 * what was loaded before it, and goes on to a load of its own.
 *
 * Rejects with what the loader rejects with, and with `LoadTimeout`.
 * @param known what the caller has found, fresh or stale, and wants replaced
 * @param asked when the caller's own look began, if it found nothing that is fresh; undefined when only this isolate's
 * memory has been looked at: the authority is asked first then
 * @param anew true when only a load that began since then will do
 */
export async function load(
  parts: EngineParts,
  source: Source,
  known: Found | undefined,
  runtime: Runtime,
  asked: number | undefined,
  anew = false,
): Promise<Landing> {
  const { key } = source;
  for (;;) {
    const present = parts.flights.get(key);
    const flight = anew && present && present.startedAt < (asked ?? 0) ? undefined : present;
    const joined = flight && joining(parts.coherence.view(key.tenant), flight);
    if (!flight || !joined) {
      const near = anew ? undefined : landedSince(parts, key, known, asked, runtime);
      return near ? foundLanding(near) : lead(parts, source, known, runtime, asked !== undefined);
    }
    const waited = await landed(flight, runtime);
    if (waited.settled) {
      const landing = waited.value;
      if (landing.type === 'none') {
        if (servableStale(parts, key, known, runtime)) return landing;
      } else if (landing.type === 'loaded') {
        const { draft, stamp } = landing;
        const view = parts.coherence.view(key.tenant);
        if (mayHave(joined, key, draft.tags, stamp, view)) return landing;
      }
    }
    // Of those that lost patience together one leads, and the others follow it.
    parts.flights.end(flight);
  }
}

/** Waits for a flight, by a timer of whoever waits, for as long as it may be alive. */
export async function landed(flight: Flight, runtime: Runtime): Promise<Waited<Landing>> {
  for (;;) {
    const patience = flight.aliveUntil - runtime.now();
    if (patience <= 0) return { settled: false };
    const waited = await waitFor(flight.landing, patience, runtime);
    if (waited.settled) return waited;
  }
}

/** What a load that ended since the caller looked has left in memory. */
function landedSince(
  parts: EngineParts,
  key: CacheKey,
  known: Found | undefined,
  asked: number | undefined,
  runtime: Runtime,
): Found | undefined {
  const near = peek(parts, key, runtime.now(), asked);
  return near?.state === 'fresh' && !isSameEntry(near, known) ? near : undefined;
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
  const startedAt = runtime.now();
  const aliveUntil = startedAt + longestWaitMs(source.policy);
  const flight: Flight = { key, landing, startedAt, aliveUntil, stamp: 'pending' };
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
    const taken = await takeLease(parts, { key, face, lifetimes }, policy.lease, stale, runtime);
    if (taken.type === 'leased') return { type: 'none' };
    if (taken.type === 'loaded') return foundLanding(taken.found);
    lease = taken.token;
  } else if (!asked) {
    const found = await readAuthority(parts, key, face, runtime, lifetimes);
    if (found) return foundLanding(found);
  }
  const { stamp } = parts.coherence.view(key.tenant);
  flight.stamp = stamp;
  flight.aliveUntil = runtime.now() + longestLoadMs(policy);
  const begun = { stamp, startedAt: runtime.now(), lease };
  let called: Called;
  try {
    called = await call(parts, source, unlessPurged(parts, key, stale), begun, runtime);
  } catch (error) {
    endLease(parts, source, begun, runtime);
    recordFailure(parts, source, error, runtime);
    throw error;
  }
  if ('late' in called) {
    recordFailure(parts, source, called.late, runtime);
    throw called.late;
  }
  const { made } = called;
  parts.sink(loaded(key.tenant, key.key, runtime.now() - begun.startedAt));
  parts.failures.clear(key.fullName);
  settle(parts, source, made, begun, runtime);
  if (made.gone && stale) endStale(parts, [key], runtime);
  return { type: 'loaded', draft: made.draft, prepared: made.prepared, stamp };
}

function recordFailure(
  parts: EngineParts,
  { key, policy, kindOf }: Source,
  error: unknown,
  runtime: Runtime,
): void {
  const kind = kindOf?.(error);
  if (kind === 'unsent') return;
  parts.failures.record(key.fullName, runtime.now(), policy.throttleMs, kind);
  parts.sink(loadFailed(key.tenant, failureCode(error), error));
}

function foundLanding({ entry, prepared }: Found): Landing {
  return { type: 'loaded', draft: entry, prepared, stamp: entry.stamp };
}

/**
 * Calls the loader, and waits for it until the hard timeout. One that is late is told so by its signal, and nobody waits
 * for it any more; what it makes all the same is stored, on the conditions of any load.
 */
async function call(
  parts: EngineParts,
  source: Source,
  stale: Found | undefined,
  begun: Begun,
  runtime: Runtime,
): Promise<Called> {
  const { hardTimeoutMs } = source.policy;
  const controller = new AbortController();
  const { signal } = controller;
  const work = source.load({ stale, signal, startedAt: begun.startedAt });
  const waited = await waitFor(work, hardTimeoutMs, runtime);
  if (waited.settled) return { made: waited.value };
  const late = new LoadTimeout(hardTimeoutMs, { key: source.key.fullName });
  controller.abort(late);
  // It keeps its lease: others wait for what it still may bring, and it is fenced off when the lease is over.
  runtime.waitUntil(
    work.then(
      (made) => {
        settle(parts, source, made, begun, runtime);
        if (made.gone && stale) endStale(parts, [source.key], runtime);
      },
      () => endLease(parts, source, begun, runtime),
    ),
  );
  return { late };
}

function settle(
  parts: EngineParts,
  { key, policy: { lifetimes } }: Source,
  { draft, prepared, store }: Loaded,
  begun: Begun,
  runtime: Runtime,
): void {
  if (store) fill(parts, { key, draft, prepared, lifetimes, ...begun }, runtime);
  else endLease(parts, { key }, begun, runtime);
}

/**
 * Removes what was stale, of one tenant, because its source has it no more. In the background: when that fails, the next
 * load tries it again.
 */
export function endStale(parts: EngineParts, keys: readonly CacheKey[], runtime: Runtime): void {
  const [first] = keys;
  if (!first) return;
  const targets = keys.map(({ key }) => keyTarget(key));
  runtime.waitUntil(purge(parts, first.tenant, targets, 'hard', runtime).catch(() => undefined));
}

function endLease(
  parts: EngineParts,
  { key }: Pick<Source, 'key'>,
  { lease }: Begun,
  runtime: Runtime,
): void {
  if (lease !== undefined) giveBack(parts, key, lease, runtime);
}

/** What a failed load is reported as. */
export function failureCode(error: unknown): string {
  return error instanceof TiercelError ? error.code : 'loader_error';
}
