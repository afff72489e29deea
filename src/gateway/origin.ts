import { OriginError } from '../errors.ts';
import { deleteHopByHop } from '../http/hop-by-hop.ts';
import type { Runtime } from '../runtime.ts';
import type { TenantPolicy } from '../tenant/policy.ts';
import { originTarget } from './request-key.ts';

/** The platform's `fetch`, as far as it is used. Injected so that outgoing requests can be counted. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * Request headers that never reach an origin: they can change its answer and are no part of the key, or they claim what
 * only this gateway may say.
 */
export const STRIPPED_REQUEST_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
  'true-client-ip',
  'cache-tag',
  'cache-groups',
  'surrogate-key',
] as const;

/** Headers by which a client asks for less than the whole: a load for the store must get all of it. */
const CONDITIONAL_HEADERS = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
] as const;

/** The request as it goes to the origin. */
export interface OriginRequest {
  readonly request: Request;
  readonly url: URL;
  readonly tenant: TenantPolicy;
  /** The answer may be stored: the client's own conditions stay here. */
  readonly forStore: boolean;
  /** How long the response's head may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}

/** Asks the origin. Redirects are passed on, not followed. Rejects with {@link OriginError}. */
export async function fetchOrigin(
  fetch: Fetch,
  { request, url, tenant, forStore, timeoutMs, runtime }: OriginRequest,
): Promise<Response> {
  const abort = new AbortController();
  let waiting = true;
  // Only the head is waited for: a body may take as long as its reader has patience.
  void runtime.sleep(timeoutMs).then(() => (waiting ? abort.abort() : undefined));
  const init: RequestInit = {
    method: request.method,
    headers: originHeaders(request, url, forStore),
    redirect: 'manual',
    // The platform's own cache in front of the origin would answer after a purge what was there before it.
    cache: 'no-store',
    signal: abort.signal,
  };
  if (request.body !== null && request.method !== 'GET' && request.method !== 'HEAD')
    init.body = request.body;
  try {
    return await fetch(tenant.origin + originTarget(url), init);
  } catch (cause) {
    if (abort.signal.aborted) {
      throw new OriginError('origin_timeout', `The origin did not answer within ${timeoutMs} ms.`, {
        cause,
      });
    }
    throw new OriginError('origin_unreachable', 'The origin could not be reached.', { cause });
  } finally {
    waiting = false;
  }
}

function originHeaders(request: Request, url: URL, forStore: boolean): Headers {
  const headers = new Headers(request.headers);
  deleteHopByHop(headers);
  const client = headers.get('cf-connecting-ip');
  for (const name of STRIPPED_REQUEST_HEADERS) headers.delete(name);
  const platformNames = [...headers.keys()].filter((name) => name.startsWith('cf-'));
  for (const name of platformNames) headers.delete(name);
  if (forStore) for (const name of CONDITIONAL_HEADERS) headers.delete(name);
  headers.delete('host');
  // One coding, so that an entity tag names one sequence of bytes.
  headers.set('accept-encoding', 'identity');
  if (client) headers.set('x-forwarded-for', client);
  headers.set('x-forwarded-proto', url.protocol.slice(0, -1));
  headers.set('x-forwarded-host', url.host);
  return headers;
}
