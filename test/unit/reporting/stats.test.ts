import { expect, test } from 'vitest';
import { tenantStats } from '../../../src/reporting/stats.ts';
import { Counters } from '../../../src/telemetry/counters.ts';
import { hit } from '../../../src/telemetry/events.ts';
import type { WarmReport } from '../../../src/telemetry/warm-report.ts';

const report: WarmReport = {
  scheduledAt: '2026-08-01T00:00:00.000Z',
  durationMs: 12,
  requests: 9,
  budget: 45,
  skipped: 3,
  paths: [
    { tenant: 'acme', path: '/', outcome: 'stored', status: 200 },
    { tenant: 'other', path: '/secret', outcome: 'hit', status: 200 },
  ],
};

test('a tenant’s statistics are its own: no count and no path of another', () => {
  const counters = new Counters();
  counters.sink(hit('acme', 'e:a', 'memory', true));
  counters.sink(hit('other', 'e:a', 'redis', true));
  const source = {
    counters,
    since: Date.UTC(2026, 7, 1),
    memoryBytes: () => 1234,
    warming: () => report,
  };
  const stats = tenantStats('acme', source);
  expect(stats).toMatchObject({
    tenant: 'acme',
    scope: 'isolate',
    since: '2026-08-01T00:00:00.000Z',
    counters: { hits: { memory: 1 } },
    memoryBytes: 1234,
    warming: { requests: 9, budget: 45, paths: [report.paths[0]] },
  });
  expect(JSON.stringify(stats)).not.toContain('/secret');
});

test('an isolate that has neither warmed nor memory says so', () => {
  const source = {
    counters: new Counters(),
    since: 0,
    memoryBytes: () => undefined,
    warming: () => undefined,
  };
  expect(tenantStats('acme', source)).toMatchObject({ memoryBytes: undefined, warming: undefined });
});
