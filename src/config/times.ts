import type { NamespaceDefaults } from './config.ts';
import { formatDuration } from '../cache/durations.ts';

/** The settings that say how values are kept, as read: milliseconds, `false` for off; undefined where nothing was said. */
export interface TimesSaid {
  readonly ttl?: number | undefined;
  readonly staleWhileRevalidate?: number | undefined;
  readonly staleIfError?: number | undefined;
  readonly negativeTtl?: number | undefined;
  readonly jitter?: number | undefined;
  readonly earlyRefresh?: number | undefined;
  readonly softTimeout?: number | false | undefined;
  readonly hardTimeout?: number | undefined;
  readonly throttle?: number | undefined;
  readonly lease?: boolean | undefined;
  readonly leaseMs?: number | undefined;
  readonly leaseWait?: number | undefined;
}

/** What times have to fit into. */
export interface TimeLimits {
  /** The longest life of an entry, in milliseconds, and what it is called. */
  readonly life: { readonly ms: number; readonly name: string };
  /** A load that takes longer is not stored, in milliseconds. */
  readonly maxLoadMs: number;
}

/** How a problem of times is told. */
export interface TimesReport {
  readonly refuse: (setting: keyof TimesSaid, message: string) => void;
  /** What messages call a setting. */
  readonly name: (setting: keyof TimesSaid) => string;
}

/**
 * Settles how values are kept. What was said is held against what was said and against the limits, and each
 * contradiction is refused; what comes from `base` (a preset, or the cache that a namespace belongs to) bends instead.
 */
export function settleTimes(
  said: TimesSaid,
  base: NamespaceDefaults,
  limits: TimeLimits,
  { refuse, name }: TimesReport,
): NamespaceDefaults {
  const { life, maxLoadMs } = limits;
  const atMost = (setting: 'ttl' | 'negativeTtl', inherited: number): number => {
    const ms = said[setting];
    if (ms === undefined) return Math.min(inherited, life.ms);
    if (ms > life.ms)
      refuse(setting, `is ${show(ms)}, must be at most ${life.name}, which is ${show(life.ms)}`);
    return ms;
  };
  const ttlMs = atMost('ttl', base.ttlMs);
  const window = (setting: 'staleWhileRevalidate' | 'staleIfError', inherited: number): number => {
    const left = Math.max(0, life.ms - ttlMs);
    const ms = said[setting];
    if (ms === undefined) return Math.min(inherited, left);
    // A ttl over the limit is a problem by itself.
    if (ms > left && ttlMs <= life.ms)
      refuse(
        setting,
        `is ${show(ms)}, must be at most ${show(left)}: behind the ttl of ${show(ttlMs)} it would end past ${life.name}, which is ${show(life.ms)}`,
      );
    return ms;
  };
  const staleWhileRevalidateMs = window('staleWhileRevalidate', base.staleWhileRevalidateMs);
  const staleIfErrorMs = window('staleIfError', base.staleIfErrorMs);
  const negativeTtlMs = atMost('negativeTtl', Math.min(base.negativeTtlMs, ttlMs));

  const hardTimeoutMs = said.hardTimeout ?? base.hardTimeoutMs;
  let softTimeoutMs = said.softTimeout === undefined ? base.softTimeoutMs : said.softTimeout;
  if (softTimeoutMs === false) softTimeoutMs = undefined;
  if (softTimeoutMs !== undefined && softTimeoutMs >= hardTimeoutMs) {
    if (said.softTimeout === undefined) softTimeoutMs = undefined;
    else
      refuse(
        'softTimeout',
        `is ${show(softTimeoutMs)}, must be less than ${name('hardTimeout')}, which is ${show(hardTimeoutMs)}`,
      );
  }

  // A lease that ends before its load fences the load off: what it makes would not be stored.
  const longestLoad = Math.min(hardTimeoutMs, maxLoadMs);
  const leaseMs = said.leaseMs ?? Math.max(base.leaseMs, longestLoad);
  if (leaseMs < longestLoad)
    refuse(
      'leaseMs',
      `is ${show(leaseMs)}, must be at least ${show(longestLoad)}: a load may take so long (${name('hardTimeout')}, at most ${show(maxLoadMs)})`,
    );
  const leaseWaitMs = said.leaseWait ?? Math.min(base.leaseWaitMs, leaseMs, hardTimeoutMs);
  if (leaseWaitMs > leaseMs)
    refuse(
      'leaseWait',
      `is ${show(leaseWaitMs)}, must be at most ${name('leaseMs')}, which is ${show(leaseMs)}`,
    );

  return {
    ttlMs,
    staleWhileRevalidateMs,
    staleIfErrorMs,
    negativeTtlMs,
    jitter: said.jitter ?? base.jitter,
    earlyRefresh: said.earlyRefresh ?? base.earlyRefresh,
    softTimeoutMs,
    hardTimeoutMs,
    throttleMs: said.throttle ?? base.throttleMs,
    lease: said.lease ?? base.lease,
    leaseMs,
    leaseWaitMs,
  };
}

const show = formatDuration;
