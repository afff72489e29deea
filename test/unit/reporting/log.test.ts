import { describe, expect, it, test } from 'vitest';
import { logSink } from '../../../src/reporting/log.ts';
import * as events from '../../../src/telemetry/events.ts';

/** What was logged, each line parsed, and a clock. */
function scene() {
  const lines: unknown[] = [];
  const clock = { now: 1000 };
  const sink = logSink(
    (line) => lines.push(JSON.parse(line)),
    () => clock.now,
  );
  return { lines, clock, sink };
}
const gone = new Error('gone');
const failure = events.tierError('acme', 'redis', gone);

describe('the log', () => {
  it.each([
    failure,
    events.originError('acme', 'origin_timeout', gone),
    events.purgeFailed('acme', gone),
    events.purgeAbandoned('acme', 2),
    events.frameInvalid('acme', 'redis', 'checksum'),
    events.epochChanged('acme', 'f'.repeat(32)),
  ])('has a line for $type', (event) => {
    const { lines, sink } = scene();
    sink(event);
    expect(lines).toEqual([event]);
  });

  it.each([
    events.hit('acme', 'memory', true),
    events.miss('acme', 'absent'),
    events.store('acme', 1),
    events.storeDropped('acme', 'purged'),
    events.bypass('acme', 'private'),
    events.purge('acme', 1),
    events.warmed('acme', 'hit'),
  ])('has none for $type', (event) => {
    const { lines, sink } = scene();
    sink(event);
    expect(lines).toEqual([]);
  });

  test('has one line of a kind in a second, and says how many were left out', () => {
    const { lines, clock, sink } = scene();
    for (let at = 0; at < 5; at += 1) sink(failure);
    clock.now += 999;
    sink(failure);
    expect(lines).toEqual([failure]);
    clock.now += 1;
    sink(failure);
    expect(lines).toEqual([failure, { ...failure, leftOut: 5 }]);
    clock.now += 1000;
    sink(failure);
    expect(lines[2]).toEqual(failure);
  });

  test('counts each kind, tenant and tier for itself', () => {
    const { lines, sink } = scene();
    sink(failure);
    sink(events.tierError('acme', 'regional', gone));
    sink(events.tierError('other', 'redis', gone));
    sink(events.purgeFailed('acme', gone));
    expect(lines).toHaveLength(4);
  });

  test('goes on after a clock that was set back', () => {
    const { lines, clock, sink } = scene();
    sink(failure);
    clock.now -= 3_600_000;
    sink(failure);
    expect(lines).toHaveLength(2);
  });
});
