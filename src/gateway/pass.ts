import { demote } from '../engine/promotion.ts';
import { purge, retryPurge } from '../engine/purge.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Target } from '../tenant/target.ts';
import { bypass, tagsDropped } from '../telemetry/events.ts';
import { groupTarget, parseGroups } from './cache-groups.ts';
import { changedResources, resourceTargets } from './changed-resources.ts';
import { asAsked, type Exchange, type GatewayOptions } from './exchange.ts';
import { countForward } from './max-forwards.ts';
import { fetchOrigin } from './origin.ts';
import { refusePurgeMethod } from './purge-methods.ts';
import { storePosted, type Posted } from './posted.ts';
import { passOn, type Passing } from './respond.ts';

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

/** Passes a GET or HEAD through, its conditions and ranges included, and stores nothing. `detail` says why; a Token. */
export async function bypassCache(
  options: GatewayOptions,
  exchange: Exchange,
  detail: string,
): Promise<Response> {
  const response = await fetchOrigin(options, exchange, { conditions: 'as-sent' });
  options.engine.sink(bypass(exchange.tenant.id, detail));
  const status = { hit: false, fwd: 'bypass', stored: false, detail } as const;
  return passOn(response, response.body, status, passing(exchange));
}

/**
 * Passes any other method through. When a method that is not safe succeeds, or its answer is lost, its URL is
 * invalidated, and what else the answer names with it, before the client hears of it; also when the client is gone by then,
 * because the origin has changed all the same. Rejects with `OriginError`.
 */
export async function passMethod(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const refused = refusePurgeMethod(exchange.request);
  if (refused) return refused;
  const work = SAFE_METHODS.has(exchange.request.method)
    ? passSafe(options, exchange)
    : passUnsafe(options, exchange);
  exchange.runtime.waitUntil(
    work.then(
      () => undefined,
      () => undefined,
    ),
  );
  return work;
}

function passing({ policy, runtime }: Exchange): Passing {
  return { now: runtime.now(), expose: policy.exposeTags };
}

const PASSED = { hit: false, fwd: 'method', stored: false } as const;

async function passSafe(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const hops = countForward(exchange.request);
  if (hops.type === 'answer') return hops.response;
  const choice = { conditions: 'as-sent', add: hops.add } as const;
  const response = await fetchOrigin(options, asAsked(exchange), choice);
  return passOn(response, response.body, PASSED, passing(exchange));
}

async function passUnsafe(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const { asked, url, tenant, runtime } = exchange;
  const resource = resourceTargets(asked, tenant);
  const { stamp } = options.engine.coherence.view(tenant.id);
  const before = { stamp, now: runtime.now() };
  let response: Response;
  try {
    response = await fetchOrigin(options, asAsked(exchange), { conditions: 'as-sent' });
  } catch (error) {
    // It may have arrived and been carried out before its answer was lost: what is stored is doubtful.
    await invalidate(options, exchange, resource);
    throw error;
  }
  if (response.status >= 400) return passOn(response, response.body, PASSED, passing(exchange));
  const groups = namedGroups(options, exchange, response);
  const changed = [
    ...resource,
    ...changedResources(url, response.headers, tenant),
    ...groups.targets,
  ];
  let posted: Posted;
  try {
    posted = await storePosted(options, exchange, response, before);
  } catch (error) {
    await invalidate(options, exchange, changed);
    throw error;
  }
  const { stored, body } = posted;
  // What is stored has taken the place of all that was there.
  const left = stored ? changed.filter((target) => !resource.includes(target)) : changed;
  const done = await invalidate(options, exchange, left);
  const detail = done ? (groups.dropped > 0 ? 'groups-dropped' : undefined) : 'invalidation-failed';
  const status = { ...PASSED, stored, ...(detail === undefined ? {} : { detail }) };
  return passOn(response, body, status, passing(exchange));
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
 * Purges resources and groups, in one request. Marks on the resources' keys, not on prefixes: many of those can push
 * hits down to Redis, but never empty a tenant, and anybody may send a POST. When it fails the client still gets the
 * origin's answer, and the purge goes on in the background.
 */
async function invalidate(
  { engine }: GatewayOptions,
  { tenant, key, runtime }: Exchange,
  named: readonly Target[],
): Promise<boolean> {
  const targets = [...new Set(named)];
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
