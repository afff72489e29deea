import type { Found } from '../engine/found.ts';
import { asOriginSays } from './answer-head.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { standing } from './find.ts';
import type { Landed } from './flight.ts';
import { keep } from './keep.ts';
import type { Lead } from './led-request.ts';
import { askOrigin, type OriginAnswer } from './load.ts';
import { isOriginFailure, OriginFailure } from './origin-failure.ts';
import { askForAll } from './refresh.ts';
import { respondFromEntry } from './respond.ts';
import { traitsOf } from './request-traits.ts';
import { forwardedStatus } from './status.ts';
import { namesOf, recordFor, store, storedAs } from './store.ts';
import { passUnkept } from './unkept.ts';
import { forAsker, freshened, validatorsOf } from './validation.ts';
import { selectionDigest } from './variants.ts';

/**
 * Asks the origin: for what is new, where something is stored that it can be held against. The client gets the answer
 * while it is being stored. Rejects with `OriginError`.
 */
export async function leadRequest(
  parts: GatewayParts,
  exchange: Exchange,
  lead: Lead,
): Promise<Response> {
  const { engine } = parts;
  const { missing } = lead;
  const stale = standing(parts, missing, missing.miss.stale);
  const add = stale ? validatorsOf(stale.entry, exchange.request) : [];
  const conditions = lead.alone && add.length === 0 ? 'as-sent' : 'strip';
  let answer = await askOrigin(parts, exchange, { conditions, add });
  if (answer.type === 'not-modified' && stale) {
    const response = validated(parts, exchange, lead, stale, answer);
    if (response) return response;
    // It spoke of another one than what is stored.
    answer = await askOrigin(parts, exchange, { conditions: 'strip' });
  }
  const { response } = answer;
  if (isOriginFailure(response.status)) {
    const error = new OriginFailure(response.status);
    const instead = await lead.insteadOf(error);
    if (instead) {
      lead.announce({ type: 'failed', error });
      // Nobody reads it, and an unread body holds one of the request's few connections.
      response.body?.cancel().catch(() => undefined);
      return instead;
    }
  } else engine.failures.clear(missing.key.fullName, 'failed');
  if (answer.type === 'storable') return keep(parts, exchange, lead, answer);
  const isPersonal = answer.type === 'pass' && !answer.forAll;
  lead.announce({ type: 'alone', ...(isPersonal ? { because: traitsOf(exchange.request) } : {}) });
  return passUnkept(parts, exchange, lead, answer);
}

/** Answers with what is stored, brought up to date by a 304. Undefined when it can't be. */
function validated(
  parts: GatewayParts,
  exchange: Exchange,
  { missing, announce, askedAt }: Lead,
  found: Found,
  { response, requestedAt, respondedAt }: OriginAnswer,
): Response | undefined {
  const { entry } = found;
  const { request, policy, runtime } = exchange;
  const now = runtime.now();
  const { maxLifetimeMs } = parts;
  const times = { request, policy, requestedAt, respondedAt, now, maxLifetimeMs };
  const made = freshened(entry, response, times);
  if (made === 'mismatch') return undefined;
  const forOne = 'storable' in made;
  const draft = forOne ? made.draft : made;
  const { stamp } = missing.miss;
  const names = namesOf(draft, policy);
  const record = recordFor(parts, missing, names, runtime);
  const digest = record ? selectionDigest(record.names, request.headers) : '';
  const outcome = forOne
    ? { stored: false, refusal: made.reason }
    : storedAs(
        store(
          parts,
          exchange,
          { ...missing, record },
          {
            draft,
            names,
            stamp,
            startedAt: requestedAt,
            answered: 'fields',
          },
        ),
      );
  const isReflected = outcome.refusal === 'reflected';
  const landing = Promise.resolve<Landed>(
    isReflected ? { type: 'reflected' } : { type: 'loaded', draft, stamp },
  );
  if (forOne) announce({ type: 'alone', because: traitsOf(request) });
  else if (draft.freshUntil > now) announce({ type: 'shared', record, digest, landing });
  else announce({ type: 'alone' });
  // What it takes back may not be served to others any more either: if that is so for all.
  if (forOne || isReflected) askForAll(parts, exchange, missing, found, askedAt);
  const ttl = Math.floor((draft.freshUntil - now) / 1000);
  const status = forwardedStatus(exchange, missing, { ...outcome, fwdStatus: 304, ttl });
  const upstream = response.headers.get('cache-status');
  const told = forAsker(draft, response);
  const telling = forOne || isReflected ? asOriginSays(policy) : policy;
  return respondFromEntry(request, told, status, upstream, now, telling);
}
