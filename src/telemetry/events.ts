import type { FrameFault } from '../errors.ts';
import { described } from './described.ts';
import { DOMAIN_EVENT_TYPES, type DomainTelemetryEvent } from './domain-events.ts';
import { QUOTA_EVENT_TYPES, type QuotaTelemetryEvent } from './quota-events.ts';

/**
 * Everything that is reported, one constructor each. Events carry no value, token or header of a request; those that
 * are logged carry no key either.
 */
export type TelemetryEvent =
  /** A fresh entry was served. `verified` is false when the authority did not answer. */
  | {
      readonly type: 'hit';
      readonly tenant: string;
      readonly key: string;
      readonly tier: string;
      readonly verified: boolean;
    }
  /** A stale entry was served. `verified` is false when the authority did not answer. */
  | {
      readonly type: 'stale';
      readonly tenant: string;
      readonly key: string;
      readonly tier: string;
      readonly reason: StaleReason;
      readonly verified: boolean;
    }
  | {
      readonly type: 'miss';
      readonly tenant: string;
      readonly key: string;
      readonly reason: MissReason;
    }
  /** A loader made a value in `ms` milliseconds. */
  | { readonly type: 'load'; readonly tenant: string; readonly key: string; readonly ms: number }
  | {
      readonly type: 'load_failed';
      readonly tenant: string;
      readonly code: string;
      readonly message: string;
    }
  /** An entry was stored; `bytes` of it and of what is served of it. */
  | { readonly type: 'set'; readonly tenant: string; readonly key: string; readonly bytes: number }
  | {
      readonly type: 'set_dropped';
      readonly tenant: string;
      readonly key: string;
      readonly reason: string;
    }
  /** `tenant` is `*` for a purge of everything; `targets` is then the number of tenants. */
  | {
      readonly type: 'purge';
      readonly tenant: string;
      readonly targets: number;
      readonly mode: 'hard' | 'soft';
    }
  | { readonly type: 'purge_failed'; readonly tenant: string; readonly message: string }
  | { readonly type: 'purge_abandoned'; readonly tenant: string; readonly targets: number }
  | DomainTelemetryEvent
  | QuotaTelemetryEvent
  /** A local tier gave a copy up because its budget was full. */
  | {
      readonly type: 'evict';
      readonly tenant: string;
      readonly key: string;
      readonly tier: string;
      readonly bytes: number;
    }
  | { readonly type: 'bypass'; readonly tenant: string; readonly reason: string }
  /** A field of the origin's named `count` tags or groups that are over a cap or unusable; or was ignored, which counts as one. */
  | {
      readonly type: 'tags_dropped';
      readonly tenant: string;
      readonly field: TagField;
      readonly count: number;
    }
  | {
      readonly type: 'frame_invalid';
      readonly tenant: string;
      readonly tier: string;
      readonly fault: FrameFault;
    }
  /** A stored value that can't be read any more, or no longer fits its schema: a miss. */
  | {
      readonly type: 'value_invalid';
      readonly tenant: string;
      readonly key: string;
      readonly tier: string;
      readonly reason: ValueFault;
      readonly message: string;
    }
  /** A store failed. */
  | {
      readonly type: 'error';
      readonly tenant: string;
      readonly tier: string;
      readonly message: string;
    }
  | {
      readonly type: 'origin_error';
      readonly tenant: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'epoch_changed'; readonly tenant: string; readonly epoch: string }
  | { readonly type: 'warmed'; readonly tenant: string; readonly outcome: string }
  /** A store's circuit breaker changed its state. */
  | { readonly type: 'circuit'; readonly tier: string; readonly state: CircuitState }
  /** A tier accepts copies and does not have them a moment later: it caches nothing. */
  | { readonly type: 'tier_inert'; readonly tier: string }
  /** A listener threw, or rejected; or, as `waitUntil`, the function that keeps work alive threw. */
  | { readonly type: 'listener_error'; readonly event: string; readonly message: string };

/** Why no stored entry was used. */
export type MissReason =
  | 'absent'
  | 'expired'
  | 'purged'
  | 'stale'
  | 'invalid'
  | 'unavailable'
  | 'disabled';

/**
 * Why a stale entry was served: it is being refreshed, the load failed, took too long, is another isolate's, or has failed
 * a moment ago or is over the tenant's quota (`throttled`); or the caller asked for stale ones as well.
 */
export type StaleReason = 'revalidate' | 'error' | 'timeout' | 'leased' | 'throttled' | 'requested';

/** Where an origin names tags and groups. */
export type TagField = 'cache-tag' | 'cache-groups' | 'cache-group-invalidation';

/** What is wrong with a stored value: its bytes, or its shape. */
export type ValueFault = 'serializer' | 'schema' | 'migration';

/** `closed`: calls pass. `open`: they are refused. `half_open`: one probe is under way. */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** The names of all events. */
export const EVENT_TYPES = [
  'hit',
  'stale',
  'miss',
  'load',
  'load_failed',
  'set',
  'set_dropped',
  'purge',
  'purge_failed',
  'purge_abandoned',
  ...DOMAIN_EVENT_TYPES,
  ...QUOTA_EVENT_TYPES,
  'evict',
  'bypass',
  'tags_dropped',
  'frame_invalid',
  'value_invalid',
  'error',
  'origin_error',
  'epoch_changed',
  'warmed',
  'circuit',
  'tier_inert',
  'listener_error',
] as const satisfies readonly TelemetryEvent['type'][];

/** Where events go. Must not throw and must not wait. */
export type Sink = (event: TelemetryEvent) => void;

export const hit = (
  tenant: string,
  key: string,
  tier: string,
  verified: boolean,
): TelemetryEvent => ({ type: 'hit', tenant, key, tier, verified });
export const stale = (
  tenant: string,
  key: string,
  tier: string,
  reason: StaleReason,
  verified: boolean,
): TelemetryEvent => ({ type: 'stale', tenant, key, tier, reason, verified });
export const miss = (tenant: string, key: string, reason: MissReason): TelemetryEvent => ({
  type: 'miss',
  tenant,
  key,
  reason,
});
export const load = (tenant: string, key: string, ms: number): TelemetryEvent => ({
  type: 'load',
  tenant,
  key,
  ms,
});
export const loadFailed = (tenant: string, code: string, error: unknown): TelemetryEvent => ({
  type: 'load_failed',
  tenant,
  code,
  message: described(error),
});
export const set = (tenant: string, key: string, bytes: number): TelemetryEvent => ({
  type: 'set',
  tenant,
  key,
  bytes,
});
export const setDropped = (tenant: string, key: string, reason: string): TelemetryEvent => ({
  type: 'set_dropped',
  tenant,
  key,
  reason,
});
export const purge = (tenant: string, targets: number, mode: 'hard' | 'soft'): TelemetryEvent => ({
  type: 'purge',
  tenant,
  targets,
  mode,
});
export const purgeFailed = (tenant: string, error: unknown): TelemetryEvent => ({
  type: 'purge_failed',
  tenant,
  message: described(error),
});
export const purgeAbandoned = (tenant: string, targets: number): TelemetryEvent => ({
  type: 'purge_abandoned',
  tenant,
  targets,
});
export const evict = (
  tenant: string,
  key: string,
  tier: string,
  bytes: number,
): TelemetryEvent => ({ type: 'evict', tenant, key, tier, bytes });
export const bypass = (tenant: string, reason: string): TelemetryEvent => ({
  type: 'bypass',
  tenant,
  reason,
});
export const tagsDropped = (tenant: string, field: TagField, count: number): TelemetryEvent => ({
  type: 'tags_dropped',
  tenant,
  field,
  count,
});
export const frameInvalid = (tenant: string, tier: string, fault: FrameFault): TelemetryEvent => ({
  type: 'frame_invalid',
  tenant,
  tier,
  fault,
});
export const valueInvalid = (
  tenant: string,
  key: string,
  tier: string,
  reason: ValueFault,
  error: unknown,
): TelemetryEvent => ({
  type: 'value_invalid',
  tenant,
  key,
  tier,
  reason,
  message: described(error),
});
export const storeError = (tenant: string, tier: string, error: unknown): TelemetryEvent => ({
  type: 'error',
  tenant,
  tier,
  message: described(error),
});
export const originError = (tenant: string, code: string, error: unknown): TelemetryEvent => ({
  type: 'origin_error',
  tenant,
  code,
  message: described(error),
});
export const epochChanged = (tenant: string, epoch: string): TelemetryEvent => ({
  type: 'epoch_changed',
  tenant,
  epoch,
});
export const warmed = (tenant: string, outcome: string): TelemetryEvent => ({
  type: 'warmed',
  tenant,
  outcome,
});
export const circuit = (tier: string, state: CircuitState): TelemetryEvent => ({
  type: 'circuit',
  tier,
  state,
});
export const tierInert = (tier: string): TelemetryEvent => ({ type: 'tier_inert', tier });
export const listenerError = (event: string, error: unknown): TelemetryEvent => ({
  type: 'listener_error',
  event,
  message: described(error),
});
