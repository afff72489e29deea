import type { Found } from '../engine/found.ts';
import type { OriginError } from '../errors.ts';
import type { CacheStatus } from '../http/cache-status.ts';
import { stale as servedStale, type Sink } from '../telemetry/events.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import type { Place } from './place.ts';
import { OriginFailure } from './origin-failure.ts';
import { refresh } from './refresh.ts';
import { respondFromEntry } from './respond.ts';
import { forwardedStatus, hitStatus, type Missing } from './status.ts';

/**
 * Serves what is stale and refreshes it behind the response (stale-while-revalidate, RFC 5861, section 3): a hit, of
 * negative ttl, because the request itself went nowhere.
 * @param asked when the authority was asked, which had nothing fresher; undefined when it was not
 */
export function serveWhileRefreshing(
  options: GatewayOptions,
  exchange: Exchange,
  place: Place,
  stale: Found,
  asked: number | undefined,
): Response {
  const { sink, failures } = options.engine;
  const { key } = place;
  if (failures.isRecent(key.fullName, exchange.runtime.now()))
    return serveThrottled(exchange, place, sink, stale);
  refresh(options, exchange, place, stale, asked);
  sink(servedStale(key.tenant, key.key, stale.tier, 'revalidate', stale.verified));
  return respondStale(exchange, place, stale);
}

/** Serves what is stale without asking the origin, because it has failed a moment ago. */
export function serveThrottled(
  exchange: Exchange,
  place: Place,
  sink: Sink,
  stale: Found,
): Response {
  const { key } = place;
  sink(servedStale(key.tenant, key.key, stale.tier, 'throttled', stale.verified));
  return respondStale(exchange, place, stale);
}

/** Serves what is stale in place of the origin's answer (stale-if-error, RFC 5861, section 4). */
export function serveInstead(
  exchange: Exchange,
  missing: Missing,
  sink: Sink,
  stale: Found,
  failure: OriginError,
): Response {
  const { key } = missing;
  const { request, policy, runtime } = exchange;
  sink(servedStale(key.tenant, key.key, stale.tier, 'error', stale.verified));
  const now = runtime.now();
  const status: CacheStatus = {
    ...forwardedStatus(exchange, missing, {
      stored: false,
      // What a soft purge made stale may have some of its time left: it counts as over all the same.
      ttl: Math.min(-1, Math.floor((stale.entry.freshUntil - now) / 1000)),
      ...(failure instanceof OriginFailure ? { fwdStatus: failure.status } : {}),
    }),
    fwd: 'stale',
    detail: `stale-if-error${stale.verified ? '' : '-unverified'}`,
  };
  return respondFromEntry(request, stale.entry, status, null, now, policy);
}

function respondStale(exchange: Exchange, place: Place, stale: Found): Response {
  const { request, policy, runtime } = exchange;
  const now = runtime.now();
  const status = hitStatus(exchange, place, stale, now, true);
  return respondFromEntry(request, stale.entry, status, null, now, policy);
}
