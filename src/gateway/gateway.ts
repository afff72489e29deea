import { fill } from '../engine/fill.ts';
import { lookup, type Miss } from '../engine/lookup.ts';
import type { EngineParts } from '../engine/parts.ts';
import { purge } from '../engine/purge.ts';
import { AuthorityUnavailable, OriginError } from '../errors.ts';
import { formatCacheStatus, type ForwardReason } from '../http/cache-status.ts';
import { problemResponse } from '../http/problem.ts';
import type { Runtime } from '../runtime.ts';
import { bypass, originError, type MissReason } from '../telemetry/events.ts';
import type { KeySpace } from '../tenant/key.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { prefixTarget } from '../tenant/target.ts';
import { readBounded } from './body.ts';
import { creationTime } from './freshness.ts';
import { httpEntry } from './http-entry.ts';
import { fetchOrigin, type Fetch } from './origin.ts';
import { resourceKey } from './request-key.ts';
import { passOn, respondFromEntry } from './respond.ts';
import { judgeStorability } from './storability.ts';

export interface GatewayOptions {
  readonly engine: EngineParts;
  readonly keys: KeySpace;
  readonly fetch: Fetch;
  readonly originTimeoutMs: number;
  /** The longest that any entry may live, in milliseconds. */
  readonly maxLifetimeMs: number;
}

interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly tenant: TenantPolicy;
  readonly runtime: Runtime;
}

const FORWARD_REASONS: Record<MissReason, ForwardReason> = {
  absent: 'uri-miss',
  expired: 'stale',
  stale: 'stale',
  purged: 'miss',
  unavailable: 'miss',
};

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** The engine's HTTP face: answers a tenant's requests from its entries, or from its origin. */
export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Answers one request of a tenant. Never rejects on a failure of store or origin: those are problem responses. */
  async handle(request: Request, tenant: TenantPolicy, runtime: Runtime): Promise<Response> {
    const exchange: Exchange = { request, url: new URL(request.url), tenant, runtime };
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return await this.#passMethod(exchange);
      if (request.headers.has('range') || request.headers.has('upgrade'))
        return await this.#bypass(exchange);
      return await this.#read(exchange);
    } catch (error) {
      return this.#failure(error, tenant);
    }
  }

  async #read(exchange: Exchange): Promise<Response> {
    const { engine, keys } = this.#options;
    const { request, url, tenant, runtime } = exchange;
    const key = keys.key(tenant.id, resourceKey(url));
    const found = await lookup(engine, key, runtime);
    if (!found.found)
      return request.method === 'HEAD'
        ? this.#passHead(exchange, found)
        : this.#load(exchange, found);
    const now = runtime.now();
    const detail = found.verified ? found.tier : `${found.tier}-unverified`;
    const ttl = Math.floor((found.entry.freshUntil - now) / 1000);
    return respondFromEntry(request, found.entry, { hit: true, ttl, detail }, now);
  }

  /** Asks the origin for the whole, stores it when that is allowed, and answers. */
  async #load(exchange: Exchange, missed: Miss): Promise<Response> {
    const { engine, keys, maxLifetimeMs } = this.#options;
    const { request, url, tenant, runtime } = exchange;
    const fwd = FORWARD_REASONS[missed.reason];
    const startedAt = runtime.now();
    const response = await this.#fetch(exchange, true);
    const respondedAt = runtime.now();
    const refusal = detailOf(missed);
    const verdict = judgeStorability(request, response, respondedAt);
    if (!verdict.storable) {
      engine.sink(bypass(tenant.id, verdict.reason));
      return passOn(response, response.body, {
        hit: false,
        fwd,
        stored: false,
        ...(refusal ?? { detail: verdict.reason }),
      });
    }
    const body = await readBounded(response, engine.maxEntryBytes, runtime.sleep(engine.maxLoadMs));
    if (!body.whole) {
      engine.sink(bypass(tenant.id, 'too-large-or-slow'));
      return passOn(response, body.stream, {
        hit: false,
        fwd,
        stored: false,
        ...(refusal ?? { detail: 'too-large-or-slow' }),
      });
    }
    const now = runtime.now();
    const createdAt = creationTime(response.headers, startedAt, respondedAt);
    const loadMs = now - startedAt;
    const draft = await httpEntry({
      response,
      bytes: body.bytes,
      lifetime: verdict.lifetime,
      maxLifetimeMs,
      createdAt,
      now,
      loadMs,
    });
    const key = keys.key(tenant.id, resourceKey(url));
    const stored =
      fill(engine, { key, draft, stamp: missed.stamp, startedAt }, runtime) === 'stored';
    return respondFromEntry(request, draft, { hit: false, fwd, stored, ...refusal }, now);
  }

  async #passHead(exchange: Exchange, missed: Miss): Promise<Response> {
    const response = await this.#fetch(exchange, false);
    return passOn(response, null, {
      hit: false,
      fwd: FORWARD_REASONS[missed.reason],
      stored: false,
      ...detailOf(missed),
    });
  }

  async #bypass(exchange: Exchange): Promise<Response> {
    const response = await this.#fetch(exchange, false);
    // An accepted upgrade carries its socket in the response itself.
    if (response.status === 101) return response;
    return passOn(response, response.body, { hit: false, fwd: 'bypass', stored: false });
  }

  /** Every other method goes to the origin; a successful unsafe one invalidates its URL (RFC 9111, section 4.4). */
  async #passMethod(exchange: Exchange): Promise<Response> {
    const { request, url, tenant, runtime } = exchange;
    const response = await this.#fetch(exchange, false);
    let detail: { detail: string } | undefined;
    if (!SAFE_METHODS.has(request.method) && response.status >= 200 && response.status < 400) {
      try {
        await purge(
          this.#options.engine,
          tenant.id,
          [prefixTarget(resourceKey(url))],
          'hard',
          runtime,
        );
      } catch (error) {
        if (!(error instanceof AuthorityUnavailable)) throw error;
        detail = { detail: 'invalidation-failed' };
      }
    }
    return passOn(response, response.body, { hit: false, fwd: 'method', stored: false, ...detail });
  }

  #fetch({ request, url, tenant, runtime }: Exchange, forStore: boolean): Promise<Response> {
    const { fetch, originTimeoutMs } = this.#options;
    return fetchOrigin(fetch, {
      request,
      url,
      tenant,
      forStore,
      timeoutMs: originTimeoutMs,
      runtime,
    });
  }

  #failure(error: unknown, tenant: TenantPolicy): Response {
    if (error instanceof OriginError) {
      this.#options.engine.sink(originError(tenant.id, error.code, error));
      const status = error.code === 'origin_timeout' ? 504 : 502;
      return problemResponse({
        status,
        title: status === 504 ? 'Gateway Timeout' : 'Bad Gateway',
        code: error.code,
        detail: error.message,
        headers: {
          'cache-status': formatCacheStatus(
            { hit: false, fwd: 'miss', stored: false, detail: error.code },
            null,
          ),
        },
      });
    }
    if (error instanceof AuthorityUnavailable) {
      return problemResponse({
        status: 503,
        title: 'Service Unavailable',
        code: error.code,
        detail: 'The store that orders purges does not answer, and the configuration requires it.',
        extra: { retryable: true },
        headers: {
          'retry-after': '1',
          'cache-status': formatCacheStatus(
            { hit: false, fwd: 'miss', stored: false, detail: 'redis-unavailable' },
            null,
          ),
        },
      });
    }
    throw error;
  }
}

function detailOf(missed: Miss): { detail: string } | undefined {
  if (missed.reason === 'unavailable') return { detail: 'redis-unavailable' };
  return missed.reason === 'purged' ? { detail: 'purged' } : undefined;
}
