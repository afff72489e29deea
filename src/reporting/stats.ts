import type { Counters, TenantCounters } from '../telemetry/counters.ts';
import type { WarmReport } from '../telemetry/warm-report.ts';

/** What this isolate knows of a tenant's cache. Other isolates count for themselves. */
export interface TenantStats {
  readonly tenant: string;
  readonly scope: 'isolate';
  /** When this isolate's service was assembled, ISO 8601. */
  readonly since: string;
  readonly counters: TenantCounters;
  /** Bytes in the memory tier, all tenants together; undefined without one. */
  readonly memoryBytes: number | undefined;
  /** The newest warming run in this isolate, as far as it was about this tenant. */
  readonly warming: WarmReport | undefined;
}

export interface StatsSource {
  readonly counters: Counters;
  readonly since: number;
  readonly memoryBytes: () => number | undefined;
  readonly warming: () => WarmReport | undefined;
}

/** Reads a tenant's statistics. */
export function tenantStats(tenant: string, source: StatsSource): TenantStats {
  const warming = source.warming();
  return {
    tenant,
    scope: 'isolate',
    since: new Date(source.since).toISOString(),
    counters: source.counters.of(tenant),
    memoryBytes: source.memoryBytes(),
    warming: warming && {
      ...warming,
      paths: warming.paths.filter((path) => path.tenant === tenant),
    },
  };
}
