import { NOTHING, plainFace } from '../engine/face.ts';
import type { Found } from '../engine/found.ts';
import type { Loaded, Source } from '../engine/load.ts';
import { refreshBehind } from '../engine/obtain.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { loadFromOrigin, type OriginAnswer } from './load.ts';
import { OriginFailure } from './origin-failure.ts';
import { STORABLE_STATUS } from './storability.ts';

/**
 * Refreshes a stale entry behind the response: one refresh at a time for each key in this isolate, and none for a while
 * after one that failed.
 * @param asked when the authority was asked, which had nothing fresher; undefined when it was not: it is then, first
 */
export function refresh(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
  stale: Found,
  asked: number | undefined,
): void {
  const { engine, throttleMs } = options;
  const source: Source = {
    key,
    face: plainFace,
    policy: {
      earlyRefresh: 0,
      softTimeoutMs: undefined,
      hardTimeoutMs: engine.maxLoadMs,
      throttleMs,
      lease: undefined,
      lifetimes: undefined,
    },
    load: async ({ startedAt }) =>
      refreshed(stale, await loadFromOrigin(options, forRefresh(exchange), startedAt)),
  };
  refreshBehind(engine, source, stale, asked, exchange.runtime);
}

/** A GET for the whole, and not for what this client in particular wants of caches. */
function forRefresh(exchange: Exchange): Exchange {
  const headers = new Headers(exchange.request.headers);
  headers.delete('cache-control');
  headers.delete('pragma');
  return { ...exchange, request: new Request(exchange.url, { method: 'GET', headers }) };
}

/** Refusals that are about one client's request, or about time: they say nothing of what is stored. */
const NOT_OF_THE_RESOURCE: ReadonlySet<string> = new Set(['authorization', 'too-slow']);

function refreshed({ entry }: Found, answer: OriginAnswer): Loaded {
  if (answer.type === 'entry') return { draft: answer.draft, prepared: NOTHING, store: true };
  const { response, body, reason } = answer;
  // Nobody reads it, and an unread body holds one of the request's few connections.
  body?.cancel().catch(() => undefined);
  if (!STORABLE_STATUS.has(response.status)) throw new OriginFailure(response.status);
  // The resource is still there and nobody may keep it any more: what is stored must not be served for it.
  const gone = !NOT_OF_THE_RESOURCE.has(reason);
  return { draft: entry, prepared: NOTHING, store: false, gone };
}
