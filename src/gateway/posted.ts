import type { Stamp } from '../codec/stamp.ts';
import { NOTHING } from '../engine/face.ts';
import type { EngineParts } from '../engine/parts.ts';
import { supersede, type Setting } from '../engine/supersede.ts';
import { TiercelError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { bypass } from '../telemetry/events.ts';
import { admittedFields } from './admitted-request.ts';
import { readBounded } from './body.ts';
import { bodyLimit } from './body-limit.ts';
import { describesItself } from './changed-resources.ts';
import { isExchangeId } from './echoed-ids.ts';
import type { Exchange, GatewayOptions } from './exchange.ts';
import { creationTime } from './freshness.ts';
import { httpEntry } from './http-entry.ts';
import { isReflected } from './reflected.ts';
import { judgeStorability, type Storable } from './storability.ts';

/** The answer to an unsafe request, its body read or still to be read. */
export interface Posted {
  /** It has taken the place of what was stored under its URL. */
  readonly stored: boolean;
  readonly body: ReadableStream<Uint8Array> | null;
}

/**
 * Stores the answer to a POST for later GETs of its URL, where it may be (RFC 9110, section 9.3.3; RFC 9111, section 4): in
 * place of whatever anybody holds, acknowledged by the authority. When it is not stored, because it may not be, is too
 * large, because a purge came in between, or because the authority failed, its key is still to be purged. Rejects with
 * `OriginError` when the body breaks off.
 * @param before what was known of the ledger, and the time, when the request was sent: a purge since then wins
 */
export async function storePosted(
  { engine, maxLifetimeMs }: GatewayOptions,
  exchange: Exchange,
  response: Response,
  before: { readonly stamp: Stamp | undefined; readonly now: number },
): Promise<Posted> {
  const { key, url, policy, runtime } = exchange;
  const respondedAt = runtime.now();
  const verdict = judgePosted(exchange, response, respondedAt);
  if (!key || !verdict || !before.stamp || !engine.enabled)
    return { stored: false, body: response.body };
  const limit = bodyLimit(engine, policy);
  const timer = new AbortController();
  const late = runtime.sleep(engine.maxLoadMs - (respondedAt - before.now), timer.signal);
  const body = await readBounded(response, limit, late).finally(() => timer.abort());
  if (!body.whole) return { stored: false, body: body.stream };
  const { bytes } = body;
  const now = runtime.now();
  const draft = await httpEntry({
    response,
    origin: url.origin,
    bytes,
    verdict,
    maxLifetimeMs,
    createdAt: creationTime(response.headers, before.now, respondedAt),
    now,
    loadMs: now - before.now,
  });
  const setting = { key, draft, prepared: NOTHING, lifetimes: undefined, unlessMarked: true };
  const reflects = isReflected(exchange, [], draft);
  if (reflects) engine.sink(bypass(exchange.tenant.id, 'reflected'));
  const stored =
    !reflects && draft.expiresAt > now && (await take(engine, setting, before.stamp, runtime));
  return { stored, body: new Response(bytes).body };
}

/**
 * Whether the answer may be stored: a 200 whose `Content-Location` is its own URL and which says itself how long it is
 * fresh. Beyond that only what anybody may have as it is: nothing that varies, sets a cookie, or names fields that may
 * not be stored, other than ids of the exchange; nor what invalidates groups and is in some itself; nor where the policy
 * would have sent the origin less by a GET of this URL.
 */
function judgePosted(
  { request, url, asked, tenant, policy }: Exchange,
  response: Response,
  now: number,
): Storable | undefined {
  const { headers, status } = response;
  if (request.method !== 'POST' || status !== 200 || !describesItself(url, headers, tenant))
    return undefined;
  // Of what a GET would have been sent without, or not at all, the answer may tell.
  if (policy.cache === 'bypass' || asked.search !== url.search) return undefined;
  const sent = request.headers;
  if (admittedFields(sent, policy) !== sent) return undefined;
  if (headers.has('set-cookie')) return undefined;
  if (headers.has('cache-group-invalidation') && headers.has('cache-groups')) return undefined;
  const asGet = { method: 'GET', url: url.href, headers: sent };
  const verdict = judgeStorability(asGet, response, now, policy);
  if (!verdict.storable || verdict.heuristic || verdict.lifetime <= 0) return undefined;
  return verdict.vary.length === 0 && verdict.withheld.every(isExchangeId) ? verdict : undefined;
}

async function take(
  engine: EngineParts,
  setting: Setting,
  knownAs: Stamp,
  runtime: Runtime,
): Promise<boolean> {
  try {
    const [outcome] = await supersede(engine, [setting], knownAs, runtime);
    return outcome?.stored === true;
  } catch (error) {
    // It has been reported, and nobody knows what is stored now: the purge that follows settles it.
    if (error instanceof TiercelError) return false;
    throw error;
  }
}
