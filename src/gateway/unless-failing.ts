import { OriginError } from '../errors.ts';
import { RetryLater } from './backoff.ts';
import { bareExchange } from './bare-request.ts';
import type { Exchange, GatewayParts } from './exchange.ts';
import { failureOf, insteadOf } from './instead.ts';
import { OverQuota } from './load-quota.ts';
import { fetchOrigin } from './origin.ts';
import { OriginFailure } from './origin-failure.ts';
import type { Missing } from './status.ts';

/** What asking may take beyond the origin's own limit, in milliseconds. */
const MARGIN_MS = 500;
/** How often those who wait for that look whether it is known, in milliseconds. */
const LOOK_MS = 20;

/**
 * Asks the origin for one request, unless it is known to answer nobody who asks for the same: what every way to ask has in
 * common. When it fails, what is stale is served in its place, if it may be; else the failure is told. Rejects with
 * `OriginError`.
 * @param askedAt when the authority was asked
 * @param call asks the origin; what it rejects with is what counts
 * @param replaced is told of a failure in whose place something stale is served
 */
export async function unlessFailing(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  askedAt: number,
  call: () => Promise<Response>,
  replaced?: (error: OriginError) => void,
): Promise<Response> {
  const { backoff } = parts;
  const { runtime } = exchange;
  const { fullName } = missing.key;
  const refusal = backoff.refusal(fullName, runtime.now());
  if (refusal) throw failureOf(missing, new RetryLater(refusal.error, refusal.ms));
  try {
    const response = await call();
    backoff.answered(fullName);
    return response;
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    const stale = await insteadOf(parts, exchange, missing, askedAt, error);
    if (stale) {
      replaced?.(error);
      return stale;
    }
    if (isNoAnswer(error)) suspect(parts, exchange, missing, error);
    throw failureOf(missing, error);
  }
}

/**
 * Finds out whether the origin answers nobody, by a request of nobody in particular: only that one's failure makes it be
 * left alone. What one client sends can make an origin drop the connection to that client, with every header that there
 * is, and must not get everybody else refused; a dead origin fails this request as well, so that it is protected for one
 * more request a pause. Behind the client's answer, one at a time for each key; nobody is refused meanwhile.
 */
function suspect(
  parts: GatewayParts,
  exchange: Exchange,
  missing: Missing,
  error: OriginError,
): void {
  const { backoff, originTimeoutMs } = parts;
  const { runtime } = exchange;
  const { fullName } = missing.key;
  // Waiting for a second time-out before finding out would keep everybody waiting for a third.
  const tolerated = error.code === 'origin_timeout' ? 0 : 1;
  if (!backoff.suspected(fullName, runtime.now(), originTimeoutMs + MARGIN_MS, tolerated)) return;
  const work = async (): Promise<void> => {
    try {
      const bare = bareExchange(exchange, missing);
      const { body } = await fetchOrigin(parts, bare, { conditions: 'strip' });
      body?.cancel().catch(() => undefined);
    } catch (failure) {
      if (!(failure instanceof OriginError)) throw failure;
      if (failure instanceof OverQuota) return backoff.undecided(fullName);
      if (isNoAnswer(failure)) return backoff.failed(fullName, runtime.now(), failure);
    }
    backoff.answered(fullName);
  };
  runtime.waitUntil(work());
}

/**
 * Whether the failure of another client's request, for which this one waited, would be this one's as well: what the origin
 * answered, and be it broken, is for that client alone. Where there was no answer, whoever failed is finding out, and is
 * waited for by a timer of the caller's own.
 */
export async function isForAll(
  { backoff, originTimeoutMs }: GatewayParts,
  { runtime }: Exchange,
  { key: { fullName } }: Missing,
  error: OriginError,
): Promise<boolean> {
  if (error instanceof OriginFailure || !isNoAnswer(error)) return false;
  for (let waited = 0; waited < originTimeoutMs + MARGIN_MS; waited += LOOK_MS) {
    if (!backoff.isLookedInto(fullName, runtime.now())) break;
    await runtime.sleep(LOOK_MS);
  }
  return backoff.isDown(fullName, runtime.now());
}

/** An answer that can't be passed on is an answer all the same: the origin is there. And one that was not asked has not failed to answer. */
function isNoAnswer({ code }: OriginError): boolean {
  return code !== 'origin_invalid' && code !== 'over_quota';
}
