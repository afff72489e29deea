import type { Found } from '../engine/found.ts';
import type { OriginError } from '../errors.ts';
import { stale as servedStale, type Sink } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { OriginFailure } from './origin-failure.ts';
import { refresh } from './refresh.ts';
import { respondFromEntry } from './respond.ts';

/**
 * Serves what is stale and refreshes it behind the response (stale-while-revalidate, RFC 5861, section 3): a hit, of
 * negative ttl, because the request itself went nowhere.
 * @param asked when the authority was asked, which had nothing fresher; undefined when it was not
 */
export function serveWhileRefreshing(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
  stale: Found,
  asked: number | undefined,
): Response {
  const { sink, failures } = options.engine;
  if (failures.isRecent(key.fullName, exchange.runtime.now()))
    return serveInstead(exchange, key, sink, stale, 'throttled');
  refresh(options, exchange, key, stale, asked);
  sink(servedStale(key.tenant, key.key, stale.tier, 'revalidate', stale.verified));
  return respondStale(exchange, stale, undefined);
}

/**
 * Serves what is stale in place of the origin's answer (stale-if-error, RFC 5861, section 4).
 * @param why the failure; or `throttled`, when the origin was not asked because it has failed a moment ago
 */
export function serveInstead(
  exchange: Exchange,
  key: CacheKey,
  sink: Sink,
  stale: Found,
  why: OriginError | 'throttled',
): Response {
  const reason = why === 'throttled' ? why : 'error';
  sink(servedStale(key.tenant, key.key, stale.tier, reason, stale.verified));
  return respondStale(exchange, stale, why === 'throttled' ? undefined : why);
}

function respondStale(
  { request, tenant, runtime }: Exchange,
  { entry, tier, verified }: Found,
  failure: OriginError | undefined,
): Response {
  const now = runtime.now();
  // What a soft purge made stale may have some of its time left: it counts as over all the same.
  const ttl = Math.min(-1, Math.floor((entry.freshUntil - now) / 1000));
  const flag = verified ? '' : '-unverified';
  const status = failure
    ? ({
        hit: false,
        fwd: 'stale',
        ...(failure instanceof OriginFailure ? { fwdStatus: failure.status } : {}),
        stored: false,
        ttl,
        detail: `stale-if-error${flag}`,
      } as const)
    : ({ hit: true, ttl, detail: `${tier}${flag}` } as const);
  return respondFromEntry(request, entry, status, null, now, tenant.exposeTags);
}
