import type { EntryDraft } from '../codec/entry.ts';
import { OriginError } from '../errors.ts';
import { bypass, load as loaded, originError } from '../telemetry/events.ts';
import { asOriginSays } from './answer-head.ts';
import { bodyLimit } from './body-limit.ts';
import { declaredLength, readBounded, splitBody, type WholeBody } from './body.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import type { Landed } from './flight.ts';
import type { Lead } from './led-request.ts';
import { draftOf, type OriginAnswer } from './load.ts';
import { passOn, respondFromEntry, respondStreaming } from './respond.ts';
import { forwardedStatus, type Missing } from './status.ts';
import { recordFor, store, storedAs, type StoreOutcome } from './store.ts';
import { passUnkept } from './unkept.ts';
import { selectionDigest } from './variants.ts';
import { withWithheld } from './withheld.ts';

/** So much is waited for before the client is answered: it is told an entity tag of the whole then. */
const SMALL_BYTES = 65_536;

type StorableAnswer = OriginAnswer & { type: 'storable' };

/** Stores an answer, and hands it to the client meanwhile. */
export async function keep(
  parts: GatewayParts,
  exchange: Exchange,
  lead: Lead,
  answer: StorableAnswer,
): Promise<Response> {
  const { engine } = parts;
  const { policy, runtime } = exchange;
  const { response, requestedAt, respondedAt } = answer;
  const limit = bodyLimit(engine, policy);
  const { fullName } = lead.missing.key;
  const length = declaredLength(response);
  const pass = (reason: string): Response => {
    lead.announce({ type: 'alone' });
    // Nothing was learnt of the resource that would be worth remembering.
    const passed = { type: 'pass', reason, forAll: false, storable: true } as const;
    return passUnkept(parts, exchange, lead, { response, requestedAt, respondedAt, ...passed });
  };
  const unkept = parts.uncacheable.reason(fullName, runtime.now());
  // It was so a moment ago: it is not kept half for nothing again.
  if (length === undefined && (unkept === 'too-large' || unkept === 'too-slow'))
    return pass(unkept);
  const isStreamed = response.body !== null && (length === undefined || length > SMALL_BYTES);
  const room = isStreamed ? parts.collecting.room(length, limit, runtime) : undefined;
  if (isStreamed && !room) return pass('busy');
  const keeping = announceKept(parts, exchange, lead, answer);
  const timer = new AbortController();
  const late = runtime.sleep(engine.maxLoadMs - (respondedAt - requestedAt), timer.signal);
  if (room) {
    const { stream, whole } = splitBody(response, limit, late, room);
    const storing = whole.then((body) => {
      timer.abort();
      return ended(parts, exchange, keeping, answer, body);
    });
    runtime.waitUntil(storing.catch(() => undefined));
    return streamed(parts, exchange, keeping, answer, stream);
  }
  try {
    const body = await readBounded(response, limit, late);
    if (body.whole) return await answered(parts, exchange, keeping, answer, body.bytes);
    givenUp(parts, exchange, keeping, body.reason);
    const status = forwardedStatus(exchange, keeping.missing, {
      stored: false,
      refusal: body.reason,
    });
    const { request } = exchange;
    const { exposeTags: expose, browserTtl } = policy;
    const passing = { now: runtime.now(), expose, browserTtl, conditional: request };
    return passOn(response, body.stream, status, passing);
  } catch (error) {
    if (error instanceof OriginError) keeping.land({ type: 'failed', error });
    else keeping.land({ type: 'given-up' });
    throw error;
  } finally {
    timer.abort();
  }
}

/** An answer that is being stored. */
interface Keeping {
  readonly missing: Missing;
  /** Tells those who wait how it ended. */
  readonly land: (landed: Landed) => void;
}

/** Tells those who wait whether they may have the answer: not one that everybody has to validate. */
function announceKept(
  parts: GatewayParts,
  { request, runtime }: Exchange,
  { missing, announce }: Lead,
  { verdict, names, createdAt }: StorableAnswer,
): Keeping {
  const { uncacheable } = parts;
  const now = runtime.now();
  const { fullName } = missing.key;
  if (createdAt + verdict.lifetime * 1000 <= now) {
    uncacheable.remember(fullName, now, 'stale');
    announce({ type: 'alone' });
    return { missing, land: () => undefined };
  }
  uncacheable.forget(fullName);
  const { promise: landing, resolve: land } = Promise.withResolvers<Landed>();
  const record = recordFor(parts, missing, names, runtime);
  const digest = record ? selectionDigest(record.names, request.headers) : '';
  announce({ type: 'shared', record, digest, landing });
  // What others go on by is what it is filed under.
  return { missing: { ...missing, record }, land };
}

/** Answers with a small body, which is stored by then. */
async function answered(
  parts: GatewayParts,
  exchange: Exchange,
  keeping: Keeping,
  answer: StorableAnswer,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const { request, policy, runtime } = exchange;
  const { draft, outcome } = await stored(parts, exchange, keeping, answer, bytes);
  const status = forwardedStatus(exchange, keeping.missing, storedAs(outcome));
  const { headers } = answer.response;
  const upstream = headers.get('cache-status');
  const telling = outcome === 'reflected' ? asOriginSays(policy) : policy;
  const response = respondFromEntry(request, draft, status, upstream, runtime.now(), telling);
  return withWithheld(response, headers, answer.verdict.withheld);
}

/** Answers with a body that is still coming. */
function streamed(
  { engine }: GatewayParts,
  exchange: Exchange,
  { missing }: Keeping,
  { response, createdAt }: StorableAnswer,
  stream: ReadableStream<Uint8Array>,
): Response {
  const { request, policy, runtime } = exchange;
  // What is known by now: it is being stored, unless it can't be.
  const refusal = !engine.enabled ? 'disabled' : missing.miss.stamp ? undefined : 'unstamped';
  const status = forwardedStatus(exchange, missing, { stored: refusal === undefined, refusal });
  const answer = respondStreaming({
    request,
    response,
    stream,
    status,
    createdAt,
    now: runtime.now(),
    policy,
  });
  if (!answer.body) stream.cancel().catch(() => undefined);
  return answer;
}

/** What a streamed body comes to in the end. */
async function ended(
  parts: GatewayParts,
  exchange: Exchange,
  keeping: Keeping,
  answer: StorableAnswer,
  body: WholeBody,
): Promise<void> {
  if (!body.whole && body.reason === 'broken') {
    const { error } = body;
    parts.engine.sink(originError(exchange.tenant.id, error.code, error));
    keeping.land({ type: 'failed', error });
  } else if (!body.whole) givenUp(parts, exchange, keeping, body.reason);
  else {
    try {
      await stored(parts, exchange, keeping, answer, body.bytes);
    } finally {
      keeping.land({ type: 'given-up' });
    }
  }
}

async function stored(
  parts: GatewayParts,
  exchange: Exchange,
  { missing, land }: Keeping,
  answer: StorableAnswer,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ readonly draft: EntryDraft; readonly outcome: StoreOutcome }> {
  const { tenant, runtime } = exchange;
  const { names, requestedAt: startedAt } = answer;
  const { stamp } = missing.miss;
  const draft = await draftOf(parts, exchange, answer, bytes);
  parts.engine.sink(loaded(tenant.id, missing.key.key, runtime.now() - startedAt));
  const outcome = store(parts, exchange, missing, { draft, names, stamp, startedAt });
  // It was waited for too long once, and is there now.
  if (outcome === 'stored' && draft.freshUntil > runtime.now())
    parts.uncacheable.forget(missing.key.fullName);
  land(outcome === 'reflected' ? { type: 'reflected' } : { type: 'loaded', draft, stamp });
  return { draft, outcome };
}

/** A body that is not kept after all: those who come later do not wait for it. */
function givenUp(
  { engine, uncacheable }: GatewayParts,
  { tenant, runtime }: Exchange,
  { missing, land }: Keeping,
  reason: string,
): void {
  engine.sink(bypass(tenant.id, reason));
  // How much is being kept at the moment says nothing of the resource.
  if (reason !== 'busy') uncacheable.remember(missing.key.fullName, runtime.now(), reason);
  land({ type: 'given-up' });
}
