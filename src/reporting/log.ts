import type { Sink, TelemetryEvent } from '../telemetry/events.ts';

/** Events that somebody has to look at. The rest is counted, not logged. */
const LOGGED: ReadonlySet<TelemetryEvent['type']> = new Set([
  'tier_error',
  'origin_error',
  'purge_failed',
  'purge_abandoned',
  'frame_invalid',
  'epoch_changed',
]);

const INTERVAL_MS = 1000;

/**
 * A sink that writes events worth a look as lines of JSON, at most one of a kind, tenant and tier in a second: a store
 * that is down fails with every request. The line says how many were left out before it.
 */
export function logSink(write: (line: string) => void, now: () => number): Sink {
  const kinds = new Map<string, { at: number; leftOut: number }>();
  return (event) => {
    if (!LOGGED.has(event.type)) return;
    const kind = `${event.type} ${event.tenant} ${'tier' in event ? event.tier : ''}`;
    const last = kinds.get(kind);
    const time = now();
    if (last && Math.abs(time - last.at) < INTERVAL_MS) {
      last.leftOut += 1;
      return;
    }
    kinds.set(kind, { at: time, leftOut: 0 });
    write(JSON.stringify({ ...event, ...(last?.leftOut ? { leftOut: last.leftOut } : {}) }));
  };
}
