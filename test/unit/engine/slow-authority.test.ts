import { describe, expect, test } from 'vitest';
import type { ReadReply } from '../../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { lookup } from '../../../src/engine/lookup.ts';
import { lookupMany } from '../../../src/engine/lookup-many.ts';
import type { Tier } from '../../../src/tiers/tier.ts';
import { turn } from '../support/runtime.ts';
import { obtainAll } from './batch.ts';
import { gate, type Gate, type Timeline } from './timeline.ts';
import { COHERENCE_MS, key, MINUTE, textFace, world, type Isolate, type Making } from './world.ts';

/* Something stale in place of a load, when the authority takes its time to answer, or does not answer at all. */

type Reading = (
  here: Isolate,
  load: () => string | Promise<string>,
  making: Making,
) => Promise<unknown>;

const one: Reading = (here, load, making) => here.obtain(load, making);
const batch: Reading = async (here, load, making) => {
  const [text] = await obtainAll(here, ['1'], async () => [await load()], making);
  return text;
};
const follower: Reading = async (here, load, making) => {
  batch(here, load, making).catch(() => undefined);
  await turn();
  return batch(here, load, making);
};

/** A tier that takes its time, and has nothing. */
const slowTier = (time: Timeline, ms: number): Tier => ({
  name: 'regional',
  local: false,
  lifetimeMs: 0,
  get: () => time.sleep(ms).then(() => undefined),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(),
});

const down = new AuthorityUnavailable('It does not answer.');
const lastStale = (here: Isolate): unknown => here.events.findLast(({ type }) => type === 'stale');

describe.each([
  ['a load', one],
  ['a batch', batch],
  ["another's load", follower],
] as const)('past the soft timeout of %s, while the check takes long,', (_, read) => {
  const MAKING: Making = {
    ttl: 1000,
    sie: MINUTE,
    policy: { softTimeoutMs: 2 * COHERENCE_MS },
  };

  /** A read past its soft timeout, whose check waits. */
  async function waiting() {
    const { time, isolate } = world();
    const answer = gate<undefined>();
    let slow = false;
    const here = isolate({
      wrap: (real) => ({
        async read(...args) {
          const reply = await real.read(...args);
          if (slow) await answer.opened;
          return reply;
        },
      }),
    });
    await here.obtain(() => 'old', MAKING);
    await here.settle();
    await time.advance(1001);
    const load = gate<string>();
    let ended: unknown = 'nothing yet';
    const end = (what: unknown): void => {
      ended = what;
    };
    void read(here, () => load.opened, MAKING).then(end, end);
    await turn();
    slow = true;
    here.asked.length = 0;
    await time.advance(2 * COHERENCE_MS);
    expect(here.asked).toEqual(['read']);
    expect(ended).toBe('nothing yet');
    const said = async (): Promise<unknown> => {
      await turn();
      return ended;
    };
    return { here, load, answer, said };
  }

  test('what the load brings is served as soon as it is there', async () => {
    const { here, load, answer, said } = await waiting();
    load.open('new');
    expect(await said()).toBe('new');
    answer.open(undefined);
    expect(await said()).toBe('new');
    expect(lastStale(here)).toBeUndefined();
  });

  test('what the load brings is preferred when both come at once', async () => {
    const { here, load, answer, said } = await waiting();
    load.open('new');
    answer.open(undefined);
    expect(await said()).toBe('new');
    expect(lastStale(here)).toBeUndefined();
  });

  test('what is stale is served when the check answers first', async () => {
    const { here, answer, said } = await waiting();
    answer.open(undefined);
    expect(await said()).toBe('old');
    expect(lastStale(here)).toMatchObject({ reason: 'timeout', verified: true });
  });

  test('what is stale is served for a load that fails, after that check', async () => {
    const { here, load, answer, said } = await waiting();
    load.fail(new Error('the source is down'));
    expect(await said()).toBe('nothing yet');
    answer.open(undefined);
    expect(await said()).toBe('old');
    expect(lastStale(here)).toMatchObject({ reason: 'error', verified: true });
  });
});

describe('what is served while it is loaded anew, when the authority does not answer', () => {
  const MAKING: Making = { ttl: 1000, swr: MINUTE };
  type Answering = (reads: readonly unknown[], reply: Promise<ReadReply>) => Promise<ReadReply>;

  /** An isolate that holds something stale, checked so long ago, and how the authority answers it from then on. */
  async function holding(answering: Answering, { coherenceMs = COHERENCE_MS, tierMs = 0 } = {}) {
    const { time, isolate } = world({ coherenceMs });
    let state: Answering = (_, reply) => reply;
    const here = isolate({
      wrap: (real) => ({ read: (...args) => state(args[1], real.read(...args)) }),
      tiers: (memory) => (tierMs > 0 ? [memory, slowTier(time, tierMs)] : [memory]),
    });
    const first = here.obtain(() => 'old', MAKING);
    await time.advance(tierMs);
    expect(await first).toBe('old');
    await here.settle();
    await time.advance(1001);
    here.asked.length = 0;
    state = answering;
    return { here, time };
  }

  /** Only polls are answered. */
  const pollsOnly: Answering = (reads, reply) =>
    reads.length === 0 ? reply : reply.then(() => Promise.reject(down));
  const nothing: Answering = (_, reply) => reply.then(() => Promise.reject(down));
  const after =
    (failing: Gate): Answering =>
    async (keys, reply) => {
      if (keys.length > 0) await failing.opened;
      return pollsOnly(keys, reply);
    };

  /** As {@link holding}, with a check that is within the bound. */
  async function checked(answering: Answering) {
    const held = await holding(answering);
    await held.here.parts.coherence.check(key.tenant, held.here.runtime);
    await held.time.advance(COHERENCE_MS / 4);
    return held;
  }

  test.each([
    ['a bound', COHERENCE_MS],
    ['no bound', 0],
  ])('is verified by the check before a read that failed, with %s', async (_, coherenceMs) => {
    const { here } = await holding(pollsOnly, { coherenceMs });
    expect(await here.obtain(() => 'new', MAKING)).toBe('old');
    expect(lastStale(here)).toMatchObject({ reason: 'revalidate', verified: true });
  });

  test('in a batch is verified by a check before it that is within the bound', async () => {
    const { here } = await checked(pollsOnly);
    expect(await batch(here, () => 'new', MAKING)).toBe('old');
    expect(lastStale(here)).toMatchObject({ reason: 'revalidate', verified: true });
  });

  test('in a batch is flagged when the read has outlasted the bound', async () => {
    const failing = gate();
    const { here, time } = await checked(after(failing));
    const served = batch(here, () => 'new', MAKING);
    await time.advance(COHERENCE_MS);
    failing.open();
    expect(await served).toBe('old');
    expect(lastStale(here)).toMatchObject({ reason: 'revalidate', verified: false });
  });

  test('is flagged to who has joined a look whose check has grown too old since', async () => {
    const [polled, failing] = [gate(), gate()];
    const { here, time } = await holding(async (keys, reply) => {
      await (keys.length === 0 ? polled : failing).opened;
      return pollsOnly(keys, reply);
    });
    const first = here.obtain(() => 'new', MAKING);
    await time.advance(COHERENCE_MS / 4);
    const second = here.obtain(() => 'new', MAKING);
    await turn();
    polled.open();
    await time.advance(COHERENCE_MS);
    failing.open();
    expect(await Promise.all([first, second])).toEqual(['old', 'old']);
    const flags = here.events.flatMap((event) => (event.type === 'stale' ? [event.verified] : []));
    expect(flags).toEqual([true, false]);
    expect(here.asked.filter((name) => name === 'read')).toHaveLength(2);
  });

  test('is flagged after one request that failed', async () => {
    const { here } = await holding(nothing);
    expect(await here.obtain(() => 'new', MAKING)).toBe('old');
    expect(here.asked).toEqual(['read']);
    expect(lastStale(here)).toMatchObject({ verified: false });
  });

  test('is not served past the time that is borne: in one, behind a slow tier', async () => {
    const { here, time } = await holding(nothing, { tierMs: 5000 });
    await time.advance(24_000);
    const served = here.obtain(() => 'new', MAKING);
    await time.advance(5000);
    expect(await served).toBe('new');
    expect(lastStale(here)).toBeUndefined();
  });

  test('is not served past the time that is borne: in a batch, behind a slow read', async () => {
    const failing = gate();
    const { here, time } = await checked(after(failing));
    const served = batch(here, () => 'new', MAKING);
    await time.advance(30_000);
    failing.open();
    expect(await served).toBe('new');
    expect(lastStale(here)).toBeUndefined();
  });

  test.each([
    ['one', async (here: Isolate) => lookup(here.parts, key, textFace, here.runtime)],
    [
      'many',
      async (here: Isolate) =>
        (await lookupMany(here.parts, key.tenant, [key], textFace, here.runtime))[0],
    ],
  ] as const)('a lookup of %s says whether it is vouched for', async (_, look) => {
    const failing = gate();
    const { here } = await checked(after(failing));
    const early = look(here);
    await turn();
    failing.open();
    expect(await early).toMatchObject({ reason: 'unavailable', stale: { verified: true } });
    const slow = gate();
    const { here: other, time: later } = await checked(after(slow));
    const late = look(other);
    await later.advance(COHERENCE_MS);
    slow.open();
    expect(await late).toMatchObject({ reason: 'unavailable', stale: { verified: false } });
  });
});
