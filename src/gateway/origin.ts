import { OriginError } from '../errors.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { originHeaders, type ConditionChoice } from './request-headers.ts';
import { originTarget } from './request-key.ts';

/** What the gateway says of itself where it asks for nobody in particular: some origins refuse who says nothing. */
export const OWN_HEADERS: Readonly<Record<string, string>> = {
  accept: '*/*',
  'user-agent': 'Tiercel',
};

/**
 * Asks the origin. Redirects are passed on, not followed. Rejects with {@link OriginError}, also for an answer that can't
 * be passed on: a status that is not final, as 1xx, or a header field that no `Headers` takes.
 * @param choice what of the client's conditions goes along, and what of ours
 */
export async function fetchOrigin(
  { fetch, originTimeoutMs }: Pick<GatewayOptions, 'fetch' | 'originTimeoutMs'>,
  { request, url, tenant, runtime }: Pick<Exchange, 'request' | 'url' | 'tenant' | 'runtime'>,
  choice: ConditionChoice,
): Promise<Response> {
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
  if (response.status === 101 && webSocket) return response;
  const fault = faultOf(response);
  if (fault === undefined) return response;
  await response.body?.cancel().catch(() => undefined);
  throw new OriginError('origin_invalid', fault);
}

const INVALID = 'The origin answered with a status line or a header field that is invalid.';

/** Why a response can't be passed on; undefined for one that can. */
function faultOf({ status, statusText, headers }: Response): string | undefined {
  if (status < 200 || status > 599) return `The origin answered with the status ${status}.`;
  try {
    // What can't be built again can't be sent either.
    return new Response(null, { statusText, headers }).ok ? undefined : INVALID;
  } catch {
    return INVALID;
  }
}
