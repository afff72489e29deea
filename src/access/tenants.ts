import type { TenantPolicy } from '../tenant/policy.ts';

/** Finds the tenant of a request. The host name of the request itself decides: never a header that names another. */
export class TenantRegistry {
  readonly #byHost = new Map<string, TenantPolicy>();
  readonly #byId = new Map<string, TenantPolicy>();

  constructor(tenants: readonly TenantPolicy[]) {
    for (const tenant of tenants) {
      this.#byId.set(tenant.id, tenant);
      for (const host of tenant.hosts) this.#byHost.set(host, tenant);
    }
  }

  /** By host name, without port. A trailing dot makes another name: it would be another key as well. */
  ofHost(hostname: string): TenantPolicy | undefined {
    return this.#byHost.get(hostname.toLowerCase());
  }

  /** By id. */
  get(id: string): TenantPolicy | undefined {
    return this.#byId.get(id);
  }

  all(): readonly TenantPolicy[] {
    return [...this.#byId.values()];
  }
}
