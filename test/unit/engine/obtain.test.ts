import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookup } from '../../../src/engine/lookup.ts';
import { keyTarget } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { gate, never } from './timeline.ts';
import { acme, counting, HARD_MS, key, MINUTE, textFace, world, type Making } from './world.ts';

const SWR: Making = { ttl: 1000, swr: MINUTE };
const SIE: Making = { ttl: 1000, sie: MINUTE };

const fails = (): Promise<string> => Promise.reject(new Error('origin down'));

describe('fresh', () => {
  test('until its ttl is over, with neither a load nor a request within the bound', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const { load, calls } = counting();
    expect(await here.obtain(load, { ttl: 900 })).toBe('v1');
    await here.settle();
    here.asked.length = 0;
    await time.advance(400);
    expect(await here.obtain(load, { ttl: 900 })).toBe('v1');
    expect(here.asked).toEqual([]);
    await time.advance(500);
    expect(await here.obtain(load, { ttl: 900 })).toBe('v2');
    expect(calls).toHaveLength(2);
  });

  test('a miss is one read and one write', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await isolate().obtain(() => 'first', {}, { ...key, name: 'other', fullName: 'other' });
    here.asked.length = 0;
    await here.obtain(() => 'v');
    await here.settle();
    await time.advance(0);
    expect(here.asked).toEqual(['read', 'commit']);
  });
});

describe('stale-while-revalidate', () => {
  test('serves at once and refreshes once behind, whatever the number of readers', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', SWR);
    await here.settle();
    await time.advance(1500);
    const { load, calls } = counting(time, 500);
    for (let reader = 0; reader < 100; reader += 1)
      expect(await here.obtain(load, SWR)).toBe('old');
    expect(calls).toHaveLength(1);
    expect(calls[0]?.stale?.prepared.value).toBe('old');
    await time.advance(600);
    expect(await here.obtain(load, SWR)).toBe('v1');
    expect(calls).toHaveLength(1);
    expect(here.count('stale', 'revalidate')).toBe(100);
  });

  test('is over when its window is', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', SWR);
    await time.advance(1000 + MINUTE);
    expect(await here.obtain(() => 'new', SWR)).toBe('new');
    await expect(here.obtain(fails, SWR)).resolves.toBe('new');
  });

  test('a refresh that fails is made once a window, and nobody hears of it', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', SWR);
    await time.advance(1500);
    let calls = 0;
    const down = (): Promise<string> => {
      calls += 1;
      return fails();
    };
    for (let read = 0; read < 30; read += 1) {
      expect(await here.obtain(down, SWR)).toBe('old');
      await time.advance(100);
    }
    expect(calls).toBe(1);
    await time.advance(2000);
    expect(await here.obtain(down, SWR)).toBe('old');
    await turn();
    expect(calls).toBe(2);
    expect(here.count('stale', 'throttled')).toBe(29);
    expect(here.count('load_failed')).toBe(2);
  });

  test('a refresh that another isolate has made already is taken over without a load', async () => {
    const { time, isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    await here.obtain(() => 'old', SWR);
    await here.settle();
    await time.advance(1500);
    expect(await elsewhere.obtain(() => 'theirs', SWR)).toBe('old');
    await elsewhere.settle();
    await here.parts.coherence.check(acme, here.runtime);
    const { load, calls } = counting();
    expect(await here.obtain(load, SWR)).toBe('old');
    await turn();
    expect(await here.obtain(load, SWR)).toBe('theirs');
    expect(calls).toHaveLength(0);
  });
});

describe('stale-if-error', () => {
  test('k stale reads while the origin is down make one call of it in each window', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', SIE);
    await time.advance(1500);
    let calls = 0;
    const down = (): Promise<string> => {
      calls += 1;
      return fails();
    };
    for (let window = 1; window <= 3; window += 1) {
      for (let read = 0; read < 50; read += 1) expect(await here.obtain(down, SIE)).toBe('old');
      expect(calls).toBe(window);
      await time.advance(5000);
    }
    expect(here.count('stale', 'error')).toBe(3);
    expect(here.count('stale', 'throttled')).toBe(147);
    expect(await here.obtain(() => 'back', SIE)).toBe('back');
  });

  test('what fails with nothing stale rejects with what the loader rejects with, each time', async () => {
    const { isolate } = world();
    const here = isolate();
    await expect(here.obtain(fails)).rejects.toThrow('origin down');
    await expect(here.obtain(fails)).rejects.toThrow('origin down');
    expect(here.count('load_failed')).toBe(2);
  });

  test('is over when its window is', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', SIE);
    await time.advance(1000 + MINUTE);
    await expect(here.obtain(fails, SIE)).rejects.toThrow('origin down');
  });

  test('serves nothing that ended while the load was waited for', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', { ttl: 1000, sie: 1000 });
    await time.advance(1900);
    const slow = gate<string>();
    const read = here.obtain(() => slow.opened, SIE).catch((error: unknown) => error);
    await time.advance(200);
    slow.fail(new Error('late failure'));
    expect(await read).toEqual(new Error('late failure'));
  });

  test('serves nothing that a hard purge hit, before the load or during it', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'old', SIE);
    await here.settle();
    await time.advance(1500);
    const slow = gate<string>();
    const read = here.obtain(() => slow.opened, SIE).catch((error: unknown) => error);
    await turn();
    await here.purge();
    slow.fail(new Error('origin down'));
    expect(await read).toEqual(new Error('origin down'));
    const { load, calls } = counting();
    await here.obtain(load, SIE);
    expect(calls[0]?.stale).toBeUndefined();
  });
});

describe('timeouts', () => {
  test('the soft one applies only with something stale to serve; the load goes on', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const making = { ...SIE, policy: { softTimeoutMs: 200 } };
    const first = here.obtain(() => time.sleep(500).then(() => 'first'), making);
    await time.advance(500);
    expect(await first).toBe('first');
    await time.advance(1500);
    const read = here.obtain(() => time.sleep(500).then(() => 'second'), making);
    await time.advance(200);
    expect(await read).toBe('first');
    expect(here.count('stale', 'timeout')).toBe(1);
    await time.advance(300);
    expect(await here.obtain(never, making)).toBe('second');
  });

  test('a caller whose stale value was purged before the soft timeout waits on for the load', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const making = { ...SIE, policy: { softTimeoutMs: 200 } };
    await here.obtain(() => 'old', making);
    await here.settle();
    await time.advance(1500);
    const read = here
      .obtain(() => time.sleep(500).then(() => 'new'), making)
      .catch((error: unknown) => error);
    await time.advance(100);
    await here.purge();
    await time.advance(500);
    expect(await read).toBe('new');
  });

  test('the hard one rejects with LoadTimeout, aborts the signal with it, and serves what is stale', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const { load, calls } = counting(time, 2 * HARD_MS);
    const read = here.obtain(load).catch((error: unknown) => error);
    await time.advance(HARD_MS - 1);
    expect(calls[0]?.signal.aborted).toBe(false);
    await time.advance(1);
    const error = await read;
    expect(error).toMatchObject({ code: 'load_timeout', key: key.fullName, retryable: true });
    expect(calls[0]?.signal.reason).toBe(error);
    await time.advance(HARD_MS);
    await here.settle();
    // What it made all the same is stored.
    expect(await here.obtain(never)).toBe('v1');
    await time.advance(MINUTE);
  });

  test('what ends past the hard timeout is stored nowhere when a purge came first', async () => {
    const { time, isolate, store } = world();
    const here = isolate();
    const { load } = counting(time, 2 * HARD_MS);
    const read = here.obtain(load).catch(() => 'timed out');
    await time.advance(HARD_MS);
    expect(await read).toBe('timed out');
    await here.purge();
    await time.advance(HARD_MS);
    await here.settle();
    expect(here.memory.entries + store.copies.size).toBe(0);
  });

  test('no timer is left behind by a load that was in time', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await Promise.all(Array.from({ length: 10 }, () => here.obtain(() => 'v')));
    await here.settle();
    expect(time.pending).toBe(0);
  });
});

test('a soft purge: served while it is loaded anew; after a hard one never again, also not as stale', async () => {
  const { isolate } = world();
  const here = isolate();
  await here.obtain(() => 'old', SWR);
  await here.settle();
  await here.purge([keyTarget(key.key)], 'soft');
  const { load, calls } = counting();
  expect(await here.obtain(load, SWR)).toBe('old');
  await here.settle();
  expect(await here.obtain(load, SWR)).toBe('v1');
  expect(calls[0]?.stale?.prepared.value).toBe('old');
  await here.purge();
  expect(await here.obtain(load, SWR)).toBe('v2');
  expect(calls[1]?.stale).toBeUndefined();
});

test('what is stale here is not served by a read that has just learnt that it is purged', async () => {
  const { time, isolate } = world();
  const [here, elsewhere] = [isolate(), isolate()];
  await here.obtain(() => 'old', { ...SIE, swr: MINUTE });
  await here.settle();
  await time.advance(1500);
  await here.parts.coherence.check(key.tenant, here.runtime);
  await elsewhere.purge();
  // Within the bound, so that memory is looked at first; the flow goes on to the authority, which tells of the purge.
  const found = await lookup(here.parts, key, textFace, here.runtime);
  expect(found).toMatchObject({ found: false, stale: undefined });
});

test('neither readers nor promotion move the end of an entry, whatever the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 4000 })), { maxLength: 12 }),
      async (reads) => {
        const { time, isolate } = world();
        const isolates = [isolate(), isolate(), isolate()];
        const loadedAt = time.now();
        const making = { ttl: 10_000, sie: 5000 };
        await isolates[0]?.obtain(() => 'old', making);
        await isolates[0]?.settle();
        for (const [at, ms] of reads) {
          await time.advance(ms);
          const age = time.now() - loadedAt;
          const got = await isolates[at]?.obtain(fails, making).catch(() => 'failed');
          expect(got).toBe(age < 15_000 ? 'old' : 'failed');
          await isolates[at]?.settle();
        }
      },
    ),
    { numRuns: 40 },
  );
});
