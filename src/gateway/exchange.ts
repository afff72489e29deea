import type { Flights } from '../engine/flights.ts';
import type { EngineParts } from '../engine/parts.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { CachePolicy, TenantPolicy } from '../tenant/policy.ts';
import type { Backoff } from './backoff.ts';
import type { Collecting } from './collecting.ts';
import type { OriginFlight } from './flight.ts';
import type { LoadQuota } from './load-quota.ts';
import type { Uncacheable } from './uncacheable.ts';

/** The platform's `fetch`, as far as it is used. Injected so that outgoing requests can be counted. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface GatewayOptions {
  readonly engine: EngineParts;
  readonly keys: KeySpace;
  readonly fetch: Fetch;
  readonly originTimeoutMs: number;
  /** One object for all gateways of an isolate. */
  readonly loads: LoadQuota;
  /** Whether origins are asked whose address is not public. Default `refuse`. */
  readonly privateOrigins?: 'allow' | 'refuse';
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
  /** A GET or HEAD is without the fields and cookies that the policy drops. */
  readonly request: Request;
  /** Without what the policy leaves out of the query: what the key is made of, and what the origin is asked by a GET or HEAD. */
  readonly url: URL;
  /** As the client sent it: what the origin is asked by other methods. The same object as `url` where nothing is left out. */
  readonly asked: URL;
  readonly tenant: TenantPolicy;
  /** The tenant's, for this URL. */
  readonly policy: CachePolicy;
  /** Undefined for a URL that is too long to be a key: nothing is stored under it, so nothing has to be purged. */
  readonly key: CacheKey | undefined;
  readonly runtime: Runtime;
  /** The client may see under which key an answer is stored. */
  readonly debug: boolean;
}

/** The exchange with the whole URL of the client's, for what is not asked by the policy for queries. */
export function asAsked(exchange: Exchange): Exchange {
  return { ...exchange, url: exchange.asked };
}
