import { Flights } from '../engine/flights.ts';
import type { Runtime } from '../runtime.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { Backoff } from './backoff.ts';
import { Collecting } from './collecting.ts';
import { endToEnd } from './end-to-end.ts';
import type { Exchange, GatewayOptions, GatewayParts } from './exchange.ts';
import { failureResponse } from './failure.ts';
import type { OriginFlight } from './flight.ts';
import { bypassCache, passMethod } from './pass.ts';
import { readThrough } from './read.ts';
import { isUsableKey, resourceKey } from './request-key.ts';
import { Uncacheable } from './uncacheable.ts';
import { isUpgrade, passUpgrade } from './upgrade.ts';

/** The engine's HTTP face: answers a tenant's requests from its entries, or from its origin. */
export class Gateway {
  readonly #parts: GatewayParts;

  constructor(options: GatewayOptions) {
    const flights = new Flights<OriginFlight>();
    this.#parts = {
      ...options,
      flights,
      uncacheable: new Uncacheable(),
      backoff: new Backoff(),
      collecting: new Collecting(),
    };
  }

  /** Answers one request of a tenant. A failure of store or origin is a problem response, not a rejection. */
  async handle(received: Request, tenant: TenantPolicy, runtime: Runtime): Promise<Response> {
    const request = endToEnd(received);
    const { keys, engine } = this.#parts;
    const url = new URL(request.url);
    const resource = resourceKey(url);
    const key = isUsableKey(resource) ? keys.key(tenant.id, resource) : undefined;
    try {
      const debug = await this.#mayDebug(request, tenant);
      return await this.#dispatch({ request, url, tenant, key, runtime, debug });
    } catch (error) {
      return failureResponse(error, tenant.id, engine.sink);
    }
  }

  async #mayDebug({ headers }: Request, { id }: TenantPolicy): Promise<boolean> {
    const token = headers.get('tiercel-debug');
    return token !== null && ((await this.#parts.mayDebug?.(token, id)) ?? false);
  }

  #dispatch(exchange: Exchange): Promise<Response> {
    const { request, key } = exchange;
    const parts = this.#parts;
    if (isUpgrade(request)) return passUpgrade(parts, exchange);
    if (request.method !== 'GET' && request.method !== 'HEAD') return passMethod(parts, exchange);
    if (!key) return bypassCache(parts, exchange, 'key-too-long');
    // They ask something of the origin's present state: no copy can tell.
    if (request.headers.has('if-match') || request.headers.has('if-unmodified-since'))
      return bypassCache(parts, exchange, 'precondition');
    return readThrough(parts, exchange, key);
  }
}
