import { describe, expect, test } from 'vitest';
import { failSoft } from '../../../src/tiers/fail-soft.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Tier } from '../../../src/tiers/tier.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import { entryOf, keyOf, newTenant, text } from '../../support/entries.ts';
import { world } from '../engine/world.ts';

const key = keyOf(newTenant(), 'a');
const entry = entryOf('a');
const copy = { key, entry, until: entry.expiresAt, heldAt: 0, prepared: undefined };
const NOW = entry.createdAt;

function closed(): never {
  throw new Error('closed');
}

const own = (changes: Partial<Tier> = {}): Tier => ({
  name: 'mine',
  local: true,
  lifetimeMs: 5000,
  get: () => undefined,
  put: () => undefined,
  delete: () => undefined,
  ...changes,
});

function soft(changes: Partial<Tier> = {}) {
  const events: TelemetryEvent[] = [];
  return { events, tier: failSoft(own(changes), (event) => void events.push(event)) };
}

const failure = (tenant: string = key.tenant): unknown => ({
  type: 'error',
  tenant,
  tier: 'mine',
  message: 'Error: closed',
});

describe('a tier of somebody’s own', () => {
  test('is the tier in all that it declares and does', () => {
    const memory = new MemoryTier({ bytes: 1e6, lifetimeMs: 5000 });
    const tier = failSoft(memory, closed);
    expect(tier).toMatchObject({ name: 'memory', local: true, lifetimeMs: 5000 });
    expect('status' in tier).toBe(false);
    void tier.put(copy, NOW);
    const got = tier.get(key, NOW);
    expect(got instanceof Promise ? 'a promise' : text(got?.entry)).toBe('a');
    tier.deleteWhere?.(() => true);
    expect(memory.entries).toBe(0);
    expect('deleteWhere' in soft().tier).toBe(false);
  });

  test('that throws has nothing, and each failure is an event', async () => {
    const { tier, events } = soft({
      get: closed,
      put: closed,
      delete: closed,
      deleteWhere: closed,
      status: closed,
    });
    expect(tier.get(key, NOW)).toBeUndefined();
    expect(await tier.put(copy, NOW)).toBeUndefined();
    expect(await tier.delete(key)).toBeUndefined();
    tier.deleteWhere?.(() => true);
    expect(tier.status?.()).toBe('unknown');
    expect(events).toEqual([failure(), failure(), failure(), failure(''), failure('')]);
  });

  test('whose get rejects has nothing either, and nobody hears of an unhandled rejection', async () => {
    const { tier, events } = soft({ get: async () => closed() });
    expect(await tier.get(key, NOW)).toBeUndefined();
    expect(events).toEqual([failure()]);
  });

  test('whose get rejects costs readers nothing, whoever asks in whichever way', async () => {
    const { tier, events } = soft({ get: async () => closed() });
    const here = world().isolate({ tiers: (memory) => [tier, memory] });
    expect(await here.obtain(() => 'v')).toBe('v');
    await here.settle();
    expect(await here.obtain(() => 'another')).toBe('v');
    expect(events.length).toBeGreaterThan(0);
    expect(here.events.filter(({ type }) => type === 'error')).toEqual([]);
  });
});
