import type { EntryDraft } from '../codec/entry.ts';
import { joining, mayHave, type Joining } from '../engine/flights.ts';
import { OriginError } from '../errors.ts';
import { waitFor } from '../resilience/patience.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { ownPlace } from './find.ts';
import type { Place } from './place.ts';
import type { Announcement, OriginFlight } from './flight.ts';
import { lacksOneOf } from './request-traits.ts';
import type { Missing } from './status.ts';
import { selectionDigest } from './variants.ts';

/** What waiting for another request came to. */
export type Followed =
  /** Its answer is for this one as well. */
  | { readonly type: 'loaded'; readonly draft: EntryDraft }
  /** Its answer is for nobody else: all who waited ask for themselves, at once. */
  | { readonly type: 'alone' }
  /** It is of another variant: this one is to be looked for there. */
  | { readonly type: 'elsewhere'; readonly missing: Missing }
  /** The origin failed it. */
  | { readonly type: 'failed'; readonly error: OriginError }
  /** It is older than what this request may have, or its owner is gone. */
  | { readonly type: 'outdated' }
  /** It repeats what the other request said. */
  | { readonly type: 'reflected' };

/** So long a body is waited for after its head, in milliseconds: then each asks for itself. */
const BODY_PATIENCE_MS = 5000;
/** What a flight may take beyond the origin's own limit, in milliseconds. */
const MARGIN_MS = 500;

/** Whether a request that asks now may wait for another one: undefined when a purge that is known by now is newer. */
export function mayFollow(
  { engine }: GatewayParts,
  { base }: Place,
  flight: OriginFlight,
): readonly Joining[] | undefined {
  const view = engine.coherence.view(base.tenant);
  const here = joining(view, flight);
  // A purge of the resource ends its variants, whose keys it does not name.
  const above = joining(view, { ...flight, key: base });
  return here && above && [here, above];
}

/**
 * Waits for what another request of this isolate has asked its origin for. By timers of its own: a promise whose owner's
 * client is gone may never settle.
 */
export async function follow(
  parts: GatewayParts,
  { request, runtime }: Exchange,
  missing: Missing,
  flight: OriginFlight,
  joined: readonly Joining[],
): Promise<Followed> {
  const patience = flight.aliveUntil - runtime.now();
  const announced =
    patience > 0 ? await waitFor(flight.announced, patience, runtime) : { settled: false as const };
  if (!announced.settled) return { type: 'outdated' };
  const announcement = announced.value;
  if (announcement.type === 'failed') return announcement;
  if (announcement.type === 'alone') {
    const { because } = announcement;
    // Else anybody could send a request that keeps all others from sharing an answer.
    return { type: because && lacksOneOf(request, because) ? 'outdated' : 'alone' };
  }
  const { record, digest, landing } = announcement;
  if (record && selectionDigest(record.names, request.headers) !== digest) {
    const place = ownPlace(parts.keys, { ...missing, record }, request.headers);
    const miss = { ...missing.miss, reason: 'absent', stale: undefined } as const;
    return { type: 'elsewhere', missing: { ...missing, ...place, miss, varies: true } };
  }
  const landed = await waitFor(landing, BODY_PATIENCE_MS, runtime);
  if (!landed.settled) {
    parts.uncacheable.remember(missing.key.fullName, runtime.now(), 'too-slow');
    return { type: 'alone' };
  }
  const { value } = landed;
  if (value.type === 'given-up') return { type: 'alone' };
  if (value.type === 'failed' || value.type === 'reflected') return value;
  const view = parts.engine.coherence.view(missing.base.tenant);
  const { draft, stamp } = value;
  const may = [missing.key, missing.base].every((key, at) => {
    const knew = joined[at];
    return knew !== undefined && mayHave(knew, key, draft.tags, stamp, view);
  });
  return may ? { type: 'loaded', draft } : { type: 'outdated' };
}

/**
 * Makes a request that others may wait for, held until it has ended whoever goes away.
 * @param work gets what tells those who wait
 */
export async function takeOff<T>(
  { flights, originTimeoutMs }: GatewayParts,
  { runtime }: Exchange,
  { key, miss: { stamp } }: Missing,
  work: (announce: (announcement: Announcement) => void) => Promise<T>,
): Promise<T> {
  const { promise: announced, resolve } = Promise.withResolvers<Announcement>();
  const startedAt = runtime.now();
  const aliveUntil = startedAt + originTimeoutMs + MARGIN_MS;
  const flight: OriginFlight = { key, startedAt, aliveUntil, stamp, announced };
  flights.begin(flight);
  const announce = (announcement: Announcement): void => {
    resolve(announcement);
    const end = (): void => flights.end(flight);
    if (announcement.type === 'shared') {
      // Also for those who come while the body does.
      flight.aliveUntil = runtime.now() + BODY_PATIENCE_MS + MARGIN_MS;
      announcement.landing.then(end, end);
    } else end();
  };
  const working = work(announce).catch((error: unknown) => {
    if (error instanceof OriginError) announce({ type: 'failed', error });
    else announce({ type: 'alone' });
    throw error;
  });
  runtime.waitUntil(
    working.then(
      () => undefined,
      () => undefined,
    ),
  );
  return working;
}
