import { expect, test } from 'vitest';
import { reportFailure } from '../../../src/engine/report.ts';
import { AuthorityUnavailable, CircuitOpen } from '../../../src/errors.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import { tenantId } from '../support/tenants.ts';

const acme = tenantId('acme');

function reported(error: unknown): TelemetryEvent[] {
  const events: TelemetryEvent[] = [];
  reportFailure({ sink: (event) => void events.push(event) }, acme, 'redis', error);
  return events;
}

test('a store that failed is an event, whatever it threw', () => {
  expect(reported(new AuthorityUnavailable('no answer'))).toEqual([
    expect.objectContaining({ type: 'error', tenant: 'acme', tier: 'redis' }),
  ]);
  expect(reported(new Error('reset', { cause: new Error('socket') }))).toHaveLength(1);
  expect(reported('text')).toHaveLength(1);
  expect(reported(undefined)).toHaveLength(1);
});

test('a store that was not asked is none: its breaker has said so', () => {
  const refused = new CircuitOpen('redis');
  expect(reported(refused)).toEqual([]);
  expect(reported(new AuthorityUnavailable('not asked', { cause: refused }))).toEqual([]);
});
