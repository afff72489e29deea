import { expect, test } from 'vitest';
import { NOTHING } from '../../../src/engine/face.ts';
import { promote } from '../../../src/engine/promotion.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import type { Tier } from '../../../src/tiers/tier.ts';
import { isolate, key, outsideTier, TIER_TIMEOUT_MS, type Isolate } from './isolate.ts';

const STAMP = { epoch: 'a'.repeat(32), asOf: 1 };

/** An entry on its way, loaded now. */
function promotionOf(one: Isolate) {
  const entry = one.entry(STAMP);
  return {
    key,
    entry,
    prepared: NOTHING,
    until: entry.expiresAt,
    from: one.runtime.now(),
    heldAt: 7,
  };
}

test('tiers of the isolate have the copy at once, and nothing waits behind the response', () => {
  const one = isolate();
  const promotion = promotionOf(one);
  promote(one.parts, one.parts.tiers, promotion, one.runtime);
  expect(one.memory.get(key, one.runtime.now())).toEqual({
    key,
    entry: promotion.entry,
    until: promotion.entry.expiresAt,
    heldAt: 7,
    prepared: NOTHING,
  });
  expect(one.runtime.behind).toEqual([]);
});

test('a tier of the isolate that fails is an event, and costs the others nothing', async () => {
  const failing: Tier = {
    name: 'memory',
    local: true,
    lifetimeMs: 1000,
    get: () => undefined,
    put: () => {
      throw new Error('full');
    },
    delete: () => undefined,
  };
  const one = isolate();
  promote(one.parts, [failing, one.memory], promotionOf(one), one.runtime);
  expect(one.memory.get(key, one.runtime.now())).toBeDefined();
  await one.runtime.settle();
  expect(one.events).toEqual([
    { type: 'error', tenant: 'acme', tier: 'memory', message: 'Error: full' },
  ]);
});

test('a tier outside is written behind the response, and is given up after its time', async () => {
  const outside = outsideTier({ put: () => new Promise(() => undefined) });
  const one = isolate({ outside: [outside] });
  promote(one.parts, one.parts.tiers, promotionOf(one), one.runtime);
  expect(outside.asked).toEqual(['put']);
  expect(one.runtime.behind).toHaveLength(1);
  let ended = false;
  void one.runtime.behind[0]?.then(() => (ended = true));
  await one.runtime.advance(TIER_TIMEOUT_MS - 1);
  expect(ended).toBe(false);
  expect(one.events).toEqual([]);
  await one.runtime.advance(1);
  expect(ended).toBe(true);
  expect(one.events).toEqual([
    {
      type: 'error',
      tenant: 'acme',
      tier: 'regional',
      message: `DeadlineExceeded: No answer within ${TIER_TIMEOUT_MS} ms.`,
    },
  ]);
});

test.each<[string, Tier['put']]>([
  ['rejects', () => Promise.reject(new Error('gone'))],
  [
    'throws',
    () => {
      throw new Error('gone');
    },
  ],
])('a tier outside that %s is an event', async (_what, put) => {
  const one = isolate({ outside: [outsideTier({ put })] });
  promote(one.parts, one.parts.tiers, promotionOf(one), one.runtime);
  await one.runtime.settle();
  expect(one.events).toEqual([
    { type: 'error', tenant: 'acme', tier: 'regional', message: 'Error: gone' },
  ]);
});

test('a tier outside that answers in time is no event, also later', async () => {
  const one = isolate({ outside: [outsideTier()] });
  promote(one.parts, one.parts.tiers, promotionOf(one), one.runtime);
  await one.runtime.settle();
  await one.runtime.advance(10 * TIER_TIMEOUT_MS);
  expect(one.events).toEqual([]);
});

test('a copy lives no longer than its source, its entry or its tier: promotion extends nothing', async () => {
  const one = isolate();
  const from = one.runtime.now();
  await one.runtime.advance(500);
  const tier = new MemoryTier({ bytes: 1e6, lifetimeMs: 1000 });
  const entry = one.entry(STAMP);
  const untilOf = (until: number): number | undefined => {
    promote(
      one.parts,
      [tier],
      { key, entry, prepared: NOTHING, until, from, heldAt: 0 },
      one.runtime,
    );
    return tier.get(key, one.runtime.now())?.until;
  };
  // Counted from when the read was sent, not from now.
  expect(untilOf(entry.expiresAt)).toBe(from + 1000);
  expect(untilOf(from + 700)).toBe(from + 700);
});
