import { NOTHING, plainFace } from '../engine/face.ts';
import type { FailureKind } from '../engine/failures.ts';
import type { Found } from '../engine/found.ts';
import type { Loaded, Source } from '../engine/load.ts';
import { refreshBehind } from '../engine/obtain.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { loadFromOrigin, type OriginAnswer } from './load.ts';
import { OWN_HEADERS } from './origin.ts';
import { isOriginFailure, OriginFailure } from './origin-failure.ts';
import { STORABLE_STATUS } from './storability.ts';

/**
 * Refreshes a stale entry behind the response: one refresh at a time for each key in this isolate. Its answer is for
 * everybody, so that nothing of the reader's request goes along: neither credentials nor anything else that the origin
 * could answer in a way of its own.
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
      refreshed(stale, await loadFromOrigin(options, bare(exchange), startedAt)),
    kindOf,
  };
  refreshBehind(engine, source, stale, asked, exchange.runtime);
}

/**
 * Refreshes a stale entry because of what one reader was answered, unless a refresh has failed a moment ago. What the
 * origin says to one request, with all that its reader sent along, says nothing of what is stored for all: this asks.
 * @param asked as for {@link refresh}
 */
export function askForAll(
  options: GatewayOptions,
  exchange: Exchange,
  key: CacheKey,
  stale: Found,
  asked: number,
): void {
  const { failures } = options.engine;
  if (!failures.isRecent(key.fullName, exchange.runtime.now()))
    refresh(options, exchange, key, stale, asked);
}

/** True for an answer that may not be kept although its status may be: if that is so for all, what is stored is over. */
export function mayEndStored({ response, reason }: OriginAnswer & { type: 'pass' }): boolean {
  // The resource is still what it was: only its body took too long.
  return STORABLE_STATUS.has(response.status) && reason !== 'too-slow';
}

function bare(exchange: Exchange): Exchange {
  return { ...exchange, request: new Request(exchange.url, { headers: OWN_HEADERS }) };
}

/** An answer that is no failure by RFC 5861, section 4, but brings nothing either: nothing stale may be served in its place. */
function kindOf(error: unknown): FailureKind {
  return error instanceof OriginFailure && !isOriginFailure(error.status) ? 'refused' : 'failed';
}

function refreshed({ entry }: Found, answer: OriginAnswer): Loaded {
  if (answer.type === 'entry') return { draft: answer.draft, prepared: NOTHING, store: true };
  const { response, body } = answer;
  // Nobody reads it, and an unread body holds one of the request's few connections.
  body?.cancel().catch(() => undefined);
  if (!STORABLE_STATUS.has(response.status)) throw new OriginFailure(response.status);
  return { draft: entry, prepared: NOTHING, store: false, gone: mayEndStored(answer) };
}
