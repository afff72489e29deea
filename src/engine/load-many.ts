import { LoadTimeout } from '../errors.ts';
import { waitFor } from '../resilience/patience.ts';
import type { Runtime } from '../runtime.ts';
import { load as loaded, loadFailed } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Face } from './face.ts';
import { fillMany } from './fill.ts';
import type { Flight, Landing } from './flights.ts';
import { endStale, failureCode, type Loaded } from './load.ts';
import type { Found } from './found.ts';
import type { EngineParts } from './parts.ts';
import { longestLoadMs, type ReadPolicy } from './policy.ts';
import { unlessPurged } from './stale.ts';

/** How the values of many keys are made in one call. */
export interface ManySource {
  readonly face: Face;
  readonly policy: ReadPolicy;
  /** Values in the order of the keys, undefined where there is none. Rejects when there are none at all. */
  readonly load: (
    wanted: readonly { readonly key: CacheKey; readonly stale: Found | undefined }[],
    context: { readonly signal: AbortSignal; readonly startedAt: number },
  ) => Promise<readonly (Loaded | undefined)[]>;
}

/** A key to be loaded. */
export interface Wanted {
  readonly key: CacheKey;
  readonly stale: Found | undefined;
}

/**
 * Loads keys of one tenant in one call, each a flight that others may join, held until it has ended whoever goes away.
 * Without leases: there would be one request for each key.
 */
export function loadMany(
  parts: EngineParts,
  source: ManySource,
  wanted: readonly Wanted[],
  runtime: Runtime,
): Promise<readonly (Loaded | undefined)[]> {
  const startedAt = runtime.now();
  const work = call(parts, source, wanted, startedAt, runtime);
  const flights = wanted.map(({ key }, at): Flight => {
    const { stamp } = parts.coherence.view(key.tenant);
    const landing = work.then((made): Landing => {
      const value = made[at];
      return value
        ? { type: 'loaded', draft: value.draft, prepared: value.prepared, stamp }
        : { type: 'absent', stamp };
    });
    // A failure that nobody joined is no unhandled one.
    landing.catch(() => undefined);
    const aliveUntil = startedAt + longestLoadMs(source.policy);
    const flight = { key, landing, startedAt, aliveUntil, stamp };
    if (parts.enabled) parts.flights.begin(flight);
    return flight;
  });
  const end = (): void => {
    for (const flight of flights) parts.flights.end(flight);
  };
  runtime.waitUntil(work.then(end, end));
  return work;
}

async function call(
  parts: EngineParts,
  source: ManySource,
  wanted: readonly Wanted[],
  startedAt: number,
  runtime: Runtime,
): Promise<readonly (Loaded | undefined)[]> {
  const { hardTimeoutMs } = source.policy;
  const controller = new AbortController();
  const stamps = wanted.map(({ key }) => parts.coherence.view(key.tenant).stamp);
  const store = (made: readonly (Loaded | undefined)[]): void => {
    const loads = wanted.flatMap(({ key }, at) => {
      const value = made[at];
      if (!value?.store) return [];
      const { lifetimes } = source.policy;
      return [{ key, ...value, stamp: stamps[at], startedAt, lifetimes }];
    });
    fillMany(parts, loads, runtime);
    const gone = wanted.filter(({ stale }, at) => stale && made[at] === undefined);
    endStale(
      parts,
      gone.map(({ key }) => key),
      runtime,
    );
  };
  try {
    const work = source.load(
      wanted.map(({ key, stale }) => ({ key, stale: unlessPurged(parts, key, stale) })),
      { signal: controller.signal, startedAt },
    );
    const waited = await waitFor(work, hardTimeoutMs, runtime);
    if (!waited.settled) {
      const error = new LoadTimeout(hardTimeoutMs);
      controller.abort(error);
      runtime.waitUntil(work.then(store, () => undefined));
      throw error;
    }
    wanted.forEach(({ key }, at) => {
      parts.failures.clear(key.fullName);
      if (waited.value[at]) parts.sink(loaded(key.tenant, key.key, runtime.now() - startedAt));
    });
    store(waited.value);
    return waited.value;
  } catch (error) {
    for (const { key } of wanted)
      parts.failures.record(key.fullName, runtime.now(), source.policy.throttleMs);
    const [first] = wanted;
    if (first) parts.sink(loadFailed(first.key.tenant, failureCode(error), error));
    throw error;
  }
}
