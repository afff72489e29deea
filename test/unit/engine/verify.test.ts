import { describe, expect, test } from 'vitest';
import {
  LEAST_BUDGET,
  verify,
  type AskSource,
  type VerifyOptions,
} from '../../../src/engine/verify.ts';
import { acme, keys, world, type Isolate } from './world.ts';

const keyOf = (at: number) => keys.key(acme, `n:users:${at}`);

/** An isolate that holds so many keys. */
async function holding(count: number) {
  const { time, isolate, store } = world();
  const here = isolate();
  for (let at = 0; at < count; at += 1) await here.obtain(() => `v${at}`, {}, keyOf(at));
  await here.settle();
  return { time, here, store, isolate };
}

const run = (isolate: Isolate, options: Partial<VerifyOptions> = {}) =>
  verify(
    isolate.parts,
    acme,
    { keys, sample: 20, budget: 1000, source: undefined, ...options },
    isolate.runtime,
  );

describe('a sample', () => {
  test('is of memory and of the authority by turns, no key twice', async () => {
    const { here, store, isolate } = await holding(10);
    // Of another isolate: this one's memory has none of them.
    const there = isolate();
    for (let at = 10; at < 20; at += 1) await there.obtain(() => `v${at}`, {}, keyOf(at));
    await there.settle();
    expect(store.copies.size).toBe(20);
    expect(await run(here)).toMatchObject({ sampled: 20, compared: 20, agree: 20 });
    expect(await run(here, { sample: 7 })).toMatchObject({ sampled: 7, compared: 7 });
    for (let at = 0; at < 10; at += 1) store.copies.delete(keyOf(at).name);
    expect((await run(here)).disagreements).toHaveLength(10);
  });

  test('of what memory alone has, when the authority has lost everything', async () => {
    const { here, store } = await holding(5);
    store.copies.clear();
    expect(await run(here)).toMatchObject({ sampled: 5, compared: 5, agree: 0 });
  });
});

describe('a budget', () => {
  // Entries of which two fit into one request.
  const MAX_ENTRY_BYTES = 4 * 1_048_576;

  test.each([
    [LEAST_BUDGET, 2],
    [LEAST_BUDGET + 2, 6],
    [LEAST_BUDGET + 9, 20],
    [LEAST_BUDGET + 100, 20],
  ])('of %i requests looks at %i keys, and tells how many it left out', async (budget, sampled) => {
    const { here } = await holding(20);
    const parts = { ...here.parts, maxEntryBytes: MAX_ENTRY_BYTES };
    here.asked.length = 0;
    const found = await run({ ...here, parts }, { budget });
    expect(found).toMatchObject({ sampled, leftOut: 20 - sampled, compared: sampled });
    expect(here.asked.filter((one) => one === 'examine')).toHaveLength(sampled / 2);
  });

  test('is of no matter where nothing leaves the isolate', async () => {
    const { here } = await holding(20);
    const parts = { ...here.parts, authority: { ...here.parts.authority, local: true } };
    expect(await run({ ...here, parts }, { budget: 1 })).toMatchObject({ sampled: 20, leftOut: 0 });
  });
});

describe('sources', () => {
  const asking =
    (answer: Awaited<ReturnType<AskSource>>, asked: string[] = []): VerifyOptions['source'] =>
    (key) =>
      key.key.endsWith('0')
        ? undefined
        : async () => {
            asked.push(key.key);
            return answer;
          };

  test('are asked about what is served, where there is one', async () => {
    const { here } = await holding(10);
    const asked: string[] = [];
    const found = await run(here, { source: asking([], asked) });
    expect(asked).toHaveLength(9);
    expect(found).toMatchObject({ agree: 10, origin: { asked: 9, leftOut: 0, failed: 0 } });
  });

  test('say what has changed, or do not answer', async () => {
    const { here, time } = await holding(3);
    await time.advance(100);
    const { disagreements, agree } = await run(here, { source: asking(['body']) });
    expect(agree).toBe(1);
    expect(disagreements).toHaveLength(2);
    for (const one of disagreements)
      expect(one).toMatchObject({
        tier: 'memory',
        reason: 'changed-at-origin',
        defect: false,
        changed: ['body'],
        ageMs: 100,
        freshForMs: 59_900,
      });
    expect(await run(here, { source: asking('failed') })).toMatchObject({
      agree: 3,
      origin: { asked: 2, failed: 2 },
    });
  });

  test('are not asked about what nobody is served', async () => {
    const { here } = await holding(3);
    await here.purge(['*']);
    const found = await run(here, { source: asking(['body']) });
    expect(found).toMatchObject({ compared: 3, agree: 3, origin: { asked: 0, leftOut: 0 } });
  });

  test('are not asked for longer than somebody waits', async () => {
    const { here, time } = await holding(20);
    let waited = 0;
    const slow: VerifyOptions['source'] = () => async () => {
      waited += 3000;
      return [];
    };
    const runtime = { ...here.runtime, now: () => time.now() + waited };
    const options = { keys, sample: 20, budget: 1000, source: slow };
    const { origin } = await verify(here.parts, acme, options, runtime);
    // Four at once take 12 seconds here; after 20 none is begun.
    expect(origin).toEqual({ asked: 8, leftOut: 12, failed: 0 });
  });

  test('and stores outside the isolate are asked within the budget', async () => {
    const { time, isolate } = world();
    let gets = 0;
    const here = isolate({
      tiers: (memory) => [
        memory,
        {
          name: 'regional',
          local: false,
          lifetimeMs: 1e9,
          get: () => {
            gets += 1;
            return undefined;
          },
          put: () => undefined,
          delete: () => undefined,
        },
      ],
    });
    for (let at = 1; at < 9; at += 1) await here.obtain(() => `v${at}`, {}, keyOf(at));
    await here.settle();
    await time.advance(1);
    for (const [budget, outside, origin] of [
      [14, 0, 0],
      [18, 4, 0],
      [24, 8, 2],
      [100, 8, 8],
    ] as const) {
      gets = 0;
      const found = await run(here, { budget, source: asking([]) });
      expect(found.regional).toEqual({ asked: outside, leftOut: 8 - outside });
      expect(gets).toBe(outside);
      expect(found.origin).toEqual({ asked: origin, leftOut: 8 - origin, failed: 0 });
    }
  });
});
