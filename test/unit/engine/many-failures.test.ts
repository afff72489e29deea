import { describe, expect, test } from 'vitest';
import { turn } from '../support/runtime.ts';
import { lookAll, named, noting, obtainAll } from './batch.ts';
import { gate, never } from './timeline.ts';
import { acme, HARD_MS, MINUTE, world } from './world.ts';

describe('a batch that fails', () => {
  const making = { ttl: 1000, sie: MINUTE };
  const fails = (): Promise<never> => Promise.reject(new Error('origin down'));

  test('serves what is stale, and calls the origin once a window', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await obtainAll(here, ['a', 'b'], noting().load, making);
    await here.settle();
    await time.advance(1500);
    let calls = 0;
    const counted = (): Promise<never> => {
      calls += 1;
      return fails();
    };
    for (let read = 0; read < 10; read += 1)
      expect(await obtainAll(here, ['a', 'b'], counted, making)).toEqual(['a', 'b']);
    expect(calls).toBe(1);
    expect(here.count('stale', 'throttled')).toBe(18);
    await time.advance(5000);
    expect(await obtainAll(here, ['a'], noting('new ').load, making)).toEqual(['new a']);
  });

  test('rejects when one key has nothing stale, and poisons none', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await obtainAll(here, ['a'], noting().load, making);
    await here.settle();
    await time.advance(1500);
    await expect(obtainAll(here, ['a', 'b'], fails, making)).rejects.toThrow('origin down');
    expect(here.parts.flights.size).toBe(0);
    expect(await obtainAll(here, ['b'], noting().load, making)).toEqual(['b']);
  });

  test('serves nothing stale that a purge hit meanwhile', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await obtainAll(here, ['a'], noting().load, making);
    await here.settle();
    await time.advance(1500);
    const slow = gate<readonly string[]>();
    const read = obtainAll(here, ['a'], () => slow.opened, making).catch((error: unknown) => error);
    await turn();
    await here.purge(named(['a']).map(({ key }) => `k:${key}` as const));
    slow.fail(new Error('origin down'));
    expect(await read).toEqual(new Error('origin down'));
  });
});

describe('a batch that takes long', () => {
  test('is refreshed once behind what is stale', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const making = { ttl: 1000, swr: MINUTE };
    await obtainAll(here, ['a', 'b'], noting().load, making);
    await here.settle();
    await time.advance(1500);
    const slow = gate<readonly string[]>();
    let calls = 0;
    const refresh = (): Promise<readonly string[]> => {
      calls += 1;
      return slow.opened;
    };
    for (let read = 0; read < 5; read += 1)
      expect(await obtainAll(here, ['a', 'b'], refresh, making)).toEqual(['a', 'b']);
    expect(calls).toBe(1);
    slow.open(['new a', 'new b']);
    await here.settle();
    expect(await lookAll(here, ['a', 'b'])).toEqual(['new a', 'new b']);
  });

  test('is given up at the soft timeout where all have something stale, else at the hard one', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const making = { ttl: 1000, sie: MINUTE, policy: { softTimeoutMs: 200 } };
    await obtainAll(here, ['a'], noting().load, making);
    await here.settle();
    await time.advance(1500);
    const soft = obtainAll(here, ['a'], never, making);
    await time.advance(200);
    expect(await soft).toEqual(['a']);
    expect(here.count('stale', 'timeout')).toBe(1);
    let signal: AbortSignal | undefined;
    const hung = (_: unknown, given: AbortSignal): Promise<never> => {
      signal = given;
      return never();
    };
    const hard = obtainAll(here, ['b'], hung, making).catch((error: unknown) => error);
    await time.advance(HARD_MS);
    expect(await hard).toMatchObject({ code: 'load_timeout' });
    expect(signal?.reason).toBe(await hard);
    expect(here.parts.flights.size).toBe(0);
  });

  test('of a follower with something stale no longer than the soft timeout', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const making = { ttl: 1000, sie: MINUTE, policy: { softTimeoutMs: 200 } };
    await obtainAll(here, ['a'], noting().load, making);
    await here.settle();
    await time.advance(1500);
    await here.parts.coherence.check(acme, here.runtime);
    void obtainAll(here, ['a'], never, making);
    await turn();
    const follower = obtainAll(here, ['a'], never, making);
    await time.advance(300);
    expect(await Promise.race([follower, turn().then(() => 'still waits')])).toEqual(['a']);
  });

  test('of a leader that is gone is taken over', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await here.vanish({}, named(['a'])[0]);
    const { load, calls } = noting();
    const followers = Promise.all(Array.from({ length: 10 }, () => obtainAll(here, ['a'], load)));
    await time.advance(HARD_MS + 300);
    expect(new Set((await followers).flat())).toEqual(new Set(['a']));
    expect(calls).toEqual([['a']]);
  });
});
