import type { Authority } from '../../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import type { Entry, EntryDraft } from '../../../src/codec/entry.ts';
import type { Stamp } from '../../../src/codec/stamp.ts';
import { Coherence } from '../../../src/coherence/coherence.ts';
import { Failures } from '../../../src/engine/failures.ts';
import { Flights } from '../../../src/engine/flights.ts';
import { SharedCalls } from '../../../src/resilience/shared-call.ts';
import type { EngineParts } from '../../../src/engine/parts.ts';
import { Guard } from '../../../src/resilience/guard.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { guardTier } from '../../../src/tiers/guarded.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Tier } from '../../../src/tiers/tier.ts';
import { MapStore } from '../../support/entry-store.ts';
import { manualRuntime, type ManualRuntime } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';

export const acme = tenantId('acme');
export const keys = new KeySpace('tc', 1);
export const key = keys.key(acme, 'e:a');

export const COHERENCE_MS = 1000;
export const TIER_TIMEOUT_MS = 100;

export interface Isolate {
  readonly runtime: ManualRuntime;
  readonly parts: EngineParts;
  readonly memory: MemoryTier;
  /** The real one; the engine's may be wrapped. */
  readonly authority: Authority;
  readonly coherence: Coherence;
  readonly events: TelemetryEvent[];
  /** What the authority was asked, in order. */
  readonly asked: string[];
  /** A value that is fresh for a minute. */
  draft(value?: string, changes?: Partial<EntryDraft>): EntryDraft;
  entry(stamp: Stamp, value?: string, changes?: Partial<EntryDraft>): Entry;
}

export interface IsolateOptions {
  /** Stands between the engine and its authority. */
  readonly wrap?: (authority: Authority) => Partial<Authority>;
  /** Behind memory, each under a guard of its own. */
  readonly outside?: readonly Tier[];
  readonly maxUnverifiedMs?: number;
}

/** The engine of one isolate with memory in front of an in-isolate authority, on a clock that a test moves. */
export function isolate({
  wrap = () => ({}),
  outside = [],
  maxUnverifiedMs = 30_000,
}: IsolateOptions = {}): Isolate {
  const runtime = manualRuntime();
  const real: Authority = new InIsolateAuthority(runtime, {
    store: new MapStore(),
    keys,
    retention: { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 },
  });
  const changed = wrap(real);
  const asked: string[] = [];
  const note = <T>(name: string, call: () => Promise<T>): Promise<T> => {
    asked.push(name);
    return call();
  };
  const by = <K extends 'read' | 'confirm' | 'mark' | 'commit'>(name: K): Pick<Authority, K> =>
    changed[name] ? { ...real, [name]: changed[name] } : real;
  const authority: Authority = {
    name: 'redis',
    local: false,
    read: (...args) => note('read', () => by('read').read(...args)),
    heads: (...args) => note('heads', () => real.heads(...args)),
    confirm: (...args) => note('confirm', () => by('confirm').confirm(...args)),
    mark: (...args) => note('mark', () => by('mark').mark(...args)),
    commit: (...args) => note('commit', () => by('commit').commit(...args)),
    markEverything: (...args) => note('markEverything', () => real.markEverything(...args)),
    supersede: (...args) => note('supersede', () => real.supersede(...args)),
    touch: (...args) => note('touch', () => real.touch(...args)),
    lease: (...args) => note('lease', () => real.lease(...args)),
    release: (...args) => note('release', () => real.release(...args)),
    examine: (...args) => note('examine', () => real.examine(...args)),
    sample: (...args) => note('sample', () => real.sample(...args)),
  };
  const events: TelemetryEvent[] = [];
  const sink = (event: TelemetryEvent): void => void events.push(event);
  const coherence = new Coherence({
    authority,
    coherenceMs: COHERENCE_MS,
    maxUnverifiedMs,
    viewBytes: 1e6,
    pollWaitMs: 350,
    sink,
  });
  const memory = new MemoryTier({ bytes: 1e6, lifetimeMs: 600_000 });
  const guarded = (tier: Tier): Tier =>
    guardTier(tier, new Guard({ name: tier.name, deadlineMs: TIER_TIMEOUT_MS, clock: runtime }));
  const parts: EngineParts = {
    authority,
    coherence,
    tiers: [memory, ...outside.map(guarded)],
    lookups: new SharedCalls(30_000),
    flights: new Flights(),
    failures: new Failures(),
    sink,
    authorityRequired: false,
    maxLoadMs: 25_000,
    enabled: true,
    maxEntryBytes: 1000,
  };
  const draft = (value = 'value', changes: Partial<EntryDraft> = {}): EntryDraft => {
    const now = runtime.now();
    return {
      value: new TextEncoder().encode(value),
      form: { type: 'value', contentType: 'text/plain' },
      etag: undefined,
      createdAt: now,
      freshUntil: now + 60_000,
      staleUntil: now + 60_000,
      staleIfErrorUntil: now + 60_000,
      expiresAt: now + 60_000,
      lifeUntil: now + 60_000,
      tags: [],
      loadMs: 0,
      ...changes,
    };
  };
  return {
    runtime,
    parts,
    memory,
    authority: real,
    coherence,
    events,
    asked,
    draft,
    entry: (stamp, value, changes) => ({ ...draft(value, changes), stamp }),
  };
}

/** The text of an entry. */
export const textOf = (entry: Entry | undefined): string | undefined =>
  entry && new TextDecoder().decode(entry.value);

/** A tier outside the isolate that does what it is told, and says what it was asked. */
export function outsideTier(
  changes: Partial<Pick<Tier, 'get' | 'put' | 'delete'>> = {},
): Tier & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    name: 'regional',
    local: false,
    lifetimeMs: 3_600_000,
    asked,
    get(of, now) {
      asked.push('get');
      return changes.get ? changes.get(of, now) : Promise.resolve(undefined);
    },
    put(copy, now) {
      asked.push('put');
      return changes.put ? changes.put(copy, now) : Promise.resolve();
    },
    delete(of) {
      asked.push('delete');
      return changes.delete ? changes.delete(of) : Promise.resolve();
    },
  };
}

/** The stamp of the view; a check has to have been answered. */
export function stampOf(coherence: Coherence): Stamp {
  const { stamp } = coherence.view(acme);
  if (!stamp) throw new Error('The view has no stamp.');
  return stamp;
}
