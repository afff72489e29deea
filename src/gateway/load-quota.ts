import { OriginError } from '../errors.ts';
import { TokenBuckets } from '../resilience/token-bucket.ts';
import type { Sink } from '../telemetry/events.ts';
import { overQuota } from '../telemetry/quota-events.ts';
import { DEFAULT_QUOTAS, type TenantPolicy } from '../tenant/policy.ts';

/** The tenant has used up what its origin may be asked for the moment. Nothing was sent: it says nothing of the origin. */
export class OverQuota extends OriginError {
  constructor() {
    super('over_quota', 'The tenant has used up the requests to its origin for this moment.');
  }
}

/**
 * How many GETs and HEADs the origin of each tenant is sent by this isolate: `loadsPerSecond`, and at once what two seconds
 * bring. One object for all that ask origins, so that warming and verifying count too.
 */
export class LoadQuota {
  readonly #buckets = new TokenBuckets();
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Counts a request that is about to be sent. Throws {@link OverQuota} in place of one too many. */
  spend(tenant: TenantPolicy, now: number): void {
    const rate = (tenant.quotas ?? DEFAULT_QUOTAS).loadsPerSecond;
    if (rate === undefined || this.#buckets.of(tenant.id, rate, now).take(now)) return;
    this.#sink(overQuota(tenant.id, 'loads'));
    throw new OverQuota();
  }
}
