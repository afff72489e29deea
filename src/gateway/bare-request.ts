import type { Exchange } from './exchange.ts';
import { OWN_HEADERS } from './origin.ts';
import type { Place } from './place.ts';

/**
 * The exchange as nobody in particular would make it: nothing of the client's request goes along but the fields that select
 * what is asked for. What the origin answers it counts for everybody.
 */
export function bareExchange(exchange: Exchange, { record }: Pick<Place, 'record'>): Exchange {
  const headers = new Headers(OWN_HEADERS);
  for (const name of record?.names ?? []) {
    const value = exchange.request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return { ...exchange, request: new Request(exchange.url, { headers }) };
}
