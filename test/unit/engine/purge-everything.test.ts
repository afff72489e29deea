import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { purgeEverything } from '../../../src/engine/purge.ts';
import { tenantId } from '../support/tenants.ts';
import { turn } from '../support/runtime.ts';
import { gate, never } from './timeline.ts';
import { counting, key, keys, MINUTE, world } from './world.ts';

const other = keys.key(tenantId('globex'), 'n:users:1');

describe('a purge of everything', () => {
  test('reaches every tenant, here at once and elsewhere within the bound', async () => {
    const { time, isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    for (const of of [key, other]) {
      await here.obtain(() => 'old', {}, of);
      await here.settle();
      expect(await elsewhere.obtain(never, {}, of)).toBe('old');
    }
    expect(await purgeEverything(here.parts, 'hard')).toBe(2);
    expect(here.memory.entries).toBe(0);
    expect(await here.obtain(() => 'new', {}, key)).toBe('new');
    await here.settle();
    await time.advance(1000);
    expect(await elsewhere.obtain(never, {}, key)).toBe('new');
    expect(await elsewhere.obtain(() => 'also new', {}, other)).toBe('also new');
  });

  test('in soft mode leaves what is stale to be served while it is loaded anew', async () => {
    const { isolate } = world();
    const here = isolate();
    const making = { swr: MINUTE };
    await here.obtain(() => 'old', making);
    await here.settle();
    await purgeEverything(here.parts, 'soft');
    const { load, calls } = counting();
    expect(await here.obtain(load, making)).toBe('old');
    await here.settle();
    expect(await here.obtain(never, making)).toBe('v1');
    expect(calls).toHaveLength(1);
  });

  test('keeps out what was being loaded, and gives who asks after it a load of their own', async () => {
    const { isolate, store } = world();
    const here = isolate();
    const old = gate<string>();
    const before = here.obtain(() => old.opened);
    await turn();
    await purgeEverything(here.parts, 'hard');
    const after = here.obtain(() => 'new');
    await turn();
    old.open('old');
    expect(await before).toBe('old');
    expect(await after).toBe('new');
    await here.settle();
    expect(store.copies.size).toBe(1);
    expect(await here.obtain(never)).toBe('new');
  });

  test('is not forgotten because a read that was sent before it is answered after it', async () => {
    const slow = gate();
    let held = true;
    const { isolate } = world();
    await isolate().obtain(() => 'old');
    const here = isolate({
      wrap: (real) => ({
        read: async (...args) => {
          const answer = await real.read(...args);
          if (held) await slow.opened;
          return answer;
        },
      }),
    });
    const before = here.obtain(() => 'loaded');
    await turn();
    held = false;
    await purgeEverything(here.parts, 'hard');
    slow.open();
    await before;
    await here.settle();
    expect(await here.obtain(() => 'new')).not.toBe('old');
  });

  test('that failed has dropped what memory held all the same, and may be repeated', async () => {
    const { isolate } = world();
    let down = true;
    const here = isolate({
      wrap: (real) => ({
        markEverything: (mode) =>
          down ? Promise.reject(new AuthorityUnavailable('down')) : real.markEverything(mode),
      }),
    });
    await here.obtain(() => 'old');
    await here.settle();
    await expect(purgeEverything(here.parts, 'hard')).rejects.toThrow(AuthorityUnavailable);
    expect(here.memory.entries).toBe(0);
    down = false;
    expect(await purgeEverything(here.parts, 'hard')).toBe(1);
    expect(await here.obtain(() => 'new')).toBe('new');
  });
});
