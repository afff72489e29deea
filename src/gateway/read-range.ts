import { parseRange } from '../http/range.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { standing } from './find.ts';
import { forward } from './forward.ts';
import { findPart, type HeldPart } from './held-part.ts';
import { insteadOfStatus, whileFailing } from './instead.ts';
import { keepPart, partStatus } from './keep-part.ts';
import { keep } from './keep.ts';
import type { Lead } from './led-request.ts';
import { askOrigin } from './load.ts';
import { answerFromPartial } from './partial.ts';
import { judgeRequest } from './request-directives.ts';
import { passOn } from './respond.ts';
import { hitStatus, type Missing } from './status.ts';
import { unlessFailing } from './unless-failing.ts';
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
  const { request } = exchange;
  const stale = standing(parts, missing, missing.miss.stale);
  const isValidated = stale !== undefined && validatorsOf(stale.entry, request).length > 0;
  if (isValidated || !parseRange(request.headers.get('range') ?? ''))
    return forward(parts, exchange, missing, askedAt);
  const held = await findPart(parts, exchange, missing);
  const hit = held && fromPart(exchange, held);
  if (hit) return hit;
  const throttled = await whileFailing(parts, exchange, missing, askedAt);
  const call = (): Promise<Response> => ask(parts, exchange, missing, askedAt, held);
  return throttled ?? unlessFailing(parts, exchange, missing, askedAt, call);
}

/** Answers a GET with `Range` from a part that is stored, and asks nobody. Undefined when none is enough. */
export async function readPart(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
): Promise<Response | undefined> {
  const held = await findPart(parts, exchange, missing);
  return held && fromPart(exchange, held);
}

/** Answers from a part, when it is enough, and fresh enough for this client. */
function fromPart(exchange: Exchange, { key, found }: HeldPart): Response | undefined {
  const { request, policy, runtime } = exchange;
  const now = runtime.now();
  const wish = judgeRequest(request, policy.requestDirectives === 'honour');
  if (!wish.accepts(found.entry, 'fresh', now)) return undefined;
  const status = hitStatus(exchange, { key }, found, now);
  return answerFromPartial(request, found.entry, status, now, policy);
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
  const instead = await insteadOfStatus(parts, exchange, missing, askedAt, response);
  if (instead) return instead;
  if (response.status === 206) return keepPart(parts, exchange, missing, answer, held);
  // The whole, although a part was asked for: it is stored as for any other request. Any other status may be what the range
  // or a condition has caused, which others do not send.
  if (answer.type === 'storable' && response.status === 200)
    return keep(parts, exchange, forItself(missing, askedAt), answer);
  const refusal = answer.type === 'pass' ? answer.reason : 'range';
  const status = partStatus(exchange, missing, held, { stored: false, refusal });
  return passOn(response, response.body, status, {
    now: exchange.runtime.now(),
    expose: exchange.policy.exposeTags,
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
