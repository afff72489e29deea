import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { turn } from '../support/runtime.ts';
import { gate, never } from './timeline.ts';
import { counting, HARD_MS, key, LEASED, MINUTE, world, type Making } from './world.ts';

const LEASE: Making = { policy: LEASED };
const SIE: Making = { ttl: 1000, sie: MINUTE, policy: LEASED };
const down = (): Promise<never> => Promise.reject(new AuthorityUnavailable('down'));

describe('one load at a time among all isolates', () => {
  test('losers wait and get the holder’s value without a load', async () => {
    const { time, isolate } = world();
    const isolates = Array.from({ length: 8 }, () => isolate());
    const { load, calls } = counting(time, 700);
    const all = Promise.all(isolates.map((each) => each.obtain(load, LEASE)));
    await time.advance(2000);
    expect(new Set(await all)).toEqual(new Set(['v1']));
    expect(calls).toHaveLength(1);
  });

  test('a miss is one read, one lease and one write; the write gives the lease back', async () => {
    const { isolate, authority } = world();
    await isolate().obtain(() => 'other', {}, { ...key, name: 'other', fullName: 'other' });
    const here = isolate();
    await here.obtain(() => 'v', LEASE);
    await here.settle();
    expect(here.asked).toEqual(['read', 'lease', 'commit']);
    expect((await authority.lease(key, 'next', 1000, 0)).acquired).toBe(true);
  });

  test('without it nobody asks for a lease, and each isolate loads', async () => {
    const { time, isolate } = world();
    const isolates = [isolate(), isolate()];
    const { load, calls } = counting(time, 100);
    const all = Promise.all(isolates.map((each) => each.obtain(load)));
    await time.advance(100);
    await all;
    expect(calls).toHaveLength(2);
    expect(isolates.flatMap(({ asked }) => asked)).not.toContain('lease');
  });

  test('with something stale the losers serve it, and wait for nothing', async () => {
    const { time, isolate } = world();
    const [here, holder] = [isolate(), isolate()];
    await here.obtain(() => 'old', SIE);
    await here.settle();
    await time.advance(1500);
    const slow = gate<string>();
    const held = holder.obtain(() => slow.opened, SIE);
    await turn();
    const { load, calls } = counting();
    expect(await here.obtain(load, SIE)).toBe('old');
    expect(here.count('stale', 'leased')).toBe(1);
    slow.open('new');
    expect(await held).toBe('new');
    await holder.settle();
    expect(await here.obtain(load, SIE)).toBe('new');
    expect(calls).toHaveLength(0);
  });
});

describe('a holder that does not bring a value', () => {
  test('fails: one of the losers takes the lease at once and loads', async () => {
    const { time, isolate } = world();
    const [holder, ...losers] = [isolate(), isolate(), isolate(), isolate()];
    const failing = gate<string>();
    const failed = holder?.obtain(() => failing.opened, LEASE).catch((error: unknown) => error);
    await turn();
    const { load, calls } = counting(time, 50);
    const rest = Promise.all(losers.map((each) => each.obtain(load, LEASE)));
    await time.advance(100);
    expect(calls).toHaveLength(0);
    failing.fail(new Error('origin down'));
    expect(await failed).toEqual(new Error('origin down'));
    await time.advance(1500);
    expect(await rest).toEqual(['v1', 'v1', 'v1']);
    expect(calls).toHaveLength(1);
  });

  test('has nothing to store: the lease is given back', async () => {
    const { isolate, authority } = world();
    const here = isolate();
    await here.obtain(() => 'handed on', { ...LEASE, store: false });
    await here.settle();
    expect((await authority.lease(key, 'next', 1000, 0)).acquired).toBe(true);
  });

  test('vanishes: a loser waits for its bound, then loads without the lease', async () => {
    const { time, isolate } = world();
    const [holder, loser] = [isolate(), isolate()];
    await holder.vanish(LEASE);
    const { load, calls } = counting();
    const waiting = loser.obtain(load, LEASE);
    await time.advance(4900);
    expect(calls).toHaveLength(0);
    await time.advance(200);
    expect(await waiting).toBe('v1');
    await loser.settle();
    expect(await isolate().obtain(never, LEASE)).toBe('v1');
  });

  test('takes longer than its lease: what it makes is fenced and stays nowhere', async () => {
    const { time, isolate, store } = world();
    const [holder, other] = [isolate(), isolate()];
    const short: Making = { policy: { ...LEASED, lease: { ttlMs: 1000, waitMs: 5000 } } };
    const slow = gate<string>();
    const first = holder.obtain(() => slow.opened, short);
    await time.advance(1100);
    const other2 = gate<string>();
    const second = other.obtain(() => other2.opened, short);
    await turn();
    slow.open('late');
    expect(await first).toBe('late');
    await holder.settle();
    expect(holder.count('set_dropped', 'fenced')).toBe(1);
    expect(store.copies.size + holder.memory.entries).toBe(0);
    other2.open('theirs');
    expect(await second).toBe('theirs');
    await other.settle();
    expect(await holder.obtain(never, short)).toBe('theirs');
  });
});

describe('early refresh under a lease', () => {
  test('loads, although the entry that it refreshes is fresh', async () => {
    const { time, isolate } = world();
    const here = isolate();
    const making: Making = { ttl: 1000, policy: { ...LEASED, earlyRefresh: 1 } };
    const { load, calls } = counting(time, 200);
    const first = here.obtain(load, making);
    await time.advance(200);
    expect(await first).toBe('v1');
    await here.settle();
    await time.advance(900);
    time.draw(0.999);
    expect(await here.obtain(load, making)).toBe('v1');
    await time.advance(300);
    expect(calls).toHaveLength(2);
    time.draw(0);
    expect(await here.obtain(never, making)).toBe('v2');
  });

  test('does not load what another isolate has refreshed already', async () => {
    const { time, isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    const making: Making = { ttl: 1000, policy: { ...LEASED, earlyRefresh: 1 } };
    const first = here.obtain(() => time.sleep(200).then(() => 'v1'), making);
    await time.advance(200);
    await first;
    await here.settle();
    await time.advance(900);
    time.draw(0.999);
    await elsewhere.obtain(() => 'theirs', making);
    await elsewhere.settle();
    const { load, calls } = counting();
    await here.parts.coherence.check(key.tenant, here.runtime);
    expect(await here.obtain(load, making)).toBe('v1');
    await turn();
    time.draw(0);
    expect(await here.obtain(never, making)).toBe('theirs');
    expect(calls).toHaveLength(0);
  });
});

describe('an authority that does not answer', () => {
  test('costs the lease, not the load', async () => {
    const { isolate } = world();
    const here = isolate({ wrap: () => ({ read: down, lease: down, commit: down }) });
    expect(await here.obtain(() => 'v', LEASE)).toBe('v');
    await here.settle();
    expect(here.memory.entries).toBe(0);
  });

  test('a lease whose reply is lost is given back: it may have been taken', async () => {
    const { isolate, authority } = world();
    const here = isolate({
      wrap: (real) => ({
        lease: async (...args) => {
          await real.lease(...args);
          return down();
        },
      }),
    });
    expect(await here.obtain(() => 'v', { ...LEASE, store: false })).toBe('v');
    await here.settle();
    expect((await authority.lease(key, 'next', 1000, 0)).acquired).toBe(true);
  });
});

test('a purge that the lease’s own answer tells of makes a loser wait for the value, not fail', async () => {
  const { time, isolate } = world();
  const [holder, elsewhere] = [isolate(), isolate()];
  let before = async (): Promise<unknown> => undefined;
  const here = isolate({
    wrap: (real) => ({
      lease: async (...args) => {
        await before();
        return real.lease(...args);
      },
    }),
  });
  await here.obtain(() => 'old', SIE);
  await here.settle();
  await time.advance(1500);
  const slow = gate<string>();
  before = async () => {
    before = async () => undefined;
    await elsewhere.purge();
    void holder.obtain(() => slow.opened, SIE);
    await turn();
  };
  const { load, calls } = counting();
  const read = here.obtain(load, SIE).catch((error: unknown) => error);
  await time.advance(100);
  slow.open('new');
  await time.advance(HARD_MS);
  expect(await read).toBe('new');
  expect(calls).toHaveLength(0);
});

test('what was stale before the lease and is purged while it is waited for is not handed to the loader', async () => {
  const { time, isolate } = world();
  let before = async (): Promise<unknown> => undefined;
  const here = isolate({
    wrap: (real) => ({
      lease: async (...args) => {
        await before();
        return real.lease(...args);
      },
    }),
  });
  await here.obtain(() => 'old', SIE);
  await here.settle();
  await time.advance(1500);
  before = () => here.purge();
  const { load, calls } = counting();
  expect(await here.obtain(load, SIE)).toBe('v1');
  expect(calls.map(({ stale }) => stale)).toEqual([undefined]);
});
