import { demote } from '../engine/promotion.ts';
import { purge, retryPurge } from '../engine/purge.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { keyTarget, type Target } from '../tenant/target.ts';
import { tagsDropped } from '../telemetry/events.ts';
import { groupTarget, parseGroups } from './cache-groups.ts';
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
  const status = { hit: false, fwd: 'bypass', stored: false, detail } as const;
  return passOn(response, response.body, status, exchange.tenant.exposeTags);
}

/**
 * Passes any other method through. When a method that is not safe succeeds, or its answer is lost, its URL is
 * invalidated, and the groups that the answer names with it, before the client hears of it; also when the client is gone by then, because the origin has changed all
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
  const { request, key, tenant } = exchange;
  const unsafe = !SAFE_METHODS.has(request.method);
  const resource = unsafe && key ? [keyTarget(key.key)] : [];
  let response: Response;
  try {
    response = await fetchOrigin(options, exchange, false);
  } catch (error) {
    // It may have arrived and been carried out before its answer was lost: what is stored is doubtful.
    await invalidate(options, exchange, resource);
    throw error;
  }
  const succeeded = response.status >= 200 && response.status < 400;
  let detail: string | undefined;
  if (unsafe && succeeded) {
    const groups = namedGroups(options, exchange, response);
    if (groups.dropped > 0) detail = 'groups-dropped';
    const targets = [...resource, ...groups.targets];
    if (!(await invalidate(options, exchange, targets))) detail = 'invalidation-failed';
  }
  const status = { hit: false, fwd: 'method', stored: false } as const;
  return passOn(
    response,
    response.body,
    detail === undefined ? status : { ...status, detail },
    tenant.exposeTags,
  );
}

/** `Cache-Group-Invalidation` (RFC 9875, section 3): groups of the origin that was asked. What is over a cap is left out, and reported. */
function namedGroups(
  { engine }: GatewayOptions,
  { tenant, url }: Exchange,
  { headers }: Response,
): { readonly targets: readonly Target[]; readonly dropped: number } {
  const { names, over, unusable } = parseGroups(headers.get('cache-group-invalidation'));
  const dropped = over + unusable;
  if (dropped > 0) engine.sink(tagsDropped(tenant.id, 'cache-group-invalidation', dropped));
  return { targets: names.map((name) => groupTarget(url.origin, name)), dropped };
}

/**
 * Purges a resource and groups, in one request. A mark on the resource's key, not on a prefix: many of those can push
 * hits down to Redis, but never empty a tenant, and anybody may send a POST. When it fails the client still gets the
 * origin's answer, and the purge goes on in the background.
 */
async function invalidate(
  { engine }: GatewayOptions,
  { tenant, key, runtime }: Exchange,
  targets: readonly Target[],
): Promise<boolean> {
  if (targets.length === 0) return true;
  try {
    await purge(engine, tenant.id, targets, 'hard', runtime);
    return true;
  } catch (error) {
    if (!(error instanceof AuthorityUnavailable)) throw error;
    if (key) demote(engine, key, runtime);
    retryPurge(engine, tenant.id, targets, 'hard', runtime);
    return false;
  }
}
