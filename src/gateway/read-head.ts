import { OriginError } from '../errors.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { standing } from './find.ts';
import { failureOf, insteadOf } from './instead.ts';
import { fetchOrigin } from './origin.ts';
import { isOriginFailure, OriginFailure } from './origin-failure.ts';
import { askForAll } from './refresh.ts';
import { passOn, respondFromEntry } from './respond.ts';
import { forwardedStatus, type Missing } from './status.ts';
import { namesOf, store, storedAs } from './store.ts';
import { freshened } from './validation.ts';

/**
 * Answers a HEAD that no store has an answer for: the origin is asked by a HEAD. What is stored of the resource and is
 * stale becomes as good as new by it, when both speak of the same representation (RFC 9111, section 4.3.5); when they
 * do not, it is asked for behind the answer. A HEAD makes no entry of its own.
 */
export async function readHead(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
): Promise<Response> {
  const { request, tenant, runtime } = exchange;
  const requestedAt = runtime.now();
  let response: Response;
  try {
    response = await fetchOrigin(parts, exchange, { conditions: 'strip' });
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    const stale = await insteadOf(parts, exchange, missing, askedAt, error);
    if (stale) return stale;
    throw failureOf(missing, error);
  }
  if (isOriginFailure(response.status)) {
    const failure = new OriginFailure(response.status);
    const stale = await insteadOf(parts, exchange, missing, askedAt, failure);
    if (stale) return stale;
  } else parts.engine.failures.clear(missing.key.fullName, 'failed');
  const now = runtime.now();
  const { exposeTags } = tenant;
  const stale = standing(parts, missing, missing.miss.stale);
  if (stale && response.status === 200) {
    const { maxLifetimeMs } = parts;
    const times = { request, policy: tenant, requestedAt, respondedAt: now, now, maxLifetimeMs };
    const draft = freshened(stale.entry, response, times);
    if (draft !== 'mismatch' && !('storable' in draft)) {
      const { stamp } = missing.miss;
      const storing = { draft, names: namesOf(draft), stamp, startedAt: requestedAt };
      const outcome = storedAs(store(parts, exchange, missing, storing));
      const status = forwardedStatus(exchange, missing, outcome);
      const upstream = response.headers.get('cache-status');
      return respondFromEntry(request, draft, status, upstream, now, exposeTags);
    }
    askForAll(parts, exchange, missing, stale, askedAt);
  }
  const status = forwardedStatus(exchange, missing, { stored: false });
  return passOn(response, null, status, { now, expose: exposeTags, conditional: request });
}
