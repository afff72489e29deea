import { LRUCache } from 'lru-cache';
import type { Sink, TelemetryEvent } from '../telemetry/events.ts';

const LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** How much is logged, from nothing to everything. */
export type Level = (typeof LEVELS)[number];

/** How grave an event is. What is not here is an everyday event: `debug`. */
const GRAVITY: Readonly<Partial<Record<TelemetryEvent['type'], Level>>> = {
  purge_abandoned: 'error',
  purge_failed: 'error',
  listener_error: 'error',
  error: 'warn',
  origin_error: 'warn',
  tags_dropped: 'warn',
  load_failed: 'warn',
  frame_invalid: 'warn',
  value_invalid: 'warn',
  circuit: 'warn',
  rule_failed: 'warn',
  signature_refused: 'warn',
  over_quota: 'warn',
  tier_inert: 'warn',
  epoch_changed: 'warn',
  purge: 'info',
  domain_events: 'info',
  warmed: 'info',
};

const INTERVAL_MS = 1000;
/** Of those that were written of late; another is written once more. */
const MAX_KINDS = 1000;

/**
 * A sink that writes events as lines of JSON: those of the level and graver ones; above `debug` at most one of a kind,
 * tenant and tier in a second, because a store that is down fails with every request. The line says how many were left
 * out before it. `purge_audit` alone is written every time, at every level but `silent`. Keys, and what the application's own
 * functions say, are shown at `debug` only.
 */
export function logSink(
  write: (line: string, level: Level) => void,
  now: () => number,
  level: Level,
): Sink {
  const least = LEVELS.indexOf(level);
  const kinds = new LRUCache<string, { at: number; leftOut: number }>({ max: MAX_KINDS });
  return (event) => {
    // The record of who has purged is complete, or worth nothing.
    if (event.type === 'purge_audit') {
      if (level !== 'silent') write(JSON.stringify(event), 'info');
      return;
    }
    const gravity = GRAVITY[event.type] ?? 'debug';
    if (LEVELS.indexOf(gravity) > least) return;
    if (level === 'debug') {
      write(JSON.stringify(event), gravity);
      return;
    }
    const tenant = 'tenant' in event ? event.tenant : '';
    const tier = 'tier' in event ? event.tier : '';
    const kind = `${event.type} ${tenant} ${tier}`;
    const last = kinds.get(kind);
    const time = now();
    if (last && Math.abs(time - last.at) < INTERVAL_MS) {
      last.leftOut += 1;
      return;
    }
    kinds.set(kind, { at: time, leftOut: 0 });
    const shown = { ...event, key: undefined, ...(isOwn(event) ? {} : { message: undefined }) };
    const line = JSON.stringify({ ...shown, ...(last?.leftOut ? { leftOut: last.leftOut } : {}) });
    write(line, gravity);
  };
}

/** False for an event whose message an application's own function has written: it may hold anything. */
function isOwn(event: TelemetryEvent): boolean {
  if (event.type === 'load_failed') return event.code === 'load_timeout';
  if (event.type === 'rule_failed') return event.code === 'invalid';
  return event.type !== 'value_invalid' && event.type !== 'listener_error';
}

/** Writes lines to a console, each by the method of its level. */
export const toConsole =
  (console: Pick<Console, 'debug' | 'info' | 'warn' | 'error'>) =>
  (line: string, level: Level): void => {
    if (level !== 'silent') console[level](line);
  };
