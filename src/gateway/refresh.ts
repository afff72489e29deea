import { gatewayFace } from './find.ts';
import type { Place } from './place.ts';
import { NOTHING } from '../engine/face.ts';
import type { FailureKind } from '../engine/failures.ts';
import type { Found } from '../engine/found.ts';
import type { Loaded, Source } from '../engine/load.ts';
import { refreshBehind } from '../engine/obtain.ts';
import { unlessPurged } from '../engine/stale.ts';
import { bareExchange } from './bare-request.ts';
import { readBounded } from './body.ts';
import { bodyLimit } from './body-limit.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { askOrigin, draftOf, type OriginAnswer } from './load.ts';
import { OverQuota } from './load-quota.ts';
import { isOriginFailure, OriginFailure } from './origin-failure.ts';
import { isReflected } from './reflected.ts';
import { namesOf, storeRecord } from './store.ts';
import { freshened, validatorsOf } from './validation.ts';
import { union } from './variants.ts';

/**
 * Refreshes a stale entry behind the response: one refresh at a time for each key in this isolate. Its answer is for
 * everybody who selects it, so that nothing of the reader's request goes along but the fields that select it.
 * @param asked when the authority was asked, which had nothing fresher; undefined when it was not: it is then, first
 */
export function refresh(
  options: GatewayOptions,
  exchange: Exchange,
  place: Place,
  stale: Found,
  asked: number | undefined,
): void {
  const { engine, throttleMs } = options;
  const source: Source = {
    key: place.key,
    face: gatewayFace,
    policy: {
      earlyRefresh: 0,
      softTimeoutMs: undefined,
      hardTimeoutMs: engine.maxLoadMs,
      throttleMs,
      lease: undefined,
      lifetimes: undefined,
    },
    // Whoever begins it may have learnt of a purge by then.
    load: (context) =>
      loadForAll(options, bareExchange(exchange, place), place, stale, context.stale),
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
  place: Place,
  stale: Found,
  asked: number,
): void {
  const { failures } = options.engine;
  if (!failures.isRecent(place.key.fullName, exchange.runtime.now()))
    refresh(options, exchange, place, stale, asked);
}

/** Statuses by which an origin speaks of the resource, and not of the request. */
const OF_THE_RESOURCE: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410,
]);

/** True for an answer that speaks of the resource and may not be kept: if it is so for all, what is stored is over. */
export function mayEndStored({ response }: Pick<OriginAnswer, 'response'>): boolean {
  return OF_THE_RESOURCE.has(response.status);
}

/** An answer that is no failure by RFC 5861, section 4, but brings nothing either: nothing stale may be served in its place. */
function kindOf(error: unknown): FailureKind | 'unsent' {
  if (error instanceof OverQuota) return 'unsent';
  return error instanceof OriginFailure && !isOriginFailure(error.status) ? 'refused' : 'failed';
}

async function loadForAll(
  options: GatewayOptions,
  exchange: Exchange,
  place: Place,
  stale: Found,
  standingStale: Found | undefined,
): Promise<Loaded> {
  const { engine, maxLifetimeMs } = options;
  const { runtime } = exchange;
  const { base, record } = place;
  // Nobody would find it under a record that a purge has ended: whoever asks next loads it anew.
  if (record?.found && !unlessPurged(engine, base, record.found)) return unchanged(stale);
  const { stamp } = engine.coherence.view(base.tenant);
  const startedAt = runtime.now();
  const known = record?.names ?? [];
  // It is to be found under another key from now on: whoever asks next learns which.
  const isElsewhere = (names: readonly string[]): boolean =>
    union(known, names).length > known.length;
  const add = standingStale ? validatorsOf(standingStale.entry, exchange.request) : [];
  let answer = await askOrigin(options, exchange, { conditions: 'strip', add });
  if (answer.type === 'not-modified' && standingStale) {
    const { response, requestedAt, respondedAt } = answer;
    const times = {
      request: exchange.request,
      policy: exchange.policy,
      requestedAt,
      respondedAt,
      now: runtime.now(),
      maxLifetimeMs,
    };
    const made = freshened(standingStale.entry, response, times);
    if (made !== 'mismatch') {
      if ('storable' in made) return over(stale, response, true);
      const names = namesOf(made, exchange.policy);
      if (isElsewhere(names)) return over(stale, response, true);
      if (repeatsHops(exchange, known, made, 'fields')) return unchanged(stale);
      storeRecord(options, exchange, place, { draft: made, names, stamp, startedAt });
      return { draft: made, prepared: NOTHING, store: true };
    }
    answer = await askOrigin(options, exchange, { conditions: 'strip' });
  }
  const { response } = answer;
  if (answer.type !== 'storable') return over(stale, response, mayEndStored(answer));
  if (isOriginFailure(response.status)) return over(stale, response, false);
  const { names, requestedAt, respondedAt } = answer;
  if (isElsewhere(names)) return over(stale, response, true);
  const limit = bodyLimit(engine, exchange.policy);
  const timer = new AbortController();
  const late = runtime.sleep(engine.maxLoadMs - (respondedAt - requestedAt), timer.signal);
  const body = await readBounded(response, limit, late).finally(() => timer.abort());
  if (!body.whole) {
    body.stream.cancel().catch(() => undefined);
    // Too slow: the resource is still what it was, only its body took too long.
    return { ...unchanged(stale), gone: body.reason !== 'too-slow' };
  }
  const draft = await draftOf(options, exchange, answer, body.bytes);
  if (repeatsHops(exchange, known, draft)) return unchanged(stale);
  storeRecord(options, exchange, place, { draft, names, stamp, startedAt });
  return { draft, prepared: NOTHING, store: true };
}

/** All that a reader can add to a request for everybody is by which gateways it came, and anybody can make that up. */
function repeatsHops(exchange: Exchange, ...said: Tail<Parameters<typeof isReflected>>): boolean {
  return exchange.request.headers.has('cdn-loop') && isReflected(exchange, ...said);
}

type Tail<T extends readonly unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

/** An answer that is not stored. @param gone what is stored ends with it */
function over({ entry }: Found, response: Response, gone: boolean): Loaded {
  // Nobody reads it, and an unread body holds one of the request's few connections.
  response.body?.cancel().catch(() => undefined);
  if (!gone) throw new OriginFailure(response.status);
  return { draft: entry, prepared: NOTHING, store: false, gone: true };
}

/** Nothing is stored, and nothing ends. */
function unchanged({ entry }: Found): Loaded {
  return { draft: entry, prepared: NOTHING, store: false };
}
