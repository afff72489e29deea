import type { Found } from '../engine/found.ts';
import { staleToServe } from '../engine/stale.ts';
import type { OriginError } from '../errors.ts';
import { originError } from '../telemetry/events.ts';
import { RetryLater } from './backoff.ts';
import { responseControl } from './control.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { standing } from './find.ts';
import { forbidsStale } from './freshness.ts';
import { headersOf, mayServeOnStatus } from './http-entry.ts';
import { OverQuota } from './load-quota.ts';
import { CutOff, isOriginFailure, OriginFailure } from './origin-failure.ts';
import { askForAll } from './refresh.ts';
import { serveInstead, serveThrottled } from './stale-response.ts';
import type { Missing } from './status.ts';

/**
 * Answers with what is stale in place of an origin that has failed a moment ago, which is not asked. Undefined when it
 * has not, or nothing may be served.
 * @param askedAt when the authority was asked
 */
export async function whileFailing(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
): Promise<Response | undefined> {
  const { engine } = parts;
  if (!engine.failures.isFailing(missing.key.fullName, exchange.runtime.now())) return undefined;
  const stale = await toServe(parts, exchange, missing, askedAt);
  return stale && serveThrottled(exchange, missing, engine.sink, stale);
}

/**
 * Answers with what is stale in place of the origin's answer, which is a failure. Undefined when nothing may be served: a
 * status asks for a window that the response itself opened (stale-if-error, RFC 5861, section 4), an origin that can't be
 * reached does not (RFC 9111, section 4.2.4).
 *
 * Whether the origin fails for everybody is decided behind the answer, by a request of nobody in particular, whatever the
 * client's request carries: any header can make an origin fail that one request. Until then it counts as failing, so that
 * an origin that is down is not asked by everybody; others get for that moment what may be served to them in any case.
 * A tenant that has used up its quota has an origin that can't be reached, of which nothing has been learnt.
 */
export async function insteadOf(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
  error: OriginError,
): Promise<Response | undefined> {
  const { engine, throttleMs } = parts;
  const { runtime, tenant, policy } = exchange;
  const { stale } = missing.miss;
  if (!stale) return undefined;
  if (error instanceof OriginFailure && !mayServeOnStatus(stale.entry, runtime.now(), policy.stale))
    return undefined;
  const served = await toServe(parts, exchange, missing);
  if (!served) return undefined;
  if (error instanceof OverQuota) return serveThrottled(exchange, missing, engine.sink, served);
  const { fullName } = missing.key;
  if (!engine.failures.isRecent(fullName, runtime.now())) {
    // Whatever one client has been answered, this one request decides: its success takes back what is remembered here.
    askForAll(parts, exchange, missing, served, askedAt);
    if (isOfTheOrigin(error)) engine.failures.record(fullName, runtime.now(), throttleMs);
  }
  engine.sink(originError(tenant.id, error.code, error));
  return serveInstead(exchange, missing, engine.sink, served, error);
}

/**
 * Answers with what is stale in place of an answer whose status is a failure, as {@link insteadOf} does. Any other status
 * ends what is remembered of failures.
 */
export async function insteadOfStatus(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
  { status, body }: Response,
): Promise<Response | undefined> {
  if (!isOriginFailure(status)) {
    parts.engine.failures.clear(missing.key.fullName, 'failed');
    return undefined;
  }
  const failure = new OriginFailure(status);
  const instead = await insteadOf(parts, exchange, missing, askedAt, failure);
  // Nobody reads it, and an unread body holds one of the request's few connections.
  if (instead) body?.cancel().catch(() => undefined);
  return instead;
}

/** A 500 is likely to be what this one request causes: until it is decided, others ask for themselves. */
function isOfTheOrigin(error: OriginError): boolean {
  return !(error instanceof OriginFailure) || error.status !== 500;
}

/** Something stale that may be served now. @param since as for `staleToServe` */
async function toServe(
  parts: GatewayParts,
  { runtime }: Exchange,
  missing: Missing,
  since?: number,
): Promise<Found | undefined> {
  const found = standing(parts, missing, missing.miss.stale);
  const stale = await staleToServe(parts.engine, missing.key, found, runtime, since);
  // A purge of the resource may have come in meanwhile.
  return stale && standing(parts, missing, stale);
}

/**
 * The failure as the client is told it: 504 where something is stored that must not be used without the origin; a quota that
 * is used up is what it is.
 */
export function failureOf({ miss: { stale } }: Missing, error: OriginError): OriginError {
  if (error instanceof OverQuota) return error;
  if (!stale || !forbidsStale(responseControl(headersOf(stale.entry)).directives)) return error;
  return error instanceof RetryLater
    ? new RetryLater(error.last, error.afterMs, true)
    : new CutOff(error);
}
