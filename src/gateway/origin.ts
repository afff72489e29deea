import { OriginError } from '../errors.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { checkAddress } from './origin-address.ts';
import { excessOf, faultOf } from './origin-fault.ts';
import { originHeaders, type ConditionChoice } from './request-headers.ts';
import { originTarget } from './request-key.ts';

/** What the gateway says of itself where it asks for nobody in particular: some origins refuse who says nothing. */
export const OWN_HEADERS: Readonly<Record<string, string>> = {
  accept: '*/*',
  'user-agent': 'Tiercel',
};

/**
 * Asks the origin, if the tenant's quota of GETs and HEADs has room for it. Redirects are passed on, not followed. Rejects with
 * {@link OriginError}, also for an answer that can't be passed on: a status that is not final, as 1xx, a header field that no
 * `Headers` takes, or too many of them.
 * @param choice what of the client's conditions goes along, and what of ours
 */
export async function fetchOrigin(
  {
    fetch,
    originTimeoutMs,
    loads,
    privateOrigins,
  }: Pick<GatewayOptions, 'fetch' | 'originTimeoutMs' | 'loads' | 'privateOrigins'>,
  { request, url, tenant, runtime }: Pick<Exchange, 'request' | 'url' | 'tenant' | 'runtime'>,
  choice: ConditionChoice,
): Promise<Response> {
  checkAddress(tenant, privateOrigins);
  if (isCounted(request)) loads.spend(tenant, runtime.now());
  const abort = new AbortController();
  let waiting = true;
  // Only the head is waited for: a body may take as long as its reader has patience.
  const timer = new AbortController();
  void runtime
    .sleep(originTimeoutMs, timer.signal)
    .then(() => (waiting ? abort.abort() : undefined));
  const init: RequestInit = {
    method: request.method,
    headers: originHeaders(request, url, choice),
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
    timer.abort();
  }
  const { webSocket } = response;
  const opens = response.status === 101 && webSocket;
  const fault = opens ? excessOf(response.headers) : faultOf(response);
  if (fault === undefined) return response;
  await response.body?.cancel().catch(() => undefined);
  throw new OriginError('origin_invalid', fault);
}

/** Whether it takes of the tenant's quota: the opening of a WebSocket as well, but not what may change something, and must not be lost. */
function isCounted({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}
