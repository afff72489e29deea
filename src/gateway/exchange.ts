import type { Flights } from '../engine/flights.ts';
import type { EngineParts } from '../engine/parts.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import type { Backoff } from './backoff.ts';
import type { Collecting } from './collecting.ts';
import type { OriginFlight } from './flight.ts';
import type { Uncacheable } from './uncacheable.ts';

/** The platform's `fetch`, as far as it is used. Injected so that outgoing requests can be counted. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface GatewayOptions {
  readonly engine: EngineParts;
  readonly keys: KeySpace;
  readonly fetch: Fetch;
  readonly originTimeoutMs: number;
  /** The longest that any entry may live, in milliseconds. */
  readonly maxLifetimeMs: number;
  /** For so long after a failure the origin is not asked again for what can be served stale, in milliseconds. */
  readonly throttleMs: number;
  /** Whether a `Tiercel-Debug` field lets its sender see keys of the tenant. Default: nobody. */
  readonly mayDebug?: (token: string, tenant: TenantId) => Promise<boolean>;
}

/** What a gateway works with: its options, and what it remembers between requests. */
export interface GatewayParts extends GatewayOptions {
  /** The requests to origins that others may wait for. */
  readonly flights: Flights<OriginFlight>;
  readonly uncacheable: Uncacheable;
  readonly backoff: Backoff;
  /** The memory for bodies that are being kept. */
  readonly collecting: Collecting;
}

/** One request on its way. */
export interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly tenant: TenantPolicy;
  /** Undefined for a URL that is too long to be a key: nothing is stored under it, so nothing has to be purged. */
  readonly key: CacheKey | undefined;
  readonly runtime: Runtime;
  /** The client may see under which key an answer is stored. */
  readonly debug: boolean;
}
