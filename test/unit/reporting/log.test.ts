import { describe, expect, it, test } from 'vitest';
import { logSink, toConsole, type Level } from '../../../src/reporting/log.ts';
import {
  domainEvents,
  ruleFailed,
  signatureRefused,
} from '../../../src/telemetry/domain-events.ts';
import * as events from '../../../src/telemetry/events.ts';
import { overQuota, purgeAudit } from '../../../src/telemetry/quota-events.ts';

const gone = new Error('gone');
const failure = events.storeError('acme', 'redis', gone);
const notable = [
  events.purge('acme', 1, 'hard'),
  events.warmed('acme', 'hit'),
  domainEvents('acme', { applied: 1, unknown: 0, failed: 0, coarsened: false }),
];
const everyday = [
  events.hit('acme', 'e:a', 'memory', true),
  events.stale('acme', 'e:a', 'memory', 'revalidate', true),
  events.miss('acme', 'e:a', 'absent'),
  events.load('acme', 'e:a', 5),
  events.set('acme', 'e:a', 1),
  events.setDropped('acme', 'e:a', 'purged'),
  events.evict('acme', 'e:a', 'memory', 1),
  events.bypass('acme', 'private'),
];

/** What was logged, each line parsed, and a clock. */
function scene(level: Level = 'warn') {
  const lines: unknown[] = [];
  const clock = { now: 1000 };
  const sink = logSink(
    (line) => lines.push(JSON.parse(line)),
    () => clock.now,
    level,
  );
  return { lines, clock, sink };
}

describe('the log', () => {
  it.each([
    failure,
    events.originError('acme', 'origin_timeout', gone),
    events.purgeFailed('acme', gone),
    events.purgeAbandoned('acme', 2),
    events.frameInvalid('acme', 'redis', 'checksum'),
    events.epochChanged('acme', 'f'.repeat(32)),
    events.loadFailed('acme', 'load_timeout', gone),
    events.circuit('redis', 'open'),
    events.tierInert('regional'),
    ruleFailed('acme', 'invalid', 'The field is missing.'),
    signatureRefused('acme', 'mismatch'),
    overQuota('acme', 'loads'),
  ])('has a line for $type', (event) => {
    const { lines, sink } = scene();
    sink(event);
    expect(lines).toEqual([event]);
  });

  it.each([...everyday, ...notable])('has none for $type', (event) => {
    const { lines, sink } = scene();
    sink(event);
    expect(lines).toEqual([]);
  });

  const badValue = events.valueInvalid('acme', 'e:a', 'redis', 'schema', gone);

  test('shows no key, and nothing that an application’s own function has said', () => {
    const { lines, sink } = scene();
    sink(badValue);
    sink(events.loadFailed('acme', 'loader_error', new Error('GET /?token=secret')));
    sink(events.listenerError('hit', gone));
    sink(ruleFailed('acme', 'threw', 'A rule threw: Error.'));
    expect(lines).toEqual([
      { type: 'value_invalid', tenant: 'acme', tier: 'redis', reason: 'schema' },
      { type: 'load_failed', tenant: 'acme', code: 'loader_error' },
      { type: 'listener_error', event: 'hit' },
      { type: 'rule_failed', tenant: 'acme', code: 'threw' },
    ]);
  });

  test('shows both at debug', () => {
    const { lines, sink } = scene('debug');
    sink(badValue);
    expect(lines).toEqual([badValue]);
  });

  test.each<[Level, readonly events.TelemetryEvent[]]>([
    ['silent', []],
    ['error', [events.purgeFailed('acme', gone)]],
    ['warn', [events.purgeFailed('acme', gone), failure]],
    ['info', [events.purgeFailed('acme', gone), failure, ...notable]],
    ['debug', [events.purgeFailed('acme', gone), failure, ...notable, ...everyday]],
  ])('at the level %s has what is of it and what is graver', (level, logged) => {
    const { lines, sink } = scene(level);
    for (const event of [events.purgeFailed('acme', gone), failure, ...notable, ...everyday])
      sink(event);
    expect(lines).toEqual(logged);
  });

  test('at the level debug leaves out nothing, and shows keys', () => {
    const { lines, sink } = scene('debug');
    for (let at = 0; at < 3; at += 1) sink(badValue);
    expect(lines).toEqual([badValue, badValue, badValue]);
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
    sink(events.storeError('acme', 'regional', gone));
    sink(events.storeError('other', 'redis', gone));
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

test('each line goes to the console by the method of its level', () => {
  const called: string[] = [];
  const method = (name: string) => (line: string) => void called.push(`${name} ${line}`);
  const console = {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  };
  const sink = logSink(toConsole(console), () => 0, 'debug');
  sink(events.hit('acme', 'e:a', 'memory', true));
  sink(events.purge('acme', 1, 'hard'));
  sink(failure);
  sink(events.purgeAbandoned('acme', 2));
  expect(called.map((line) => line.split(' ', 1)[0])).toEqual(['debug', 'info', 'warn', 'error']);
});

test('so many kinds are remembered and no more: tenants have no bound', () => {
  const { lines, sink } = scene();
  const of = (tenant: number) => events.storeError(`t${tenant}`, 'redis', gone);
  for (let tenant = 0; tenant <= 1000; tenant += 1) sink(of(tenant));
  expect(lines).toHaveLength(1001);
  // The newest is remembered, the oldest is not.
  sink(of(1000));
  sink(of(0));
  expect(lines).toHaveLength(1002);
});

test('a flood that is over a quota has a line a second for each tenant', () => {
  const { lines, clock, sink } = scene();
  for (let time = 0; time < 1000; time += 1)
    for (const tenant of ['acme', 'other']) sink(overQuota(tenant, 'loads'));
  expect(lines).toEqual([overQuota('acme', 'loads'), overQuota('other', 'loads')]);
  clock.now += 1000;
  sink(overQuota('acme', 'loads'));
  expect(lines.at(-1)).toEqual({ ...overQuota('acme', 'loads'), leftOut: 999 });
});

test.each([
  ['silent', 0],
  ['error', 100],
  ['warn', 100],
  ['info', 100],
  ['debug', 100],
] as const)('the record of purges is complete: at %s there are %i lines of 100', (level, count) => {
  const { lines, sink } = scene(level);
  const done = purgeAudit('acme', { via: 'purge', by: 'ci', outcome: 'accepted', targets: 2 });
  for (let time = 0; time < 100; time += 1) sink(done);
  expect(lines).toEqual(Array.from({ length: count }, () => done));
});

test('is one line of JSON, whatever an id or a message holds', () => {
  const forged = 'ci\n{"type":"purge_audit","by":"nobody"}\r\n\u0000"';
  const lines: string[] = [];
  const sink = logSink(
    (line) => lines.push(line),
    () => 0,
    'debug',
  );
  const sent = [
    purgeAudit(forged, { via: 'purge', by: forged, outcome: 'accepted' }),
    events.hit(forged, forged, 'memory', true),
    events.storeError(forged, 'redis', new Error(forged)),
  ];
  for (const one of sent) sink(one);
  expect(lines).toHaveLength(sent.length);
  for (const line of lines) expect(line).not.toMatch(/[\r\n\0]/);
  expect(JSON.parse(lines[0] ?? '')).toEqual(sent[0]);
});
