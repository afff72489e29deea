import { expect, test } from 'vitest';
import { obtainAnew } from '../../../src/engine/obtain.ts';
import { gate } from './timeline.ts';
import { LEASED, world, type Isolate } from './world.ts';

const making = { ttl: 60_000, policy: LEASED };

/** Loads whatever is stored. */
async function anew(isolate: Isolate, load: () => string | Promise<string>): Promise<unknown> {
  const { prepared } = await obtainAnew(
    isolate.parts,
    isolate.source(load, making),
    isolate.runtime,
  );
  return prepared.value;
}

test('a forced load does not take another isolate’s value for its own, whoever has the lease', async () => {
  const { isolate } = world();
  const [here, there] = [isolate(), isolate()];
  await here.obtain(() => 'first', making);
  await here.settle();
  expect(await anew(there, () => 'second')).toBe('second');
  await there.settle();
  expect(await anew(here, () => 'third')).toBe('third');
  expect(here.asked.filter((name) => name === 'lease')).toHaveLength(1);
});

test('a forced load does not serve what is stored because another isolate is loading', async () => {
  const { isolate, time } = world();
  const [here, there] = [isolate(), isolate()];
  const slow = gate<string>();
  const held = there.obtain(() => slow.opened, making);
  await time.advance(10);
  expect(await anew(here, () => 'mine')).toBe('mine');
  slow.open('theirs');
  await held;
});
