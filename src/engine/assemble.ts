import type { Authority } from '../authority/authority.ts';
import { guardAuthority } from '../authority/guarded.ts';
import { InIsolateAuthority, type EntryStore } from '../authority/in-isolate.ts';
import { RedisClient } from '../authority/redis/client.ts';
import { RedisAuthority } from '../authority/redis/redis.ts';
import { Keyring, type MasterKey } from '../codec/encryption.ts';
import { FrameCodec } from '../codec/frame.ts';
import { Coherence } from '../coherence/coherence.ts';
import { Guard } from '../resilience/guard.ts';
import { SharedCalls } from '../resilience/shared-call.ts';
import type { Runtime } from '../runtime.ts';
import { circuit, evict, type CircuitState, type Sink } from '../telemetry/events.ts';
import type { KeySpace } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { failSoft } from '../tiers/fail-soft.ts';
import { guardTier } from '../tiers/guarded.ts';
import { MemoryTier } from '../tiers/memory.ts';
import { platformCache, RegionalTier } from '../tiers/regional.ts';
import type { Tier, TierStatus } from '../tiers/tier.ts';
import { Failures } from './failures.ts';
import { Flights } from './flights.ts';
import type { EngineParts } from './parts.ts';

const MINUTE_MS = 60_000;
const MEMORY_LIFETIME_MS = 10 * MINUTE_MS;
const REGIONAL_LIFETIME_MS = 60 * MINUTE_MS;
/** How far the clocks of two machines may differ: marks are kept that much longer. */
const SKEW_MARGIN_MS = 60 * MINUTE_MS;
const MAX_MARKS = 2000;
const REGIONAL_TIMEOUT_MS = 500;
/** What a poll may take beyond the guard of the authority, in milliseconds. */
const POLL_MARGIN_MS = 100;

/** One tier of the list, fastest first. */
export type TierChoice =
  | { readonly type: 'memory'; readonly lifetimeMs?: number | undefined }
  | {
      readonly type: 'regional';
      /** Scheme and host under which copies are filed; one that the Worker serves saves the platform a DNS lookup. */
      readonly base: (tenant: TenantId) => string;
      /** Name of the platform's cache. */
      readonly name: string;
      readonly lifetimeMs?: number | undefined;
    }
  /** A store of somebody's own; guarded like any other when it is not local. */
  | { readonly type: 'custom'; readonly tier: Tier };

/** Everything that an engine is made of, in milliseconds and bytes. */
export interface EngineOptions {
  readonly keys: KeySpace;
  /** Undefined: the authority is this isolate's memory, and the only tier. */
  readonly redis:
    | {
        readonly url: string;
        readonly token: string;
        readonly timeoutMs: number;
        readonly need: 'optional' | 'required';
      }
    | undefined;
  readonly tiers: readonly TierChoice[];
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
  /** Budget of all per-isolate memory: copies, views and bookkeeping. */
  readonly memoryBytes: number;
  readonly maxEntryBytes: number;
  readonly maxLifetimeMs: number;
  readonly maxLoadMs: number;
  readonly compressionThreshold: number | undefined;
  /** The first encrypts, all decrypt; empty for no encryption. */
  readonly encryptionKeys: readonly MasterKey[];
  readonly enabled: boolean;
  readonly clock: Pick<Runtime, 'now' | 'sleep' | 'random' | 'randomId'>;
  readonly sink: Sink;
}

/** What is known of a store. */
export interface StoreHealth {
  readonly name: string;
  /** Undefined for stores inside the isolate, which have no circuit breaker. */
  readonly circuit: CircuitState | undefined;
  /** Undefined for stores that can't be inert. */
  readonly status: TierStatus | undefined;
}

/** An engine of one isolate. */
export interface Engine {
  readonly parts: EngineParts;
  /** The same stores under wrappers of somebody's own, with views and flights of their own. */
  readonly partsWith: (authority: Authority, tiers: readonly Tier[]) => EngineParts;
  /** Bytes and entries in the memory tier; undefined without one. */
  readonly memory: () => { readonly bytes: number; readonly entries: number } | undefined;
  /** Tiers in their order, the authority last. */
  readonly stores: () => readonly StoreHealth[];
}

/** Puts an engine together. */
export function assembleEngine(options: EngineOptions): Engine {
  const { keys, redis, clock, sink, maxLoadMs, maxEntryBytes, enabled } = options;
  const frames = new FrameCodec({
    compressionThreshold: options.compressionThreshold,
    keyring: options.encryptionKeys.length > 0 ? Keyring.from(options.encryptionKeys) : undefined,
  });
  // A quarter of the budget for the views, the rest for entries.
  const viewBytes = Math.floor(options.memoryBytes / 4);
  const memory = new MemoryTier({
    bytes: options.memoryBytes - viewBytes,
    lifetimeMs: redis ? memoryLifetime(options.tiers) : options.maxLifetimeMs,
    onEvict: ({ key }, bytes) => sink(evict(key.tenant, key.key, 'memory', bytes)),
  });
  const guards = new Map<string, Guard>();
  const guardOf = (name: string, deadlineMs: number): Guard => {
    const report = (state: CircuitState): void => sink(circuit(name, state));
    const guard = new Guard({ name, deadlineMs, clock, report });
    guards.set(name, guard);
    return guard;
  };
  const tierOf = (choice: TierChoice): Tier => {
    if (choice.type === 'memory') return memory;
    const tier =
      choice.type === 'custom'
        ? choice.tier
        : new RegionalTier({
            cache: () => platformCache(choice.name),
            base: choice.base,
            lifetimeMs: choice.lifetimeMs ?? REGIONAL_LIFETIME_MS,
            frames,
            sink,
          });
    return tier.local
      ? failSoft(tier, sink)
      : guardTier(tier, guardOf(tier.name, REGIONAL_TIMEOUT_MS));
  };
  const healthOf = (name: string, status: TierStatus | undefined): StoreHealth => ({
    name,
    circuit: guards.get(name)?.state,
    status,
  });
  // Without Redis the authority is this isolate's memory: what is behind a data centre's cache could not be purged.
  const tiers: readonly Tier[] = !enabled ? [] : redis ? options.tiers.map(tierOf) : [memory];

  const retention = {
    entriesMs: options.maxLifetimeMs + maxLoadMs + SKEW_MARGIN_MS,
    copiesMs:
      Math.max(0, ...tiers.map(({ lifetimeMs }) => lifetimeMs)) + maxLoadMs + SKEW_MARGIN_MS,
    cap: MAX_MARKS,
  };
  const guard = redis && guardOf('redis', redis.timeoutMs);
  let authority: Authority;
  if (redis && guard) {
    // The guard ends a call; the client's own limit, later, gives its connection back.
    const client = new RedisClient({ ...redis, timeoutMs: 2 * redis.timeoutMs });
    const store = new RedisAuthority({ client, keys, frames, retention, source: clock, sink });
    authority = guardAuthority(store, guard);
  } else {
    const store: EntryStore = enabled ? memory : NO_ENTRIES;
    const ledgerBytes = Math.floor(viewBytes / 2);
    authority = new InIsolateAuthority(clock, { store, keys, retention, ledgerBytes });
  }

  // Each store may be waited for once, and the authority for a poll and for a read.
  const patience = [...guards.values()].reduce((sum, { patienceMs }) => sum + patienceMs, 0);
  const lookupWaitMs = patience + (guard?.patienceMs ?? 0) + POLL_MARGIN_MS;

  const partsWith = (withAuthority: Authority, withTiers: readonly Tier[]): EngineParts => ({
    authority: withAuthority,
    coherence: new Coherence({
      authority: withAuthority,
      coherenceMs: options.coherenceMs,
      maxUnverifiedMs: options.maxUnverifiedMs,
      viewBytes: redis ? viewBytes : Math.floor(viewBytes / 2),
      pollWaitMs: (guard?.patienceMs ?? 0) + POLL_MARGIN_MS,
      sink,
    }),
    tiers: withTiers,
    lookups: new SharedCalls(lookupWaitMs),
    flights: new Flights(),
    failures: new Failures(),
    sink,
    authorityRequired: redis?.need === 'required',
    maxLoadMs,
    maxEntryBytes,
    enabled,
  });
  return {
    parts: partsWith(authority, tiers),
    partsWith,
    memory: () =>
      tiers.includes(memory) ? { bytes: memory.bytes, entries: memory.entries } : undefined,
    stores: () => [
      ...tiers.map(({ name, status }) => healthOf(name, status?.())),
      healthOf(authority.name, undefined),
    ],
  };
}

/** Where nothing is to be stored. */
const NO_ENTRIES: EntryStore = {
  get: () => undefined,
  put: () => undefined,
  delete: () => undefined,
  peek: () => undefined,
  sample: () => [],
};

function memoryLifetime(tiers: readonly TierChoice[]): number {
  for (const tier of tiers)
    if (tier.type === 'memory') return tier.lifetimeMs ?? MEMORY_LIFETIME_MS;
  return MEMORY_LIFETIME_MS;
}
