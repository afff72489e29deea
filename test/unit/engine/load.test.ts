import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { obtain } from '../../../src/engine/obtain.ts';
import { turn } from '../support/runtime.ts';
import { gate, never } from './timeline.ts';
import { counting, HARD_MS, key, MINUTE, PLAIN, world } from './world.ts';

const down = (): Promise<never> => Promise.reject(new AuthorityUnavailable('down'));

describe('a load', () => {
  test('is held until it has ended, and its commit, whoever goes away', async () => {
    const { isolate, store } = world();
    const here = isolate();
    const slow = gate<string>();
    const read = here.obtain(() => slow.opened);
    await turn();
    let ended = false;
    const held = here.settle().then(() => (ended = true));
    await turn();
    expect(ended).toBe(false);
    slow.open('v');
    await held;
    expect(await read).toBe('v');
    expect(store.copies.size).toBe(1);
  });

  test('that fails reports itself, and is no unhandled rejection of whoever has left', async () => {
    const { isolate } = world();
    const here = isolate();
    const making = { ttl: 10, swr: MINUTE };
    await here.obtain(() => 'v', making);
    await here.settle();
    await here.purge(undefined, 'soft');
    await here.obtain(() => Promise.reject(new Error('refresh failed')), making);
    await here.settle();
    await turn();
    expect(here.events.findLast(({ type }) => type === 'load_failed')).toMatchObject({
      code: 'loader_error',
      message: 'Error: refresh failed',
    });
  });

  test('is measured, and reported with its time', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const { load } = counting(time, 120);
    const read = here.obtain(load);
    await time.advance(120);
    await read;
    expect(here.events.find(({ type }) => type === 'load')).toMatchObject({ ms: 120 });
  });

  test('whose value is not to be stored is handed to all who joined, and stored nowhere', async () => {
    const { isolate, store } = world();
    const here = isolate();
    const { load, calls } = counting();
    const making = { store: false };
    expect(await Promise.all([here.obtain(load, making), here.obtain(load, making)])).toEqual([
      'v1',
      'v1',
    ]);
    await here.settle();
    expect(calls).toHaveLength(1);
    expect(store.copies.size + here.memory.entries).toBe(0);
  });

  test('while the ledger is not known serves its caller and is stored nowhere', async () => {
    const { isolate, store } = world();
    const here = isolate({ wrap: () => ({ read: down, confirm: down, commit: down }) });
    expect(await here.obtain(() => 'v')).toBe('v');
    await here.settle();
    expect(here.count('set_dropped', 'unstamped')).toBe(1);
    expect(store.copies.size + here.memory.entries).toBe(0);
  });

  test('that is later than the longest load may be is stored nowhere', async () => {
    const { isolate, time, store } = world();
    const here = isolate();
    const { load } = counting(time, 26_000);
    const read = here.obtain(load, { policy: { hardTimeoutMs: 60_000 } });
    await time.advance(26_000);
    expect(await read).toBe('v1');
    await here.settle();
    expect(here.count('set_dropped', 'overlong')).toBe(1);
    expect(store.copies.size + here.memory.entries).toBe(0);
  });

  test('that is late does not put an older value in the place of a newer one', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const slow = gate<string>();
    const first = here.obtain(() => slow.opened).catch(() => 'timed out');
    await time.advance(HARD_MS);
    expect(await first).toBe('timed out');
    await here.purge();
    expect(await here.obtain(() => 'new')).toBe('new');
    slow.open('old');
    await here.settle();
    await turn();
    expect(await here.obtain(never)).toBe('new');
    expect(await isolate().obtain(never)).toBe('new');
  });

  test('that a required authority keeps from being stored is not begun', async () => {
    const { isolate } = world();
    const here = isolate({ wrap: () => ({ read: down }) });
    const parts = { ...here.parts, authorityRequired: true };
    const { load, calls } = counting();
    await expect(obtain(parts, here.source(load), here.runtime)).rejects.toThrow(
      AuthorityUnavailable,
    );
    expect(calls).toHaveLength(0);
  });
});

describe('an engine that is switched off', () => {
  test('makes each caller’s load their own, under the hard timeout', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const parts = { ...here.parts, enabled: false };
    const { load, calls } = counting(time, 10);
    const both = Promise.all([
      obtain(parts, here.source(load), here.runtime),
      obtain(parts, here.source(load), here.runtime),
    ]);
    await time.advance(10);
    expect((await both).map(({ prepared }) => prepared.value)).toEqual(['v1', 'v2']);
    expect(here.asked).toEqual([]);
    const hung = obtain(parts, here.source(never), here.runtime).catch((error: unknown) => error);
    await time.advance(PLAIN.hardTimeoutMs);
    expect(await hung).toMatchObject({ code: 'load_timeout', key: key.fullName });
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });
});

test('a tier outside in front of memory gets whole entries, not what memory has left of them', async () => {
  const { isolate } = world();
  const outside: number[] = [];
  const here = isolate({
    tiers: (memory) => [
      {
        name: 'outside',
        local: false,
        lifetimeMs: 1e9,
        get: async () => undefined,
        put: async ({ entry }) => void outside.push(entry.value.byteLength),
        delete: async () => undefined,
      },
      memory,
    ],
  });
  await here.obtain(() => 'text');
  await here.obtain(never);
  await here.settle();
  expect(outside.length).toBeGreaterThan(0);
  expect(new Set(outside)).toEqual(new Set([4]));
});
