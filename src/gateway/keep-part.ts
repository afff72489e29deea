import { NOTHING } from '../engine/face.ts';
import { fill } from '../engine/fill.ts';
import { unlessPurged } from '../engine/stale.ts';
import type { CacheStatus } from '../http/cache-status.ts';
import { bypass, load as loaded, originError } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import { bodyLimit } from './body-limit.ts';
import { declaredLength, splitBody, type WholeBody } from './body.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { creationTime } from './freshness.ts';
import { outlasts, partKey, type HeldPart } from './held-part.ts';
import type { OriginAnswer } from './load.ts';
import { combined, judgePartial, partialDraft } from './partial.ts';
import { isReflected } from './reflected.ts';
import { passOn, respondStreaming } from './respond.ts';
import { forwardedStatus, type Forwarded, type Missing } from './status.ts';
import type { Storable } from './storability.ts';
import { store } from './store.ts';
import { selectingNames } from './variants.ts';

/** Why a request for a part went forward, and what became of its answer. @param held there was a part, and it was not enough */
export function partStatus(
  exchange: Exchange,
  missing: Missing,
  held: HeldPart | undefined,
  forwarded: Forwarded,
): CacheStatus {
  const status = forwardedStatus(exchange, missing, forwarded);
  return held ? { ...status, fwd: 'partial' } : status;
}

/** A part that is being stored. */
interface Keeping {
  readonly key: CacheKey;
  readonly names: readonly string[];
  readonly verdict: Storable;
  readonly createdAt: number;
}

/**
 * Passes the origin's 206 on, and stores it meanwhile when that is allowed.
 * @param held a part of the same that is stored already: the two may make a longer one, or the whole
 */
export function keepPart(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  answer: OriginAnswer,
  held: HeldPart | undefined,
): Response {
  const { engine } = parts;
  const { request, policy, runtime } = exchange;
  const { response, requestedAt, respondedAt } = answer;
  const limit = bodyLimit(engine, policy);
  const keeping = judged(parts, exchange, missing, answer, held);
  const room =
    'refusal' in keeping
      ? undefined
      : parts.collecting.room(declaredLength(response), limit, runtime);
  if ('refusal' in keeping || !room) {
    const { refusal, storable } = 'refusal' in keeping ? keeping : notNow('busy');
    const status = partStatus(exchange, missing, held, { stored: false, refusal });
    return passOn(response, response.body, status, {
      now: runtime.now(),
      expose: policy.exposeTags,
      browserTtl: storable ? policy.browserTtl : undefined,
    });
  }
  const timer = new AbortController();
  const late = runtime.sleep(engine.maxLoadMs - (respondedAt - requestedAt), timer.signal);
  const { stream, whole } = splitBody(response, limit, late, room);
  const storing = whole.then((body) => {
    timer.abort();
    return ended(parts, exchange, missing, answer, keeping, body, held);
  });
  runtime.waitUntil(storing.catch(() => undefined));
  const forwarded = respondStreaming({
    request,
    response,
    stream,
    status: partStatus(exchange, missing, held, { stored: true }),
    createdAt: keeping.createdAt,
    now: runtime.now(),
    policy,
  });
  if (!forwarded.body) stream.cancel().catch(() => undefined);
  return forwarded;
}

/** Why a part is not kept. */
interface NotKept {
  /** A Token. */
  readonly refusal: string;
  /** It might have been stored. */
  readonly storable: boolean;
}

function notNow(refusal: string): NotKept {
  return { refusal, storable: true };
}

/** Whether and how a 206 is stored, by its head. */
function judged(
  parts: GatewayParts,
  { request, policy }: Exchange,
  missing: Missing,
  { response, requestedAt, respondedAt }: OriginAnswer,
  held: HeldPart | undefined,
): Keeping | NotKept {
  const { engine } = parts;
  const verdict = judgePartial(request, response, respondedAt, policy);
  if (!verdict.storable) return { refusal: verdict.reason, storable: false };
  if (!engine.enabled) return notNow('disabled');
  if (!missing.miss.stamp) return notNow('unstamped');
  if ((declaredLength(response) ?? 0) > bodyLimit(engine, policy)) return notNow('too-large');
  const names = selectingNames(verdict.vary);
  const key = names && partKey(parts, request, missing, names);
  if (!names || !key) return { refusal: 'vary', storable: false };
  // A purge may have come in meanwhile.
  const standing = held && unlessPurged(engine, held.key, held.found);
  if (standing && outlasts(standing, response, respondedAt)) return notNow('longer-part');
  const createdAt = creationTime(response.headers, requestedAt, respondedAt);
  return { key, names, verdict, createdAt };
}

/** Stores what the body has come to. */
async function ended(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  { response, requestedAt: startedAt }: OriginAnswer,
  { key, names, verdict, createdAt }: Keeping,
  body: WholeBody,
  held: HeldPart | undefined,
): Promise<void> {
  const { engine, maxLifetimeMs } = parts;
  const { request, url, tenant, policy, runtime } = exchange;
  if (!body.whole) {
    if (body.reason === 'broken') engine.sink(originError(tenant.id, body.error.code, body.error));
    return;
  }
  const now = runtime.now();
  const { origin } = url;
  const { bytes } = body;
  const loadMs = now - startedAt;
  const stored = { response, origin, bytes, verdict, maxLifetimeMs, createdAt, now, loadMs };
  const part = await partialDraft(request, stored);
  if (!part) return;
  engine.sink(loaded(tenant.id, key.key, loadMs));
  // Before it is joined to another: what it repeats may go on there.
  if (isReflected(exchange, missing.record?.names ?? [], part, 'part'))
    return engine.sink(bypass(tenant.id, 'reflected'));
  // A purge may have come in meanwhile.
  const before = held && unlessPurged(engine, held.key, held.found);
  const both = before && combined(before.entry, part);
  const draft = both && both.value.byteLength <= bodyLimit(engine, policy) ? both : part;
  const { stamp } = missing.miss;
  if (draft.form.type === 'http' && draft.form.status === 200)
    store(parts, exchange, missing, { draft, names, stamp, startedAt });
  else fill(engine, { key, draft, prepared: NOTHING, stamp, startedAt }, runtime);
}
