import type { Credentials } from '../access/credentials.ts';
import type { TenantRegistry } from '../access/tenants.ts';
import type { EngineParts } from '../engine/parts.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { HealthSource } from '../reporting/health.ts';
import type { StatsSource } from '../reporting/stats.ts';
import type { TenantPolicy } from '../tenant/policy.ts';

/** What the routes work with. */
export interface Services {
  readonly tenants: TenantRegistry;
  readonly credentials: Credentials;
  readonly gateway: Gateway;
  readonly engine: EngineParts;
  readonly health: HealthSource;
  readonly stats: StatsSource;
  readonly adminHost: string | undefined;
  readonly coherenceMs: number;
}

/** What a handler finds in Hono's context. */
export interface RouteEnv {
  readonly Variables: {
    /** The tenant of the host; on the admin host what `?tenant=` says, whether or not there is such a tenant. */
    tenantId: string;
    /** That tenant, on its own hosts and behind `authorize`. */
    tenant: TenantPolicy;
  };
}
