import { describe, expect, test } from 'vitest';
import { Guard } from '../../../src/resilience/guard.ts';
import { guardTier } from '../../../src/tiers/guarded.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Tier } from '../../../src/tiers/tier.ts';
import { entryOf, keyOf, newTenant, text } from '../../support/entries.ts';
import { manualRuntime } from '../support/runtime.ts';

function setUp() {
  const clock = { ...manualRuntime(), random: () => 0 };
  const guard = new Guard({ name: 'regional', deadlineMs: 100, clock });
  const calls: string[] = [];
  const hang = (call: string) => (): Promise<never> => {
    calls.push(call);
    return new Promise(() => undefined);
  };
  const hanging: Tier = {
    name: 'regional',
    local: false,
    lifetimeMs: 5000,
    get: hang('get'),
    put: hang('put'),
    delete: hang('delete'),
  };
  return { clock, guard, calls, hanging };
}

const key = keyOf(newTenant(), 'a');
const entry = entryOf('a');
const copy = { key, entry, until: entry.expiresAt, heldAt: 0, prepared: undefined };

describe('a guarded tier', () => {
  test('is the tier in all that it declares and does', async () => {
    const tier = new MemoryTier({ bytes: 1e6, lifetimeMs: 5000 });
    const guarded = guardTier(
      Object.assign(tier, { status: () => (tier.entries > 0 ? 'works' : 'unknown') }),
      setUp().guard,
    );
    expect(guarded).toMatchObject({ name: 'memory', local: true, lifetimeMs: 5000 });
    expect(guarded.status?.()).toBe('unknown');
    await guarded.put(copy, Date.now());
    expect(guarded.status?.()).toBe('works');
    expect(text((await guarded.get(key, Date.now()))?.entry)).toBe('a');
    await guarded.delete(key);
    expect(await guarded.get(key, Date.now())).toBeUndefined();
    await guarded.put(copy, Date.now());
    guarded.deleteWhere?.(() => true);
    expect(tier.entries).toBe(0);
  });

  test('declares nothing that the tier does not', () => {
    const { guard, hanging } = setUp();
    const guarded = guardTier(hanging, guard);
    expect('status' in guarded).toBe(false);
    expect('deleteWhere' in guarded).toBe(false);
  });

  test.each(['get', 'put', 'delete'] as const)(
    'gives a %s that hangs up at the deadline, and makes no other until the probe',
    async (method) => {
      const { clock, guard, calls, hanging } = setUp();
      const guarded = guardTier(hanging, guard);
      const run = async (): Promise<unknown> => {
        if (method === 'get') return guarded.get(key, 0);
        if (method === 'put') return guarded.put(copy, 0);
        return guarded.delete(key);
      };
      const first = Promise.allSettled([run()]);
      await clock.advance(100);
      expect(await first).toMatchObject([{ reason: { code: 'deadline_exceeded' } }]);
      await expect(run()).rejects.toMatchObject({ code: 'circuit_open', tier: 'regional' });
      expect(calls).toEqual([method]);
    },
  );
});
