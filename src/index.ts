import type { Cache } from './cache/cache.ts';
import type { NamespaceMap } from './cache/options.ts';
import { createCacheOn, type CacheOptions, type SingleTenantCache } from './config/create-cache.ts';
import { waitUntil } from './platform.ts';
import { logSink, toConsole } from './reporting/log.ts';
import { platformClock } from './runtime.ts';

/**
 * Makes a cache. Make one for an isolate, outside of any request; its methods may be called from any.
 *
 * ```ts
 * const cache = createCache({
 *   authority: redis({ url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN }),
 *   encryptionKeys: [{ id: 'k1', secret: env.CACHE_KEY }],
 *   namespaces: { users: namespace<User>({ ttl: '10m', tags: (user) => [`team:${user.team}`] }) },
 * });
 * const user = await cache.forTenant('acme').users.getOrSet(id, () => db.user(id));
 * ```
 *
 * With `tenant` the cache is that tenant's, and has its namespaces: `cache.users`. Without a `preset` it is `production`
 * where Redis is configured, and `minimal` (this isolate's memory alone) where it is not.
 *
 * What goes wrong in a store is written to the console as lines of JSON, by `logLevel`.
 *
 * Throws one `ConfigError` that lists every problem by the path of its option.
 */
export function createCache<const Namespaces extends NamespaceMap>(
  options: CacheOptions<Namespaces> & { readonly tenant: string },
): SingleTenantCache<Namespaces>;
export function createCache<const Namespaces extends NamespaceMap>(
  options: CacheOptions<Namespaces>,
): Cache<Namespaces>;
export function createCache<const Namespaces extends NamespaceMap>(
  options: CacheOptions<Namespaces> & { readonly tenant?: string },
): Cache<Namespaces> | SingleTenantCache<Namespaces> {
  return createCacheOn(options, {
    waitUntil,
    log: (level) => logSink(toConsole(console), platformClock.now, level),
  });
}

export { invalidationRules } from './cache/invalidation-rules.ts';
export { namespace } from './cache/options.ts';
export { customTier, inIsolate, memory, redis, regional } from './config/stores.ts';
export { cacheOptionsFromEnv } from './config/library.ts';
export { defaultSerializer } from './codec/serializer.ts';
export { verifySignedEvents } from './invalidation/signed-events.ts';
export {
  AuthorityUnavailable,
  CircuitOpen,
  ConfigError,
  DeadlineExceeded,
  InvalidEvents,
  InvalidKey,
  InvalidSignature,
  InvalidValue,
  LoadFailed,
  LoadTimeout,
  OutcomeUnknown,
  Overloaded,
  TiercelError,
  UnserializableValue,
} from './errors.ts';

export type { Cache, CacheStats, EverythingPurged } from './cache/cache.ts';
export type { Duration } from './cache/durations.ts';
export type { InvalidateOptions, InvalidationResult } from './cache/invalidate.ts';
export type {
  InvalidationRule,
  InvalidationRules,
  RuleTargets,
} from './cache/invalidation-rules.ts';
export type { Loader, LoaderContext, LoadOutcome, StaleValue } from './cache/loader.ts';
export type {
  CacheEntry,
  GetOptions,
  ManyLoader,
  Namespace,
  SetOptions,
  SetResult,
  TouchResult,
  WrapOptions,
} from './cache/namespace.ts';
export type {
  InputOf,
  NamespaceMap,
  NamespaceOptions,
  ReadOptions,
  SchemaOptions,
  ValueOf,
  ValueOptions,
} from './cache/options.ts';
export type { PurgeOptions, PurgeResult, PurgeTargets } from './cache/purge.ts';
export type { TenantCache, TenantMethods, TenantStats } from './cache/tenant-cache.ts';
export type { Serializer } from './codec/serializer.ts';
export type { Stamp } from './codec/stamp.ts';
export type { Entry, EntryDraft, EntryForm } from './codec/entry.ts';
export type { CacheSettings, RedisSettings } from './config/cache-settings.ts';
export type { PresetName } from './config/config.ts';
export type { CacheOptions, SingleTenantCache } from './config/create-cache.ts';
export type { Size } from './config/sizes.ts';
export type { AuthorityOption, TierOption } from './config/stores.ts';
export type { StoreHealth } from './engine/assemble.ts';
export type { ConfigProblem, ErrorCode } from './errors.ts';
export type { EventOutcome } from './invalidation/decide.ts';
export type { DomainEvent } from './invalidation/event.ts';
export type { AnyRule, RuleSet } from './invalidation/rules.ts';
export type { SignedEvents } from './invalidation/signed-events.ts';
export type { Execution } from './runtime.ts';
export type { TenantCounters } from './telemetry/counters.ts';
export type { EventName, EventOf, Listener } from './telemetry/emitter.ts';
export type {
  DomainEventCounts,
  DomainTelemetryEvent,
  SignatureRefusal,
} from './telemetry/domain-events.ts';
export type { CircuitState, TelemetryEvent } from './telemetry/events.ts';
export type { CacheKey } from './tenant/key.ts';
export type { KeyInput } from './tenant/segments.ts';
export type { PurgeMode } from './tenant/target.ts';
export type { Copy, Prepared, Tier, TierStatus } from './tiers/tier.ts';
