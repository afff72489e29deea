import { Flights } from '../engine/flights.ts';
import type { Runtime } from '../runtime.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { addFields } from './added-fields.ts';
import { admittedRequest } from './admitted-request.ts';
import { Backoff } from './backoff.ts';
import { isLooped, loopDetected } from './cdn-loop.ts';
import { Collecting } from './collecting.ts';
import { dropsNothing } from './dropped-fields.ts';
import { effectiveUrl } from './effective-url.ts';
import { endToEnd } from './end-to-end.ts';
import type { Exchange, GatewayOptions, GatewayParts } from './exchange.ts';
import { failureResponse } from './failure.ts';
import type { OriginFlight } from './flight.ts';
import { bypassCache, passMethod } from './pass.ts';
import { policyFor } from './policy-for.ts';
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
    const whole = endToEnd(received);
    const { keys, engine } = this.#parts;
    const asked = new URL(whole.url);
    if (isLooped(received, asked)) return loopDetected();
    const policy = policyFor(tenant, asked);
    const url = effectiveUrl(asked, policy);
    const request = dropsNothing(policy) || !isRead(whole) ? whole : admittedRequest(whole, policy);
    const resource = resourceKey(url);
    const key = isUsableKey(resource) ? keys.key(tenant.id, resource) : undefined;
    try {
      const debug = await this.#mayDebug(request, tenant);
      const exchange = { request, url, asked, tenant, policy, key, runtime, debug };
      return addFields(await this.#dispatch(exchange), policy);
    } catch (error) {
      return failureResponse(error, tenant.id, engine.sink);
    }
  }

  async #mayDebug({ headers }: Request, { id }: TenantPolicy): Promise<boolean> {
    const token = headers.get('tiercel-debug');
    return token !== null && ((await this.#parts.mayDebug?.(token, id)) ?? false);
  }

  #dispatch(exchange: Exchange): Promise<Response> {
    const { request, policy, key } = exchange;
    const parts = this.#parts;
    if (isUpgrade(request)) return passUpgrade(parts, exchange);
    if (request.method !== 'GET' && request.method !== 'HEAD') return passMethod(parts, exchange);
    if (policy.cache === 'bypass') return bypassCache(parts, exchange, 'policy');
    if (!key) return bypassCache(parts, exchange, 'key-too-long');
    // They ask something of the origin's present state: no copy can tell.
    if (request.headers.has('if-match') || request.headers.has('if-unmodified-since'))
      return bypassCache(parts, exchange, 'precondition');
    return readThrough(parts, exchange, key);
  }
}

/** Whether the policy for fields and cookies counts for it: whatever may be answered out of a store. */
function isRead(request: Request): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && !isUpgrade(request);
}
