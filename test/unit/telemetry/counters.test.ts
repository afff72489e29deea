import { describe, expect, it, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { Counters, type TenantCounters } from '../../../src/telemetry/counters.ts';
import * as domain from '../../../src/telemetry/domain-events.ts';
import * as events from '../../../src/telemetry/events.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import * as quota from '../../../src/telemetry/quota-events.ts';

const zero: TenantCounters = {
  hits: {},
  unverifiedHits: 0,
  stale: {},
  unverifiedStale: 0,
  misses: {},
  loads: 0,
  loadMs: 0,
  loadsFailed: 0,
  stores: 0,
  storedBytes: 0,
  storesDropped: {},
  bypasses: {},
  tagsDropped: {},
  purges: 0,
  purgesFailed: 0,
  purgesAbandoned: 0,
  domainEvents: {},
  messagesRepeated: 0,
  signaturesRefused: {},
  overQuota: {},
  tierErrors: {},
  invalidFrames: {},
  invalidValues: {},
  evictions: {},
  originErrors: {},
  epochChanges: 0,
  warmed: {},
};

const gone = new Error('gone');
const each: [TelemetryEvent, Partial<TenantCounters>][] = [
  [events.hit('acme', 'e:a', 'memory', true), { hits: { memory: 2 } }],
  [events.hit('acme', 'e:a', 'redis', false), { hits: { redis: 2 }, unverifiedHits: 2 }],
  [events.stale('acme', 'e:a', 'redis', 'timeout', true), { stale: { timeout: 2 } }],
  [
    events.stale('acme', 'e:a', 'redis', 'error', false),
    { stale: { error: 2 }, unverifiedStale: 2 },
  ],
  [events.miss('acme', 'e:a', 'absent'), { misses: { absent: 2 } }],
  [events.load('acme', 'e:a', 30), { loads: 2, loadMs: 60 }],
  [events.loadFailed('acme', 'loader_error', gone), { loadsFailed: 2 }],
  [events.set('acme', 'e:a', 100), { stores: 2, storedBytes: 200 }],
  [events.setDropped('acme', 'e:a', 'purged'), { storesDropped: { purged: 2 } }],
  [events.bypass('acme', 'no-store'), { bypasses: { 'no-store': 2 } }],
  [events.tagsDropped('acme', 'cache-tag', 3), { tagsDropped: { 'cache-tag': 6 } }],
  [events.purge('acme', 7, 'hard'), { purges: 2 }],
  [events.purgeFailed('acme', gone), { purgesFailed: 2 }],
  [events.purgeAbandoned('acme', 7), { purgesAbandoned: 2 }],
  [
    domain.domainEvents('acme', { applied: 3, unknown: 0, failed: 1, coarsened: true }),
    { domainEvents: { applied: 6, failed: 2 } },
  ],
  // Counted with its message.
  [domain.ruleFailed('acme', 'threw', 'The field is missing.'), {}],
  [domain.messageRepeated('acme'), { messagesRepeated: 2 }],
  [domain.signatureRefused('acme', 'mismatch'), { signaturesRefused: { mismatch: 2 } }],
  [quota.overQuota('acme', 'loads'), { overQuota: { loads: 2 } }],
  // Counted as a purge, or as over the quota.
  [quota.purgeAudit('acme', { via: 'purge', by: 'ci', outcome: 'accepted' }), {}],
  [events.storeError('acme', 'regional', gone), { tierErrors: { regional: 2 } }],
  [events.frameInvalid('acme', 'redis', 'checksum'), { invalidFrames: { redis: 2 } }],
  [events.valueInvalid('acme', 'e:a', 'redis', 'schema', gone), { invalidValues: { schema: 2 } }],
  [events.evict('acme', 'e:a', 'memory', 100), { evictions: { memory: 2 } }],
  [events.originError('acme', 'origin_timeout', gone), { originErrors: { origin_timeout: 2 } }],
  [events.epochChanged('acme', 'f'.repeat(32)), { epochChanges: 2 }],
  [events.warmed('acme', 'stored'), { warmed: { stored: 2 } }],
  // What happens to a whole store is no tenant's.
  [events.circuit('redis', 'open'), {}],
  [events.tierInert('regional'), {}],
  [events.listenerError('hit', gone), {}],
];

describe('every event is counted, where it belongs and nowhere else', () => {
  it.each(each)('%j', (event, expected) => {
    const counters = new Counters();
    counters.sink(event);
    counters.sink(event);
    expect(counters.of('acme')).toEqual({ ...zero, ...expected });
    expect(counters.of('other')).toEqual(zero);
  });

  test('and every constructor of an event stands in the table', () => {
    const made = [events, domain, quota]
      .flatMap(Object.values<unknown>)
      .filter((value) => typeof value === 'function');
    expect(new Set(each.map(([event]) => event.type)).size).toBe(made.length);
  });
});

test('counts of one tenant are added up by name', () => {
  const all = new Counters();
  for (const tier of ['memory', 'redis', 'memory']) all.sink(events.hit('acme', 'e:a', tier, true));
  all.sink(events.hit('other', 'e:a', 'memory', true));
  expect(all.of('acme').hits).toEqual({ memory: 2, redis: 1 });
  expect(all.of('other').hits).toEqual({ memory: 1 });
});

test('what is read is a copy: nobody counts by changing it', () => {
  const counters = new Counters();
  counters.sink(events.hit('acme', 'e:a', 'memory', true));
  const read = counters.of('acme');
  read.hits['memory'] = 99;
  read.stores = 99;
  expect(counters.of('acme')).toEqual({ ...zero, hits: { memory: 1 } });
  counters.of('nobody').stores = 99;
  expect(counters.of('nobody')).toEqual(zero);
});

describe('an event says of an error', () => {
  it.each([
    ['its name and message', new TypeError('odd'), 'TypeError: odd'],
    ['which of ours it is', new AuthorityUnavailable('down'), 'AuthorityUnavailable: down'],
    ['what was thrown, when that is no error', 'text', 'text'],
    ['also nothing', undefined, 'undefined'],
  ])('%s', (_what, error, message) => {
    expect(events.storeError('acme', 'redis', error)).toMatchObject({ message });
    expect(events.purgeFailed('acme', error)).toMatchObject({ message });
    expect(events.originError('acme', 'origin_invalid', error)).toMatchObject({ message });
  });

  test('never more than 200 characters: some clients put the whole command into it', () => {
    const event = events.storeError('acme', 'redis', new Error(`x${'secret '.repeat(100)}`));
    if (event.type !== 'error') throw new Error('another event');
    expect(event.message).toHaveLength(203);
    expect(event.message).toMatch(/^Error: xsecret .*\.\.\.$/);
  });
});
