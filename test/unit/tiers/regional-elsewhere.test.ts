import { expect, test } from 'vitest';
import { FrameCodec } from '../../../src/codec/frame.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';
import { platformCache, RegionalTier } from '../../../src/tiers/regional.ts';
import { entryOf, keyOf, newTenant } from '../../support/entries.ts';

test('outside Workers there are no caches: the tier keeps nothing, says so once, and fails nobody', async () => {
  expect(platformCache('tiercel')).toBeUndefined();
  const events: TelemetryEvent[] = [];
  const tier = new RegionalTier({
    cache: () => platformCache('tiercel'),
    base: () => 'https://a.test',
    lifetimeMs: 60_000,
    frames: new FrameCodec(),
    sink: (event) => void events.push(event),
  });
  const key = keyOf(newTenant(), 'a');
  const entry = entryOf('a');
  const now = Date.now();
  await tier.put({ key, entry, until: entry.expiresAt, heldAt: 0, prepared: undefined }, now);
  expect(await tier.get(key, now)).toBeUndefined();
  await tier.delete(key);
  expect(tier.status()).toBe('inert');
  expect(events).toEqual([{ type: 'tier_inert', tier: 'regional' }]);
});
