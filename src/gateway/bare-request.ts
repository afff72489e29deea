import { admittedFields } from './admitted-request.ts';
import type { Exchange } from './exchange.ts';
import { ownHops } from './cdn-loop.ts';
import { OWN_HEADERS } from './origin.ts';
import type { Place } from './place.ts';

/**
 * The exchange as nobody in particular would make it: nothing of the client's request goes along but the fields that select
 * what is asked for, and through which gateways it came. What the origin answers it counts for everybody.
 */
export function bareExchange(exchange: Exchange, { record }: Pick<Place, 'record'>): Exchange {
  const headers = new Headers(OWN_HEADERS);
  for (const name of record?.names ?? []) {
    const value = exchange.request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const hops = ownHops(exchange.request.headers.get('cdn-loop'));
  if (hops !== undefined) headers.set('cdn-loop', hops);
  const admitted = admittedFields(headers, exchange.policy);
  return { ...exchange, request: new Request(exchange.url, { headers: admitted }) };
}
