import { countHit } from '../engine/obtain.ts';
import { servesWhileRevalidating } from '../engine/entry-state.ts';
import { staleAtOnce } from '../engine/stale.ts';
import type { Found } from '../engine/found.ts';
import { problemResponse } from '../http/problem.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { locate, locateNear, ownPlace, standing } from './find.ts';
import type { Place } from './place.ts';
import { forward } from './forward.ts';
import { readHead } from './read-head.ts';
import { readPart, readRange } from './read-range.ts';
import { judgeRequest, type RequestWish } from './request-directives.ts';
import { respondFromEntry } from './respond.ts';
import { serveWhileRefreshing } from './stale-response.ts';
import { hitStatus, type Missing } from './status.ts';

/**
 * Answers a GET or HEAD from the tiers, fresh or while it is refreshed; else from the origin; and when that fails, with
 * what is stale. Rejects with `OriginError` or `AuthorityUnavailable`.
 */
export async function readThrough(
  parts: GatewayParts,
  exchange: Exchange,
  base: CacheKey,
): Promise<Response> {
  const { request, runtime, policy } = exchange;
  const askedAt = runtime.now();
  const wish = judgeRequest(request, policy.requestDirectives === 'honour');
  const near = locateNear(parts, exchange, base, askedAt);
  if (near) {
    const served = serveNear(parts, exchange, near, wish);
    if (served) return served;
  }
  const located = await locate(parts, exchange, base);
  const now = runtime.now();
  if (located.found) {
    if (wish.accepts(located.hit.entry, 'fresh', now))
      return serveHit(exchange, located, located.hit);
    return ask(parts, exchange, turnedDown(parts, exchange, located, located.hit), wish, askedAt);
  }
  const stale = staleFor(parts, exchange, located, wish, askedAt);
  if (stale) return serveWhileRefreshing(parts, exchange, located, stale, askedAt);
  return ask(parts, exchange, located, wish, askedAt);
}

/** Serves what this isolate holds, when that is all that is needed. */
function serveNear(
  parts: GatewayParts,
  exchange: Exchange,
  located: Place & { readonly near: Parameters<typeof countHit>[2] },
  wish: RequestWish,
): Response | undefined {
  const { engine } = parts;
  const { runtime } = exchange;
  const { near } = located;
  const now = runtime.now();
  if (near.state === 'fresh') {
    if (!wish.accepts(near.entry, 'fresh', now)) return undefined;
    countHit(engine, located.key, near, runtime);
    return serveHit(exchange, located, near);
  }
  if (wish.refusesStale || !servesWhileRevalidating(near.entry, now)) return undefined;
  engine.coherence.renewSoon(exchange.tenant.id, near.view, runtime);
  return serveWhileRefreshing(parts, exchange, located, near, undefined);
}

/** What is stale and may be served at once, because the response says so, or the request. */
function staleFor(
  parts: GatewayParts,
  { runtime }: Exchange,
  missing: Missing,
  wish: RequestWish,
  askedAt: number,
): Found | undefined {
  const { key, miss, record } = missing;
  // A record that is outdated has to be replaced, in the foreground.
  if (record?.outdated) return undefined;
  if (
    miss.reason === 'stale' &&
    miss.stale &&
    wish.accepts(miss.stale.entry, 'stale', runtime.now())
  )
    return standing(parts, missing, miss.stale);
  if (wish.refusesStale) return undefined;
  return standing(parts, missing, staleAtOnce(parts.engine, key, miss, runtime, askedAt));
}

function serveHit(exchange: Exchange, place: Place, found: Found): Response {
  const { request, policy, runtime } = exchange;
  const now = runtime.now();
  const status = hitStatus(exchange, place, found, now);
  return respondFromEntry(request, found.entry, status, null, now, policy);
}

/** What is fresh, and not fresh enough for this request: it can be validated. */
function turnedDown(
  { engine, keys }: GatewayParts,
  { request }: Exchange,
  place: Place,
  found: Found,
): Missing {
  const { stamp } = engine.coherence.view(place.base.tenant);
  const own = ownPlace(keys, place, request.headers);
  // By what was loaded for other languages nothing is validated for these.
  const miss =
    own.digest === place.digest
      ? ({ found: false, reason: 'stale', stamp, stale: found } as const)
      : ({ found: false, reason: 'absent', stamp, stale: undefined } as const);
  return { ...own, found: false, miss, varies: true, requested: true };
}

/** Goes on to the origin, unless the request forbids it: then out of a part that is stored, or not at all. */
async function ask(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  wish: RequestWish,
  askedAt: number,
): Promise<Response> {
  const { request } = exchange;
  const isRange = request.method === 'GET' && request.headers.has('range');
  if (wish.onlyIfCached)
    return (isRange ? await readPart(parts, exchange, missing) : undefined) ?? notCached();
  if (request.method === 'HEAD') return readHead(parts, exchange, missing, askedAt);
  if (isRange) return readRange(parts, exchange, missing, askedAt);
  return forward(parts, exchange, missing, askedAt);
}

/** RFC 9111, section 5.2.1.7. */
function notCached(): Response {
  return problemResponse({
    status: 504,
    title: 'Gateway Timeout',
    code: 'not_cached',
    detail:
      'The request is to be answered out of a store only, and none has an answer that it may have.',
  });
}
