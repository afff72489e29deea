import { describe, expect, test } from 'vitest';
import type { Face } from '../../../src/engine/face.ts';
import { keyTarget, type Target } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { obtainAll } from './batch.ts';
import { gate } from './timeline.ts';
import {
  COHERENCE_MS,
  key,
  LEASED,
  MINUTE,
  textFace,
  world,
  type Isolate,
  type Making,
} from './world.ts';

/* What came from the authority is exact per key when it is read, not for as long as it is held. */

const MAKING: Making = { ttl: 1000, swr: 0, sie: MINUTE };
const down = new Error('the source is down');
/** More than the ledger keeps of either kind. */
const flood: readonly Target[] = Array.from({ length: 1100 }, (_, at) =>
  keyTarget(`n:other:${at}`),
);

const MAKINGS = { one: MAKING, leased: { ...MAKING, policy: LEASED } } as const;
const readOne =
  (making: Making) =>
  (here: Isolate, load: () => string | Promise<string>): Promise<unknown> =>
    here.obtain(load, making);
async function readBatch(here: Isolate, load: () => string | Promise<string>): Promise<unknown> {
  const [text] = await obtainAll(here, ['1'], async () => [await load()], MAKING);
  return text;
}

describe.each([
  ['one read', readOne(MAKINGS.one)],
  ['a read that takes the lease', readOne(MAKINGS.leased)],
  ['a batch', readBatch],
] as const)('in %s', (_road, read) => {
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
      const ended = read(here, () => slow.opened).catch((error: unknown) => error);
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
    expect(await read(here, () => 'unneeded')).toBe('old');
    await time.advance(1001);
    const slow = gate<string>();
    const ended = read(here, () => slow.opened);
    await turn();
    await time.advance(COHERENCE_MS);
    slow.fail(down);
    expect(await ended).toBe('old');
  });
});

test.each([
  ['is not handed on when it is purged while it is prepared', true, 'new'],
  ['is handed on as it was read', false, 'old'],
])('an entry from before the key floor, read behind a lease, %s', async (_, purged, expected) => {
  const { isolate } = world();
  const there = isolate();
  const preparing = gate();
  const prepared = gate();
  const here = isolate({
    wrap: (real) => ({
      async lease(...args) {
        await there.obtain(() => 'old', MAKING);
        await there.settle();
        await there.purge(flood);
        return real.lease(...args);
      },
    }),
  });
  const face: Face = {
    async prepare(...args) {
      preparing.open();
      await prepared.opened;
      return textFace.prepare(...args);
    },
  };
  const read = here.obtain(() => 'new', { ...MAKING, policy: LEASED, face });
  await preparing.opened;
  if (purged) {
    await there.purge([keyTarget(key.key)]);
    await there.purge(flood);
    await here.parts.coherence.read(key.tenant, [], here.runtime);
  }
  prepared.open();
  expect(await read).toBe(expected);
});
