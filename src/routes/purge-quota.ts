import { createMiddleware } from 'hono/factory';
import { TokenBuckets } from '../resilience/token-bucket.ts';
import type { Clock } from '../runtime.ts';
import type { Sink } from '../telemetry/events.ts';
import { overQuota, purgeAudit, type PurgeAudit } from '../telemetry/quota-events.ts';
import { DEFAULT_QUOTAS, type TenantPolicy } from '../tenant/policy.ts';
import { EVERY_TENANT } from './authorize.ts';
import { tooManyPurges } from './problems.ts';
import type { RouteEnv } from './services.ts';

/** A second; each is a request to Redis for every page of tenants. */
const EVERY_TENANT_PER_SECOND = 10;

/**
 * How many purges and messages of domain events each tenant may ask this isolate for: `purgesPerSecond`, and at once what two
 * seconds bring. Only of those who may purge the tenant: nobody else can use it up.
 */
export class PurgeQuota {
  readonly #buckets = new TokenBuckets();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #sink: Sink;

  constructor(clock: Pick<Clock, 'now'>, sink: Sink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  /**
   * Counts one for a tenant, or for every tenant. Undefined when it may go on; else what the caller is told.
   * @param by who asks, for the record
   */
  refuse(
    tenant: TenantPolicy | typeof EVERY_TENANT,
    by: Pick<PurgeAudit, 'via' | 'by'>,
  ): Response | undefined {
    const [name, rate] =
      tenant === EVERY_TENANT
        ? [EVERY_TENANT, EVERY_TENANT_PER_SECOND]
        : [tenant.id, (tenant.quotas ?? DEFAULT_QUOTAS).purgesPerSecond];
    const now = this.#clock.now();
    if (this.#buckets.of(name, rate, now).take(now)) return undefined;
    this.#sink(overQuota(name, 'purges'));
    this.#sink(purgeAudit(name, { ...by, outcome: 'over_quota' }));
    return tooManyPurges();
  }

  /** Lets a purge pass that is within the quota; to be put behind `authorize`. */
  readonly middleware = createMiddleware<RouteEnv>(async (context, next) => {
    const { tenantId, tenant, credentialId } = context.var;
    const whose = tenantId === EVERY_TENANT ? EVERY_TENANT : tenant;
    return this.refuse(whose, { via: 'purge', by: credentialId }) ?? (await next());
  });
}
