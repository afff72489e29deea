import type { Exchange, GatewayParts } from './exchange.ts';
import { standing } from './find.ts';
import { insteadOfStatus, whileFailing } from './instead.ts';
import { fetchOrigin } from './origin.ts';
import { askForAll } from './refresh.ts';
import { passOn, respondFromEntry } from './respond.ts';
import { forwardedStatus, type Missing } from './status.ts';
import { judgeStorability } from './storability.ts';
import { namesOf, store, storedAs } from './store.ts';
import { forAsker, freshened } from './validation.ts';
import { unlessFailing } from './unless-failing.ts';

/**
 * Answers a HEAD that no store has an answer for: the origin is asked by a HEAD. What is stored of the resource and is
 * stale becomes as good as new by it, when both speak of the same representation (RFC 9111, section 4.3.5); when they
 * do not, it is asked for behind the answer. A HEAD makes no entry of its own, and HEADs are not collapsed: what one is
 * answered is for its client alone. An origin that fails is left alone as it is by any other request. Rejects with
 * `OriginError`.
 * @param askedAt when the authority was asked
 */
export async function readHead(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
): Promise<Response> {
  const throttled = await whileFailing(parts, exchange, missing, askedAt);
  const call = (): Promise<Response> => ask(parts, exchange, missing, askedAt);
  return throttled ?? unlessFailing(parts, exchange, missing, askedAt, call);
}

async function ask(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
): Promise<Response> {
  const { request, policy, runtime } = exchange;
  const requestedAt = runtime.now();
  const response = await fetchOrigin(parts, exchange, { conditions: 'strip' });
  const instead = await insteadOfStatus(parts, exchange, missing, askedAt, response);
  if (instead) return instead;
  const now = runtime.now();
  const stale = standing(parts, missing, missing.miss.stale);
  if (stale && response.status === 200) {
    const { maxLifetimeMs } = parts;
    const times = { request, policy, requestedAt, respondedAt: now, now, maxLifetimeMs };
    const draft = freshened(stale.entry, response, times);
    if (draft !== 'mismatch' && !('storable' in draft)) {
      const { stamp } = missing.miss;
      const names = namesOf(draft, policy);
      const answered = 'fields' as const;
      const storing = { draft, names, stamp, startedAt: requestedAt, answered };
      const outcome = storedAs(store(parts, exchange, missing, storing));
      const status = forwardedStatus(exchange, missing, outcome);
      const upstream = response.headers.get('cache-status');
      const told = forAsker(draft, response);
      return respondFromEntry(request, told, status, upstream, now, policy);
    }
    askForAll(parts, exchange, missing, stale, askedAt);
  }
  const status = forwardedStatus(exchange, missing, { stored: false });
  // A GET would be told the same.
  const asGet = { method: 'GET', url: request.url, headers: request.headers };
  const isStorable = judgeStorability(asGet, response, now, policy).storable;
  return passOn(response, null, status, {
    now,
    expose: policy.exposeTags,
    browserTtl: isStorable ? policy.browserTtl : undefined,
    conditional: request,
  });
}
