import type { TenantPolicy } from '../tenant/policy.ts';

/** One path of one tenant. */
export interface PlannedPath {
  readonly tenant: TenantPolicy;
  readonly path: string;
}

/**
 * The order of a run: every tenant's first path, then every tenant's second, so that one tenant's long list does not
 * eat another's budget. It begins at the tenant that `turn` draws, so that nobody is last every time.
 * @param turn any whole number from 0
 */
export function planWarming(tenants: readonly TenantPolicy[], turn: number): PlannedPath[] {
  const due = tenants.filter((tenant) => tenant.warm.paths.length > 0);
  if (due.length === 0) return [];
  const start = turn % due.length;
  const order = [...due.slice(start), ...due.slice(0, start)];
  const longest = Math.max(...order.map((tenant) => tenant.warm.paths.length));
  const plan: PlannedPath[] = [];
  for (let rank = 0; rank < longest; rank += 1) {
    for (const tenant of order) {
      const path = tenant.warm.paths[rank];
      if (path !== undefined) plan.push({ tenant, path });
    }
  }
  return plan;
}
