import { expect, test } from 'vitest';
import { keyTarget, type Target } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { gate } from './timeline.ts';
import { COHERENCE_MS, key, MINUTE, world, type Making } from './world.ts';

/* What came from the authority is exact per key when it is read, not for as long as it is held. */

const MAKING: Making = { ttl: 1000, swr: 0, sie: MINUTE };
const down = new Error('the source is down');
/** More than the ledger keeps of either kind. */
const flood: readonly Target[] = Array.from({ length: 1100 }, (_, at) =>
  keyTarget(`n:other:${at}`),
);

test.each([
  ['nothing else was purged', [], 'purged'],
  ['so much else was purged that its mark is trimmed', flood, 'purged'],
  ['so much else was purged, but not it', flood, 'trimmed'],
] as const)(
  'an entry that was purged during the load does not help out, when %s',
  async (_, others, what) => {
    const { time, isolate } = world();
    const [there, here] = [isolate(), isolate()];
    await there.obtain(() => 'old', MAKING);
    await there.settle();
    await time.advance(1001);
    const slow = gate<string>();
    const ended = here.obtain(() => slow.opened, MAKING).catch((error: unknown) => error);
    await turn();
    if (what === 'purged') await there.purge([keyTarget(key.key)]);
    if (others.length > 0) await there.purge(others);
    await time.advance(COHERENCE_MS);
    slow.fail(down);
    // Trimming can't tell one key from the others: that costs a stale answer, never a purge.
    expect(await ended).toBe(down);
  },
);

test('an entry from before the key floor is served as it is read, and helps out while nothing is trimmed', async () => {
  const { time, isolate } = world();
  const [there, here] = [isolate(), isolate()];
  await there.obtain(() => 'old', MAKING);
  await there.settle();
  await there.purge(flood);
  expect(await here.obtain(() => 'unneeded', MAKING)).toBe('old');
  await time.advance(1001);
  const slow = gate<string>();
  const ended = here.obtain(() => slow.opened, MAKING);
  await turn();
  await time.advance(COHERENCE_MS);
  slow.fail(down);
  expect(await ended).toBe('old');
});
