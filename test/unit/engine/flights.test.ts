import { describe, expect, test } from 'vitest';
import { joining, mayHave, type Flight } from '../../../src/engine/flights.ts';
import { prefixTarget, tagTarget, TENANT_TARGET, type Target } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { gate, never } from './timeline.ts';
import { acme, counting, HARD_MS, key, world } from './world.ts';

describe('one load per key and isolate', () => {
  test('a thousand callers at once make one load and get its value', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const { load, calls } = counting(time, 50);
    const all = Promise.all(Array.from({ length: 1000 }, () => here.obtain(load)));
    await time.advance(60);
    expect(new Set(await all)).toEqual(new Set(['v1']));
    expect(calls).toHaveLength(1);
    await here.settle();
    expect(here.asked.filter((name) => name === 'commit')).toHaveLength(1);
    expect(here.parts.flights.size).toBe(0);
  });

  test('a caller whose own read was on its way while the load ended does not load again', async () => {
    const slow = gate();
    let reads = 0;
    const { isolate } = world();
    const here = isolate({
      wrap: (real) => ({
        read: async (...args) => {
          reads += 1;
          const mine = reads;
          const answer = await real.read(...args);
          if (mine === 2) await slow.opened;
          return answer;
        },
      }),
    });
    const { load, calls } = counting();
    const first = here.obtain(load);
    const second = here.obtain(load);
    expect(await first).toBe('v1');
    await here.settle();
    slow.open();
    expect(await second).toBe('v1');
    expect(calls).toHaveLength(1);
  });

  test('a load that fails rejects all who joined with the same error and poisons nothing', async () => {
    const { isolate } = world();
    const here = isolate();
    const failing = gate<string>();
    const callers = Array.from({ length: 20 }, () => here.obtain(() => failing.opened));
    await turn();
    const error = new Error('origin down');
    failing.fail(error);
    const outcomes = await Promise.allSettled(callers);
    expect(outcomes).toEqual(callers.map(() => ({ status: 'rejected', reason: error })));
    for (const outcome of outcomes)
      expect(outcome.status === 'rejected' && outcome.reason === error).toBe(true);
    expect(await here.obtain(() => 'fine')).toBe('fine');
    expect(here.parts.flights.size).toBe(0);
  });

  test('what throws at once is a failed load like any other', async () => {
    const { isolate } = world();
    const here = isolate();
    const failed = here.obtain(() => {
      throw new RangeError('at once');
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await here.obtain(() => 'fine')).toBe('fine');
  });
});

describe('a leader that is gone', () => {
  test('one of its followers takes over, once each has waited by a timer of its own', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.vanish();
    await time.advance(HARD_MS / 2);
    const { load, calls } = counting(time, 20);
    const followers = Promise.allSettled(Array.from({ length: 50 }, () => here.obtain(load)));
    await time.advance(HARD_MS / 2 - 1);
    expect(calls).toHaveLength(0);
    await time.advance(300);
    expect(
      new Set((await followers).map((one) => one.status === 'fulfilled' && one.value)),
    ).toEqual(new Set(['v1']));
    expect(calls).toHaveLength(1);
  });

  test('a follower that joined it at once has the time of a load left when it takes over', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.vanish();
    await time.advance(100);
    const { load, calls } = counting(time, 1500);
    const follower = here.obtain(load).catch((error: unknown) => error);
    await time.advance(2 * HARD_MS);
    expect(await follower).toBe('v1');
    expect(calls).toHaveLength(1);
  });

  test('a refresh that never ends is not taken for one under way for ever', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const making = { ttl: 1000, swr: 3_600_000 };
    await here.obtain(() => 'old', making);
    await here.settle();
    await time.advance(1500);
    await here.vanish(making);
    await time.advance(6 * HARD_MS);
    const { load, calls } = counting();
    expect(await here.obtain(load, making)).toBe('old');
    await turn();
    expect(calls).toHaveLength(1);
  });

  test('a late caller finds no more than an aged flight, and loads at once', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.vanish();
    await time.advance(10 * HARD_MS);
    const late = here.obtain(() => 'mine');
    await time.advance(0);
    expect(await late).toBe('mine');
  });
});

describe('a purge during a load', () => {
  const ways: readonly (readonly [string, readonly Target[]])[] = [
    ['its key', [`k:${key.key}`]],
    ['a tag', [tagTarget('team:x')]],
    ['a prefix', [prefixTarget('n:users')]],
    ['the tenant', [TENANT_TARGET]],
  ];

  for (const mode of ['hard', 'soft'] as const)
    test.for(ways)(
      `of %s (${mode}): who asked before gets the value, who asks after a load of their own, nothing old is stored`,
      async ([, targets]) => {
        const { isolate, store } = world();
        const here = isolate();
        const elsewhere = isolate();
        const old = gate<string>();
        const making = { tags: ['team:x'] };
        const before = [
          here.obtain(() => old.opened, making),
          here.obtain(() => old.opened, making),
        ];
        await turn();
        await here.purge(targets, mode);
        const { load, calls } = counting();
        const after = [here.obtain(load, making), here.obtain(load, making)];
        await turn();
        old.open('old');
        expect(await Promise.all(before)).toEqual(['old', 'old']);
        expect(await Promise.all(after)).toEqual(['v1', 'v1']);
        await here.settle();
        expect(calls).toHaveLength(1);
        expect(await here.obtain(() => 'unneeded', making)).toBe('v1');
        expect(await elsewhere.obtain(() => 'unneeded', making)).toBe('v1');
        expect([...store.copies.values()].map(({ entry }) => entry.tags)).toEqual([['team:x']]);
      },
    );

  test.for(ways)('of %s by another isolate, once a poll has told', async ([, targets]) => {
    const { isolate, time } = world();
    const here = isolate();
    const elsewhere = isolate();
    const old = gate<string>();
    const making = { tags: ['team:x'] };
    const before = here.obtain(() => old.opened, making);
    await turn();
    await elsewhere.purge(targets);
    await here.parts.coherence.check(acme, here.runtime);
    await time.advance(0);
    const after = here.obtain(() => 'new', making);
    await turn();
    old.open('old');
    expect(await before).toBe('old');
    expect(await after).toBe('new');
    await here.settle();
    expect(await here.obtain(() => 'unneeded', making)).toBe('new');
  });

  test('of its key: who asks after it does not wait for the old load', async () => {
    const { isolate } = world();
    const here = isolate();
    void here.obtain(never);
    await turn();
    await here.purge();
    expect(await here.obtain(() => 'new')).toBe('new');
  });

  test('that this isolate has not heard of keeps the value out of the authority and drops it here', async () => {
    const { isolate, store } = world();
    const here = isolate();
    const elsewhere = isolate();
    const old = gate<string>();
    const before = here.obtain(() => old.opened);
    await turn();
    await elsewhere.purge();
    old.open('old');
    expect(await before).toBe('old');
    await here.settle();
    expect(store.copies.size).toBe(0);
    expect(here.memory.entries).toBe(0);
    expect(here.count('set_dropped', 'purged')).toBe(1);
  });

  test('of something else lets callers join all the same', async () => {
    const { isolate } = world();
    const here = isolate();
    const { load, calls } = counting();
    const open = gate();
    const slow = async (): Promise<string> => {
      await open.opened;
      return 'slow';
    };
    const first = here.obtain(slow, { tags: ['team:x'] });
    await turn();
    await here.purge([tagTarget('team:y'), prefixTarget('n:orders')]);
    const second = here.obtain(load, { tags: ['team:x'] });
    await turn();
    open.open();
    expect(await Promise.all([first, second])).toEqual(['slow', 'slow']);
    expect(calls).toHaveLength(0);
  });
});

describe('joining', () => {
  const flight = (stamp: Flight['stamp']): Flight => ({
    key,
    landing: never(),
    startedAt: 0,
    aliveUntil: 0,
    stamp,
  });
  const known = { epoch: 'e', seen: 9, newest: 9, floor: 2, keyFloor: 4, marks: new Map() };
  const at = (asOf: number) => ({ epoch: 'e', asOf });

  test('asks for the same epoch, and for a stamp above the floors', () => {
    expect(joining(known, flight({ epoch: 'e', asOf: 4 }))).toBeDefined();
    expect(joining(known, flight({ epoch: 'e', asOf: 3 }))).toBeUndefined();
    expect(joining(known, flight({ epoch: 'f', asOf: 9 }))).toBeUndefined();
    expect(joining(known, flight(undefined))).toBeUndefined();
  });

  test('leaves the tags to the end, when they are known', () => {
    const marks = new Map([[tagTarget('x'), { hard: 8, soft: 0 }]]);
    const told = { ...known, marks };
    const joined = joining(told, flight({ epoch: 'e', asOf: 7 }));
    expect(joined && mayHave(joined, key, ['y'], at(7), told)).toBe(true);
    expect(joined && mayHave(joined, key, ['x'], at(7), told)).toBe(false);
    const later = joining(told, flight({ epoch: 'e', asOf: 8 }));
    expect(later && mayHave(later, key, ['x'], at(8), told)).toBe(true);
  });
});
