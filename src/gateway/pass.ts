import { demote } from '../engine/promotion.ts';
import { purge, retryPurge } from '../engine/purge.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { CacheKey } from '../tenant/key.ts';
import { keyTarget } from '../tenant/target.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { fetchOrigin } from './origin.ts';
import { passOn } from './respond.ts';

/** Registered as safe; every other method may change what it names (RFC 9111, section 4.4). */
const SAFE_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'QUERY',
  'REPORT',
  'SEARCH',
  'TRACE',
]);

/** Passes a GET or HEAD through, as it is: a range, or a URL too long to be a key. */
export async function bypassCache(
  options: GatewayOptions,
  exchange: Exchange,
  detail: string,
): Promise<Response> {
  const response = await fetchOrigin(options, exchange, false);
  return passOn(response, response.body, { hit: false, fwd: 'bypass', stored: false, detail });
}

/**
 * Passes any other method through. When a method that is not safe succeeds, or its answer is lost, its URL is
 * invalidated before the client hears of it; also when the client is gone by then, because the origin has changed all
 * the same.
 */
export function passMethod(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const work = passAndInvalidate(options, exchange);
  exchange.runtime.waitUntil(
    work.then(
      () => undefined,
      () => undefined,
    ),
  );
  return work;
}

async function passAndInvalidate(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const { request, key } = exchange;
  const unsafeKey = SAFE_METHODS.has(request.method) ? undefined : key;
  let response: Response;
  try {
    response = await fetchOrigin(options, exchange, false);
  } catch (error) {
    // It may have arrived and been carried out before its answer was lost: what is stored is doubtful.
    if (unsafeKey) await invalidate(options, exchange, unsafeKey);
    throw error;
  }
  const succeeded = response.status >= 200 && response.status < 400;
  const failed = succeeded && unsafeKey && !(await invalidate(options, exchange, unsafeKey));
  return passOn(response, response.body, {
    hit: false,
    fwd: 'method',
    stored: false,
    ...(failed ? { detail: 'invalidation-failed' } : {}),
  });
}

/**
 * Purges one resource. A mark on its key, not on a prefix: many of those can push hits down to Redis, but never empty a
 * tenant, and anybody may send a POST. When it fails the client still gets the origin's answer, and the purge goes on
 * in the background.
 */
async function invalidate(
  { engine }: GatewayOptions,
  { tenant, runtime }: Exchange,
  key: CacheKey,
): Promise<boolean> {
  const targets = [keyTarget(key.key)];
  try {
    await purge(engine, tenant.id, targets, 'hard', runtime);
    return true;
  } catch (error) {
    if (!(error instanceof AuthorityUnavailable)) throw error;
    demote(engine, key, runtime);
    retryPurge(engine, tenant.id, targets, 'hard', runtime);
    return false;
  }
}
