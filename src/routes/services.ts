import type { Credentials } from '../access/credentials.ts';
import type { Senders } from '../access/senders.ts';
import type { TenantRegistry } from '../access/tenants.ts';
import type { EngineParts } from '../engine/parts.ts';
import type { Fetch } from '../gateway/exchange.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { LoadQuota } from '../gateway/load-quota.ts';
import type { HealthSource } from '../reporting/health.ts';
import type { StatsSource } from '../reporting/stats.ts';
import type { KeySpace } from '../tenant/key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';

/** What the routes work with. */
export interface Services {
  readonly tenants: TenantRegistry;
  readonly credentials: Credentials;
  readonly senders: Senders;
  readonly gateway: Gateway;
  readonly engine: EngineParts;
  readonly health: HealthSource;
  readonly stats: StatsSource;
  readonly inspection: InspectionSource;
  readonly adminHost: string | undefined;
  readonly coherenceMs: number;
}

/** What operators' looks at the stores need besides the engine. */
export interface InspectionSource {
  readonly keys: KeySpace;
  readonly fetch: Fetch;
  readonly originTimeoutMs: number;
  readonly privateOrigins: 'allow' | 'refuse';
  readonly loads: LoadQuota;
  readonly maxUnverifiedMs: number;
  /** The most outgoing requests of one verification. */
  readonly maxRequests: number;
}

/** What a handler finds in Hono's context. */
export interface RouteEnv {
  readonly Variables: {
    /** The tenant of the host; on the admin host what `?tenant=` says, whether or not there is such a tenant. */
    tenantId: string;
    /** That tenant, on its own hosts and behind `authorize`. */
    tenant: TenantPolicy;
    /** The id of the credential that was let pass, behind `authorize`. */
    credentialId: string;
  };
}
