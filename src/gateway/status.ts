import type { Found } from '../engine/found.ts';
import type { CacheStatus, ForwardReason } from '../http/cache-status.ts';
import type { MissReason } from '../telemetry/events.ts';
import type { Exchange } from './exchange.ts';
import type { Located } from './find.ts';
import type { Place } from './place.ts';

/** A request that has to go forward. */
export type Missing = Extract<Located, { found: false }> & {
  /** What is stored would do, but not for this request. */
  readonly requested?: boolean;
};

const FORWARD_REASONS: Record<MissReason, ForwardReason> = {
  absent: 'uri-miss',
  expired: 'stale',
  stale: 'stale',
  purged: 'miss',
  invalid: 'miss',
  disabled: 'miss',
  unavailable: 'miss',
};

/** What else a forwarded request's answer tells. */
export interface Forwarded {
  readonly stored: boolean;
  /** Why it is not stored. */
  readonly refusal?: string | undefined;
  /** What the origin answered, where the client is answered something else. */
  readonly fwdStatus?: number;
  readonly collapsed?: boolean;
  /** Seconds of freshness. */
  readonly ttl?: number;
}

/** `Cache-Status` of what comes out of a store: `verified` or not, fresh or not. */
export function hitStatus(
  exchange: Pick<Exchange, 'debug'>,
  place: Pick<Place, 'key'>,
  { entry, tier, verified }: Found,
  now: number,
  stale = false,
): CacheStatus {
  const left = Math.floor((entry.freshUntil - now) / 1000);
  return {
    hit: true,
    // What a soft purge made stale may have some of its time left: it counts as over all the same.
    ttl: stale ? Math.min(-1, left) : left,
    detail: verified ? tier : `${tier}-unverified`,
    ...keyOf(exchange, place),
  };
}

/**
 * `Cache-Status` of a request that went forward: why, and why its answer is not stored; what is wrong with the authority
 * says more than either.
 */
export function forwardedStatus(
  exchange: Pick<Exchange, 'debug'>,
  missing: Missing,
  { stored, refusal, fwdStatus, collapsed, ttl }: Forwarded,
): CacheStatus & { hit: false } {
  const { reason } = missing.miss;
  const detail =
    reason === 'unavailable'
      ? 'redis-unavailable'
      : (refusal ?? (reason === 'purged' ? 'purged' : undefined));
  return {
    hit: false,
    fwd: forwardReason(missing),
    stored,
    ...(fwdStatus === undefined ? {} : { fwdStatus }),
    ...(collapsed ? { collapsed } : {}),
    ...(ttl === undefined ? {} : { ttl }),
    ...(detail === undefined ? {} : { detail }),
    ...keyOf(exchange, missing),
  };
}

function forwardReason({ miss: { reason }, varies, requested }: Missing): ForwardReason {
  if (requested) return 'request';
  return reason === 'absent' && varies ? 'vary-miss' : FORWARD_REASONS[reason];
}

function keyOf(
  { debug }: Pick<Exchange, 'debug'>,
  { key }: Pick<Place, 'key'>,
): { readonly key?: string } {
  return debug ? { key: key.key } : {};
}
