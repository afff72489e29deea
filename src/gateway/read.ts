import { NOTHING, plainFace } from '../engine/face.ts';
import { servesWhileRevalidating } from '../engine/entry-state.ts';
import { fill } from '../engine/fill.ts';
import type { Found, Miss } from '../engine/found.ts';
import { lookup } from '../engine/lookup.ts';
import { peek } from '../engine/peek.ts';
import { staleAtOnce, staleToServe } from '../engine/stale.ts';
import { OriginError } from '../errors.ts';
import type { CacheStatus, ForwardReason } from '../http/cache-status.ts';
import { load as loaded, originError, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { loadFromOrigin } from './load.ts';
import { fetchOrigin } from './origin.ts';
import { passOn, respondFromEntry } from './respond.ts';
import { isOriginFailure, OriginFailure } from './origin-failure.ts';
import { askForAll, mayEndStored } from './refresh.ts';
import { serveInstead, serveWhileRefreshing } from './stale-response.ts';

const FORWARD_REASONS: Record<MissReason, ForwardReason> = {
  absent: 'uri-miss',
  expired: 'stale',
  stale: 'stale',
  purged: 'miss',
  invalid: 'miss',
  disabled: 'miss',
  unavailable: 'miss',
};

/**
 * Answers a GET or HEAD from the tiers, fresh or while it is refreshed; else from the origin; and when that fails, with
 * what is stale. Rejects with `OriginError` or `AuthorityUnavailable`.
 */
export async function readThrough(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
): Promise<Response> {
  const { engine } = options;
  const { request, tenant, runtime } = exchange;
  const askedAt = runtime.now();
  const near = peek(engine, key, askedAt);
  if (near?.state === 'stale' && servesWhileRevalidating(near.entry, askedAt)) {
    engine.coherence.renewSoon(tenant.id, near.view, runtime);
    return serveWhileRefreshing(options, exchange, key, near, undefined);
  }
  const found = await lookup(engine, key, plainFace, runtime);
  const now = runtime.now();
  if (found.found) {
    const detail = found.verified ? found.tier : `${found.tier}-unverified`;
    const ttl = Math.floor((found.entry.freshUntil - now) / 1000);
    const status = { hit: true, ttl, detail } as const;
    return respondFromEntry(request, found.entry, status, null, now, tenant.exposeTags);
  }
  const stale = staleAtOnce(engine, key, found, runtime, askedAt);
  if (stale) return serveWhileRefreshing(options, exchange, key, stale, askedAt);
  return forward(options, exchange, key, found, askedAt);
}

/**
 * Asks the origin; when it fails, or has failed a moment ago, what is stale is served if it may be.
 * @param askedAt when the authority was asked
 */
async function forward(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
  missed: Miss,
  askedAt: number,
): Promise<Response> {
  const { engine, throttleMs } = options;
  const { request, tenant, runtime } = exchange;
  const toServe = (since?: number) => staleToServe(engine, key, missed.stale, runtime, since);
  const failing = engine.failures.isFailing(key.fullName, runtime.now());
  const throttled = failing ? await toServe(askedAt) : undefined;
  if (throttled) return serveInstead(exchange, key, engine.sink, throttled, 'throttled');
  const serve = (stale: Found, error: OriginError): Response => {
    if (isOfTheOrigin(error)) engine.failures.record(key.fullName, runtime.now(), throttleMs);
    else askForAll(options, exchange, key, stale, askedAt);
    engine.sink(originError(tenant.id, error.code, error));
    return serveInstead(exchange, key, engine.sink, stale, error);
  };
  const answer = request.method === 'HEAD' ? passHead : load;
  let response: Response;
  try {
    response = await answer(options, exchange, key, missed, askedAt);
  } catch (error) {
    const stale = error instanceof OriginError ? await toServe() : undefined;
    if (!stale || !(error instanceof OriginError)) throw error;
    return serve(stale, error);
  }
  if (!isOriginFailure(response.status)) {
    engine.failures.clear(key.fullName, 'failed');
    return response;
  }
  const stale = await toServe();
  if (!stale) return response;
  // Nobody reads it, and an unread body holds one of the request's few connections.
  response.body?.cancel().catch(() => undefined);
  return serve(stale, new OriginFailure(response.status));
}

/** A 500 may be what this one request causes; without an answer, or behind a gateway that has none, others fare no better. */
function isOfTheOrigin(error: OriginError): boolean {
  return !(error instanceof OriginFailure) || error.status !== 500;
}

/** Asks the origin for the whole, stores it when that is allowed, and answers. */
async function load(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
  missed: Miss,
  askedAt: number,
): Promise<Response> {
  const { engine } = options;
  const { request, tenant, runtime } = exchange;
  const { exposeTags } = tenant;
  const startedAt = runtime.now();
  const answer = await loadFromOrigin(options, exchange, startedAt);
  if (answer.type === 'pass') {
    const { response, body, reason } = answer;
    if (missed.stale && mayEndStored(answer))
      askForAll(options, exchange, key, missed.stale, askedAt);
    return passOn(response, body, forwarded(missed, reason), exposeTags, request);
  }
  const { draft, upstream } = answer;
  const now = runtime.now();
  engine.sink(loaded(tenant.id, key.key, now - startedAt));
  const outcome = fill(
    engine,
    { key, draft, prepared: NOTHING, stamp: missed.stamp, startedAt },
    runtime,
  );
  const status: CacheStatus =
    outcome === 'stored'
      ? { ...forwarded(missed, undefined), stored: true }
      : forwarded(missed, outcome);
  return respondFromEntry(request, draft, status, upstream, now, exposeTags);
}

async function passHead(
  options: GatewayOptions,
  exchange: Exchange,
  _key: CacheKey,
  missed: Miss,
): Promise<Response> {
  const response = await fetchOrigin(options, exchange, false);
  return passOn(response, null, forwarded(missed, undefined), exchange.tenant.exposeTags);
}

/** Why the request went forward, and why its answer is not stored; what is wrong with the authority says more than either. */
function forwarded(missed: Miss, refusal: string | undefined): CacheStatus & { hit: false } {
  const detail =
    missed.reason === 'unavailable'
      ? 'redis-unavailable'
      : (refusal ?? (missed.reason === 'purged' ? 'purged' : undefined));
  const fwd = FORWARD_REASONS[missed.reason];
  return { hit: false, fwd, stored: false, ...(detail === undefined ? {} : { detail }) };
}
