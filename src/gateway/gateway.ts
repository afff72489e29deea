import type { Runtime } from '../runtime.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { failureResponse } from './failure.ts';
import { bypassCache, passMethod } from './pass.ts';
import { readThrough } from './read.ts';
import { isUsableKey, resourceKey } from './request-key.ts';

/** The engine's HTTP face: answers a tenant's requests from its entries, or from its origin. */
export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Answers one request of a tenant. A failure of store or origin is a problem response, not a rejection. */
  async handle(request: Request, tenant: TenantPolicy, runtime: Runtime): Promise<Response> {
    const url = new URL(request.url);
    const resource = resourceKey(url);
    const key = isUsableKey(resource) ? this.#options.keys.key(tenant.id, resource) : undefined;
    const exchange: Exchange = { request, url, tenant, key, runtime };
    try {
      return await this.#dispatch(exchange);
    } catch (error) {
      return failureResponse(error, tenant.id, this.#options.engine.sink);
    }
  }

  #dispatch(exchange: Exchange): Promise<Response> {
    const { request, key } = exchange;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return passMethod(this.#options, exchange);
    }
    if (!key) return bypassCache(this.#options, exchange, 'key-too-long');
    if (request.headers.has('range')) return bypassCache(this.#options, exchange, 'range');
    return readThrough(this.#options, exchange, key);
  }
}
