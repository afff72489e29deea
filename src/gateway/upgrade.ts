import { formatCacheStatus } from '../http/cache-status.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { asAsked, type Exchange, type GatewayOptions } from './exchange.ts';
import { fetchOrigin } from './origin.ts';
import { passOn } from './respond.ts';
import { stripTagHeaders } from './tag-headers.ts';

/** True for the opening handshake of a WebSocket (RFC 6455, section 4.1). Other upgrades are not offered: they count as not asked for. */
export function isUpgrade({ method, headers }: Request): boolean {
  return method === 'GET' && headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/**
 * Passes the opening handshake of a WebSocket on, and then every message in both directions, until one side closes. An
 * origin that does not open one has its answer passed on as it comes. Rejects with `OriginError`.
 */
export async function passUpgrade(options: GatewayOptions, exchange: Exchange): Promise<Response> {
  const { exposeTags } = exchange.policy;
  const response = await fetchOrigin(options, asAsked(exchange), {
    conditions: 'as-sent',
    // The client's own ends at this hop.
    add: [['upgrade', 'websocket']],
  });
  const status = { hit: false, fwd: 'bypass', stored: false, detail: 'upgrade' } as const;
  const { webSocket } = response;
  if (!webSocket)
    return passOn(response, response.body, status, {
      now: exchange.runtime.now(),
      expose: exposeTags,
    });
  const headers = new Headers(response.headers);
  deleteHopByHop(headers);
  if (!exposeTags) stripTagHeaders(headers);
  headers.set('cache-status', formatCacheStatus(status, headers.get('cache-status')));
  return new Response(null, { status: 101, webSocket, headers });
}
