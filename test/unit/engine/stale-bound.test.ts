import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { obtainAnew } from '../../../src/engine/obtain.ts';
import { tagTarget } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { obtainAll } from './batch.ts';
import { gate, never, type Gate } from './timeline.ts';
import {
  COHERENCE_MS,
  HARD_MS,
  LEASED,
  MINUTE,
  world,
  type Isolate,
  type Making,
  type World,
} from './world.ts';

/* What is served in place of a load is judged by what is known when it is served, however long the load has taken. */

const MAKING: Making = { ttl: 1000, swr: 0, sie: MINUTE, tags: ['team:1'] };
const SOFT: Making = { ...MAKING, policy: { softTimeoutMs: 5 * COHERENCE_MS } };
const THROTTLED: Making = { ...MAKING, policy: { throttleMs: 5 * MINUTE } };
const down = new Error('the source is down');

const LATE_MS = 5 * COHERENCE_MS;

/** A way in which something stale takes a load's place, {@link LATE_MS} after the load began. */
interface Road {
  readonly way: string;
  readonly making: Making;
  readonly begin: (here: Isolate, slow: Gate<string>, making: Making) => Promise<unknown>;
  /** What the load comes to in the end, and the reader gets where nothing takes its place. */
  readonly outcome: Error | string;
}

const one: Road['begin'] = (here, slow, making) => here.obtain(() => slow.opened, making);
const forced: Road['begin'] = async (here, slow, making) => {
  const source = here.source(() => slow.opened, making);
  return (await obtainAnew(here.parts, source, here.runtime)).prepared.value;
};
const batch: Road['begin'] = async (here, slow, making) => {
  const [text] = await obtainAll(here, ['a'], async () => [await slow.opened], making);
  return text;
};
const follower: Road['begin'] = async (here, slow, making) => {
  batch(here, slow, making).catch(() => undefined);
  await turn();
  return batch(here, slow, making);
};
const roads: readonly Road[] = [
  { way: 'a load that fails', making: MAKING, begin: one, outcome: down },
  { way: 'a load that takes long', making: SOFT, begin: one, outcome: 'new' },
  { way: 'a forced load that fails', making: MAKING, begin: forced, outcome: down },
  { way: 'a batch that fails', making: MAKING, begin: batch, outcome: down },
  { way: 'a batch that takes long', making: SOFT, begin: batch, outcome: 'new' },
  { way: "another's load that fails", making: MAKING, begin: follower, outcome: down },
  { way: "another's load that takes long", making: SOFT, begin: follower, outcome: 'new' },
];

/** An isolate that holds something stale, and whether its authority answers. */
async function withStale({ time, isolate }: World, making: Making) {
  const state = { answers: true };
  const here = isolate({
    wrap: (real) => ({
      read: (...args) =>
        state.answers
          ? real.read(...args)
          : Promise.reject(new AuthorityUnavailable('It does not answer.')),
    }),
  });
  await here.obtain(() => 'old', making);
  await obtainAll(here, ['a'], () => ['old'], making);
  await here.settle();
  await time.advance(1001);
  return { here, state };
}

const lastStale = (here: Isolate): unknown => here.events.findLast(({ type }) => type === 'stale');

describe.each(roads)('in place of $way', ({ begin, outcome, making }) => {
  /** Begins a read of what is stale, and says how it ends. */
  async function beginning(here: Isolate, of = making) {
    const slow = gate<string>();
    const ended = begin(here, slow, of).catch((error: unknown) => error);
    await turn();
    here.asked.length = 0;
    const end = (): Promise<unknown> => {
      if (outcome instanceof Error) slow.fail(outcome);
      else slow.open(outcome);
      return ended;
    };
    return end;
  }

  test('what a hard purge of another isolate hit is not served past the bound', async () => {
    const all = world();
    const { here } = await withStale(all, making);
    const end = await beginning(here);
    await all.isolate().purge([tagTarget('team:1')]);
    await all.time.advance(LATE_MS);
    expect(await end()).toEqual(outcome);
  });

  test('what no purge hit is served, after one more check', async () => {
    const all = world();
    const { here } = await withStale(all, making);
    const end = await beginning(here);
    await all.time.advance(LATE_MS);
    expect(await end()).toBe('old');
    expect(here.asked.filter((name) => name !== 'commit')).toEqual(['read']);
    expect(lastStale(here)).toMatchObject({ verified: true });
  });

  test.each([
    ['within', 0, 'old'],
    ['past', 31_000, outcome],
  ])('without the authority, %s the time that is borne', async (_, more, expected) => {
    const all = world();
    const { softTimeoutMs } = making.policy ?? {};
    const late = softTimeoutMs === undefined ? {} : { softTimeoutMs: softTimeoutMs + more };
    const of = { ...making, policy: { ...late, hardTimeoutMs: 5 * MINUTE } };
    const { here, state } = await withStale(all, of);
    const end = await beginning(here, of);
    state.answers = false;
    await all.time.advance(LATE_MS + more);
    expect(await end()).toEqual(expected);
    if (expected === 'old') expect(lastStale(here)).toMatchObject({ verified: false });
    else expect(lastStale(here)).toBeUndefined();
  });

  test('nothing, without an authority whose answer is required', async () => {
    const all = world();
    const { here, state } = await withStale(all, making);
    Object.assign(here.parts, { authorityRequired: true });
    const end = await beginning(here);
    state.answers = false;
    await all.time.advance(LATE_MS);
    expect(await end()).toEqual(outcome);
  });
});

describe('in place of loads that have failed a moment ago', () => {
  const ways = [
    ['one', (here: Isolate) => here.obtain(() => Promise.reject(down), THROTTLED), 2],
    [
      'a batch',
      (here: Isolate) => obtainAll(here, ['a'], () => Promise.reject(down), THROTTLED),
      1,
    ],
  ] as const;

  test.each(ways)('%s: nothing that a hard purge hit', async (_, read) => {
    const all = world();
    const { here } = await withStale(all, THROTTLED);
    await read(here);
    await all.isolate().purge([tagTarget('team:1')]);
    await all.time.advance(COHERENCE_MS);
    await expect(read(here)).rejects.toThrow(down.message);
  });

  test.each(ways)(
    '%s: without a bound by the check that the read has made',
    async (_, read, asks) => {
      const all = world({ coherenceMs: 0 });
      const { here } = await withStale(all, THROTTLED);
      await read(here);
      here.asked.length = 0;
      await read(here);
      expect(lastStale(here)).toMatchObject({ reason: 'throttled', verified: true });
      // What a lookup of something stale asks in any case.
      expect(here.asked).toHaveLength(asks);
      await all.isolate().purge([tagTarget('team:1')]);
      await expect(read(here)).rejects.toThrow(down.message);
    },
  );

  test.each(ways)('%s: flagged while the authority does not answer', async (_, read) => {
    const all = world();
    const { here, state } = await withStale(all, THROTTLED);
    await read(here);
    state.answers = false;
    await all.time.advance(COHERENCE_MS);
    await read(here);
    expect(lastStale(here)).toMatchObject({ reason: 'throttled', verified: false });
    await all.time.advance(31_000);
    await expect(read(here)).rejects.toThrow(down.message);
  });
});

test('in place of a load that has failed a moment ago, to who has joined an older look', async () => {
  const { time, isolate } = world();
  const slow = gate<undefined>();
  let delayed = false;
  const here = isolate({
    wrap: (real) => ({
      async read(...args) {
        const reply = await real.read(...args);
        if (delayed && args[1].length > 0) await slow.opened;
        return reply;
      },
    }),
  });
  await here.obtain(() => 'old', THROTTLED);
  await here.settle();
  await time.advance(1001);
  const read = (): Promise<unknown> =>
    here.obtain(() => Promise.reject(down), THROTTLED).catch((error: unknown) => error);
  expect(await read()).toBe('old');
  await time.advance(COHERENCE_MS);
  delayed = true;
  const before = read();
  await time.advance(COHERENCE_MS / 2);
  await isolate().purge([tagTarget('team:1')]);
  const after = read();
  await time.advance(COHERENCE_MS);
  slow.open(undefined);
  expect(await before).toBe('old');
  expect(await after).toBe(down);
});

test("in place of another isolate's load: nothing that a hard purge hit", async () => {
  const all = world();
  const making = { ...MAKING, policy: LEASED };
  const { here } = await withStale(all, making);
  const other = all.isolate();
  void other.obtain(never, making).catch(() => undefined);
  await turn();
  expect(await here.obtain(never, making)).toBe('old');
  expect(lastStale(here)).toMatchObject({ reason: 'leased', verified: true });
  await other.purge([tagTarget('team:1')]);
  await all.time.advance(COHERENCE_MS);
  const anew = here.obtain(() => 'new', making);
  await all.time.advance(2 * HARD_MS);
  expect(await anew).toBe('new');
});
