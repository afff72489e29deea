import { OriginError } from '../errors.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { originTarget } from './request-key.ts';

/**
 * Request headers that never reach an origin: they can change its answer and are no part of the key, or they claim what
 * only this gateway may say. Besides these: everything that begins with `cf-`, `x-envoy-`, `x-forwarded` or `x-original-`, every
 * name with an underscore, and what ends at the next hop.
 */
export const STRIPPED_REQUEST_HEADERS = [
  'cache-group-invalidation',
  'cache-groups',
  'cache-tag',
  'client-ip',
  'forwarded',
  'forwarded-for',
  'front-end-https',
  'surrogate-key',
  'true-client-ip',
  'x-arr-ssl',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-host',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-middleware-subrequest',
  'x-proxy-host',
  'x-real-ip',
  'x-rewrite-url',
  'x-scheme',
  'x-url',
  'x-url-scheme',
] as const;

/** What the gateway says of itself where it asks for nobody in particular: some origins refuse who says nothing. */
export const OWN_HEADERS: Readonly<Record<string, string>> = {
  accept: '*/*',
  'user-agent': 'Tiercel',
};

/** Headers by which a client asks for less than the whole: a load for the store must get all of it. */
const CONDITIONAL_HEADERS = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
] as const;

/** Prefixes of names that claim what only this gateway may say, in the spellings that nobody can list. */
const STRIPPED_PREFIXES = ['cf-', 'x-envoy-', 'x-forwarded', 'x-original-'] as const;

/**
 * Asks the origin. Redirects are passed on, not followed. Rejects with {@link OriginError}.
 * @param forStore the answer may be stored: the client's own conditions stay here
 */
export async function fetchOrigin(
  { fetch, originTimeoutMs }: Pick<GatewayOptions, 'fetch' | 'originTimeoutMs'>,
  { request, url, tenant, runtime }: Omit<Exchange, 'key'>,
  forStore: boolean,
): Promise<Response> {
  const abort = new AbortController();
  let waiting = true;
  // Only the head is waited for: a body may take as long as its reader has patience.
  void runtime.sleep(originTimeoutMs).then(() => (waiting ? abort.abort() : undefined));
  const init: RequestInit = {
    method: request.method,
    headers: originHeaders(request, url, forStore),
    redirect: 'manual',
    // The platform's own cache in front of the origin would answer after a purge what was there before it.
    cache: 'no-store',
    signal: abort.signal,
  };
  if (request.body !== null && request.method !== 'GET' && request.method !== 'HEAD') {
    init.body = request.body;
  }
  let response: Response;
  try {
    response = await fetch(tenant.origin + originTarget(url), init);
  } catch (cause) {
    throw abort.signal.aborted
      ? new OriginError(
          'origin_timeout',
          `The origin did not answer within ${originTimeoutMs} ms.`,
          { cause },
        )
      : new OriginError('origin_unreachable', 'The origin could not be reached.', { cause });
  } finally {
    waiting = false;
  }
  if (response.status < 200 || response.status > 599) {
    await response.body?.cancel().catch(() => undefined);
    throw new OriginError(
      'origin_invalid',
      `The origin answered with the status ${response.status}.`,
    );
  }
  return response;
}

function originHeaders(request: Request, url: URL, forStore: boolean): Headers {
  const headers = new Headers(request.headers);
  // Before `Connection` can name it.
  const client = headers.get('cf-connecting-ip');
  deleteHopByHop(headers);
  for (const name of STRIPPED_REQUEST_HEADERS) headers.delete(name);
  const claims = [...headers.keys()].filter(
    // Many servers read `_` in a name as `-`: x_forwarded_host would be x-forwarded-host again.
    (name) => name.includes('_') || STRIPPED_PREFIXES.some((prefix) => name.startsWith(prefix)),
  );
  for (const name of claims) headers.delete(name);
  if (forStore) for (const name of CONDITIONAL_HEADERS) headers.delete(name);
  headers.delete('host');
  // One coding, so that an entity tag names one sequence of bytes.
  headers.set('accept-encoding', 'identity');
  if (client) headers.set('x-forwarded-for', client);
  headers.set('x-forwarded-proto', url.protocol.slice(0, -1));
  headers.set('x-forwarded-host', url.host);
  return headers;
}
