import type { Exchange, GatewayParts } from './exchange.ts';
import type { Lead } from './led-request.ts';
import type { OriginAnswer } from './load.ts';
import { askForAll, mayEndStored } from './refresh.ts';
import { passOn } from './respond.ts';
import { forwardedStatus } from './status.ts';

/** Passes on what may not be stored. */
export function passUnkept(
  parts: GatewayParts,
  exchange: Exchange,
  { missing, askedAt }: Lead,
  answer: OriginAnswer,
): Response {
  const { request, policy, runtime } = exchange;
  const { response } = answer;
  const now = runtime.now();
  const passing = { now, expose: policy.exposeTags };
  if (answer.type === 'pass') {
    const { forAll, reason } = answer;
    if (forAll && response.status < 500)
      parts.uncacheable.remember(missing.key.fullName, now, reason);
    // What is kept from the store because of this request says nothing of what is stored for others.
    if (forAll && missing.miss.stale && mayEndStored(answer))
      askForAll(parts, exchange, missing, missing.miss.stale, askedAt);
    const status = forwardedStatus(exchange, missing, { stored: false, refusal: reason });
    const browserTtl = answer.storable ? policy.browserTtl : undefined;
    return passOn(response, response.body, status, {
      ...passing,
      browserTtl,
      conditional: request,
    });
  }
  const status = forwardedStatus(exchange, missing, { stored: false });
  return passOn(response, response.body, status, passing);
}
