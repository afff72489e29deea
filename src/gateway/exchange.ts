import type { EngineParts } from '../engine/parts.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';

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
}

/** One request on its way. */
export interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly tenant: TenantPolicy;
  /** Undefined for a URL that is too long to be a key: nothing is stored under it, so nothing has to be purged. */
  readonly key: CacheKey | undefined;
  readonly runtime: Runtime;
}
