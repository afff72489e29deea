import { NOTHING, plainFace } from '../engine/face.ts';
import { fill } from '../engine/fill.ts';
import type { Miss } from '../engine/found.ts';
import { lookup } from '../engine/lookup.ts';
import type { CacheStatus, ForwardReason } from '../http/cache-status.ts';
import { bypass, load as loaded, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import { readBounded } from './body.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { creationTime } from './freshness.ts';
import { httpEntry } from './http-entry.ts';
import { fetchOrigin } from './origin.ts';
import { passOn, respondFromEntry } from './respond.ts';
import { judgeStorability } from './storability.ts';

const FORWARD_REASONS: Record<MissReason, ForwardReason> = {
  absent: 'uri-miss',
  expired: 'stale',
  stale: 'stale',
  purged: 'miss',
  invalid: 'miss',
  disabled: 'miss',
  unavailable: 'miss',
};

/** Answers a GET or HEAD from the tiers, else from the origin. Rejects with `OriginError` or `AuthorityUnavailable`. */
export async function readThrough(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
): Promise<Response> {
  const { request, runtime } = exchange;
  const found = await lookup(options.engine, key, plainFace, runtime);
  if (!found.found) {
    return request.method === 'HEAD'
      ? passHead(options, exchange, found)
      : load(options, exchange, key, found);
  }
  const now = runtime.now();
  const detail = found.verified ? found.tier : `${found.tier}-unverified`;
  const ttl = Math.floor((found.entry.freshUntil - now) / 1000);
  return respondFromEntry(request, found.entry, { hit: true, ttl, detail }, null, now);
}

/** Asks the origin for the whole, stores it when that is allowed, and answers. */
async function load(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
  missed: Miss,
): Promise<Response> {
  const { engine, maxLifetimeMs } = options;
  const { request, tenant, runtime } = exchange;
  const startedAt = runtime.now();
  const response = await fetchOrigin(options, exchange, true);
  const respondedAt = runtime.now();
  const verdict = judgeStorability(request, response, respondedAt);
  if (!verdict.storable) {
    engine.sink(bypass(tenant.id, verdict.reason));
    return passOn(response, response.body, forwarded(missed, verdict.reason), request);
  }
  const patience = runtime.sleep(engine.maxLoadMs - (respondedAt - startedAt));
  const body = await readBounded(response, engine.maxEntryBytes, patience);
  if (!body.whole) {
    engine.sink(bypass(tenant.id, body.reason));
    return passOn(response, body.stream, forwarded(missed, body.reason), request);
  }
  const now = runtime.now();
  engine.sink(loaded(tenant.id, key.key, now - startedAt));
  const draft = await httpEntry({
    response,
    bytes: body.bytes,
    lifetime: verdict.lifetime,
    maxLifetimeMs,
    createdAt: creationTime(response.headers, startedAt, respondedAt),
    now,
    loadMs: now - startedAt,
  });
  const outcome = fill(
    engine,
    { key, draft, prepared: NOTHING, stamp: missed.stamp, startedAt },
    runtime,
  );
  const status: CacheStatus =
    outcome === 'stored'
      ? { ...forwarded(missed, undefined), stored: true }
      : forwarded(missed, outcome);
  return respondFromEntry(request, draft, status, response.headers.get('cache-status'), now);
}

async function passHead(
  options: GatewayOptions,
  exchange: Exchange,
  missed: Miss,
): Promise<Response> {
  const response = await fetchOrigin(options, exchange, false);
  return passOn(response, null, forwarded(missed, undefined));
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
