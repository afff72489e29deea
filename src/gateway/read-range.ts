import { OriginError } from '../errors.ts';
import { parseRange } from '../http/range.ts';
import { RetryLater } from './backoff.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { standing } from './find.ts';
import { forward } from './forward.ts';
import { findPart, type HeldPart } from './held-part.ts';
import { failureOf, insteadOf, whileFailing } from './instead.ts';
import { keepPart, partStatus } from './keep-part.ts';
import { keep } from './keep.ts';
import type { Lead } from './led-request.ts';
import { askOrigin } from './load.ts';
import { isOriginFailure, OriginFailure } from './origin-failure.ts';
import { answerFromPartial } from './partial.ts';
import { judgeRequest } from './request-directives.ts';
import { passOn } from './respond.ts';
import { hitStatus, type Missing } from './status.ts';
import { validatorsOf } from './validation.ts';

/**
 * Answers a GET with `Range` where nothing whole is fresh: out of a part that is; else the origin is asked as the client
 * asks. A part that it answers is passed on while it is stored, beside the whole and never in its place. Whatever is stale
 * and can be validated is validated as a whole, and the whole is asked for where `Range` counts for nothing. Requests for
 * parts are not collapsed. Rejects with `OriginError`.
 * @param askedAt when the authority was asked
 */
export async function readRange(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
): Promise<Response> {
  const { request, runtime } = exchange;
  const stale = standing(parts, missing, missing.miss.stale);
  const isValidated = stale !== undefined && validatorsOf(stale.entry).length > 0;
  if (isValidated || !parseRange(request.headers.get('range') ?? ''))
    return forward(parts, exchange, missing, askedAt);
  const held = await findPart(parts, exchange, missing);
  const hit = held && fromPart(exchange, held);
  if (hit) return hit;
  const throttled = await whileFailing(parts, exchange, missing, askedAt);
  if (throttled) return throttled;
  const { fullName } = missing.key;
  const { backoff } = parts;
  const refusal = backoff.refusal(fullName, runtime.now());
  if (refusal) throw new RetryLater(refusal.error, refusal.ms);
  try {
    const response = await ask(parts, exchange, missing, askedAt, held);
    backoff.answered(fullName);
    return response;
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    const instead = await insteadOf(parts, exchange, missing, askedAt, error);
    if (instead) return instead;
    if (error.code !== 'origin_invalid') backoff.failed(fullName, runtime.now(), error);
    throw failureOf(missing, error);
  }
}

/** Answers from a part, when it is enough, and fresh enough for this client. */
function fromPart(exchange: Exchange, { key, found }: HeldPart): Response | undefined {
  const { request, tenant, runtime } = exchange;
  const now = runtime.now();
  const wish = judgeRequest(request, tenant.requestDirectives === 'honour');
  if (!wish.accepts(found.entry, 'fresh', now)) return undefined;
  const status = hitStatus(exchange, { key }, found, now);
  return answerFromPartial(request, found.entry, status, now, tenant.exposeTags);
}

/** Asks the origin for what the client asks for. */
async function ask(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
  held: HeldPart | undefined,
): Promise<Response> {
  const answer = await askOrigin(parts, exchange, { conditions: 'as-sent' });
  const { response } = answer;
  if (isOriginFailure(response.status)) {
    const failure = new OriginFailure(response.status);
    const instead = await insteadOf(parts, exchange, missing, askedAt, failure);
    if (instead) {
      // Nobody reads it, and an unread body holds one of the request's few connections.
      response.body?.cancel().catch(() => undefined);
      return instead;
    }
  } else parts.engine.failures.clear(missing.key.fullName, 'failed');
  if (response.status === 206) return keepPart(parts, exchange, missing, answer, held);
  // The whole, although a part was asked for: it is stored as for any other request. Any other status may be what the range
  // or a condition has caused, which others do not send.
  if (answer.type === 'storable' && response.status === 200)
    return keep(parts, exchange, forItself(missing, askedAt), answer);
  const refusal = answer.type === 'pass' ? answer.reason : 'range';
  const status = partStatus(exchange, missing, held, { stored: false, refusal });
  return passOn(response, response.body, status, {
    now: exchange.runtime.now(),
    expose: exchange.tenant.exposeTags,
  });
}

/** A request that nobody waits for. */
function forItself(missing: Missing, askedAt: number): Lead {
  return {
    missing,
    askedAt,
    announce: () => undefined,
    insteadOf: () => Promise.resolve(undefined),
    alone: true,
  };
}
