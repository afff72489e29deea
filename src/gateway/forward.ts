import { countHit } from '../engine/obtain.ts';
import { isSameEntry } from '../engine/stale.ts';
import type { OriginError } from '../errors.ts';
import { follow, mayFollow, takeOff } from './collapse.ts';
import { asksForEvents } from './event-stream.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { locateNear } from './find.ts';
import type { Announcement } from './flight.ts';
import { failureOf, insteadOf, whileFailing } from './instead.ts';
import { leadRequest } from './lead.ts';
import { OverQuota } from './load-quota.ts';
import { respondFromEntry } from './respond.ts';
import { forwardedStatus, hitStatus, type Missing } from './status.ts';
import { isForAll, unlessFailing } from './unless-failing.ts';

/** How often a request changes whom it waits for before it asks for itself. */
const MOST_TURNS = 6;
/** After so many answers that are for the one who asked, each asks for itself. */
const MOST_REFLECTIONS = 2;
/** Of so many failed requests of others one learns that one's own would fail. */
const MOST_FAILURES = 2;

/**
 * Asks the origin, once for all who ask for the same at the same time; when it fails, or has failed a moment ago, what is
 * stale is served if it may be. Rejects with `OriginError`.
 * @param askedAt when the authority was asked
 */
export async function forward(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
): Promise<Response> {
  const { runtime } = exchange;
  const throttled = await whileFailing(parts, exchange, missing, askedAt);
  if (throttled) return throttled;
  let present = missing;
  let failures = 0;
  let reflections = 0;
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    if (isForItself(parts, exchange, present)) break;
    const flight = parts.flights.get(present.key);
    const joined = flight && mayFollow(parts, present, flight);
    if (!flight || !joined) {
      const landed = landedSince(parts, exchange, present);
      if (landed) return landed;
      const lead = present;
      return takeOff(parts, exchange, lead, (announce) =>
        ask(parts, exchange, lead, askedAt, announce),
      );
    }
    const followed = await follow(parts, exchange, present, flight, joined);
    if (followed.type === 'alone') break;
    if (followed.type === 'elsewhere') present = followed.missing;
    else if (followed.type === 'loaded') {
      const status = forwardedStatus(exchange, present, { stored: false, collapsed: true });
      const { request, policy } = exchange;
      return respondFromEntry(request, followed.draft, status, null, runtime.now(), policy);
    } else if (followed.type === 'outdated') parts.flights.end(flight);
    else if (followed.type === 'reflected') {
      parts.flights.end(flight);
      reflections += 1;
      // Else anybody could send a request that keeps all others from sharing an answer.
      if (reflections >= MOST_REFLECTIONS) break;
    } else {
      failures += 1;
      const { error } = followed;
      const stale = await insteadOf(parts, exchange, present, askedAt, error);
      if (stale) return stale;
      // Each would be refused as well, one after the other.
      if (error instanceof OverQuota) throw error;
      // What another one's request was answered need not be what this one would be: but two are enough, if all fare so.
      if (failures >= MOST_FAILURES) {
        if (await isForAll(parts, exchange, present, error)) throw failureOf(present, error);
        // Others' requests may be made to hang: this one does not wait for more of them.
        if (error.code !== 'origin_unreachable') break;
      }
    }
  }
  return ask(parts, exchange, present, askedAt, undefined);
}

/** Asks the origin for one request, and for those who wait. */
function ask(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
  announce: ((announcement: Announcement) => void) | undefined,
): Promise<Response> {
  const call = (): Promise<Response> =>
    leadRequest(parts, exchange, {
      missing,
      askedAt,
      announce: announce ?? (() => undefined),
      insteadOf: (error) => insteadOf(parts, exchange, missing, askedAt, error),
      alone: announce === undefined,
    });
  const replaced = (error: OriginError): void => announce?.({ type: 'failed', error });
  return unlessFailing(parts, exchange, missing, askedAt, call, replaced);
}

/** Whether a request waits for nobody, and nobody for it. */
function isForItself(
  { engine, uncacheable }: GatewayParts,
  { request, runtime }: Exchange,
  { key }: Missing,
): boolean {
  return (
    !engine.enabled ||
    uncacheable.reason(key.fullName, runtime.now()) !== undefined ||
    asksForEvents(request)
  );
}

/** What a request that ended since this one looked has left in memory. */
function landedSince(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
): Response | undefined {
  const { engine } = parts;
  const { request, policy, runtime } = exchange;
  const now = runtime.now();
  const located = locateNear(parts, exchange, missing.base, now);
  if (located?.near.state !== 'fresh' || isSameEntry(located.near, missing.miss.stale))
    return undefined;
  countHit(engine, located.key, located.near, runtime);
  const status = hitStatus(exchange, located, located.near, now);
  return respondFromEntry(request, located.near.entry, status, null, now, policy);
}
