import { describe, expect, it, test } from 'vitest';
import { NOTHING } from '../../../src/engine/face.ts';
import { purge, retryPurge } from '../../../src/engine/purge.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { acme, isolate, key, keys, type Isolate } from './isolate.ts';

const down = (): Promise<never> => Promise.reject(new AuthorityUnavailable('down'));

/** An isolate whose authority takes no purge until `state.fail` is taken away; `sentAt` says when each was sent. */
function scene(maxUnverifiedMs?: number) {
  const state: { fail: (() => Promise<never>) | undefined } = { fail: down };
  const sentAt: number[] = [];
  const one: Isolate = isolate({
    ...(maxUnverifiedMs === undefined ? {} : { maxUnverifiedMs }),
    wrap: (authority) => ({
      mark: (...args) => {
        sentAt.push(one.runtime.now() - startedAt);
        return state.fail ? state.fail() : authority.mark(...args);
      },
    }),
  });
  const startedAt = one.runtime.now();
  return { ...one, state, sentAt };
}

/** Lets time pass in steps of 200 ms, of which every pause is a multiple, so that each timer fires when it is due. */
async function pass({ runtime }: Isolate, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 200) await runtime.advance(200);
}

const abandoned = { type: 'purge_abandoned', tenant: 'acme', targets: 2 };

describe('a purge that is retried', () => {
  test('waits 200 ms, then twice as long each time, up to 2 s, for 25 s; then it is abandoned, and that is said', async () => {
    const one = scene();
    retryPurge(one.parts, acme, ['k:e:a', 'p:e:a'], 'hard', one.runtime);
    expect(one.runtime.behind).toHaveLength(1);
    await pass(one, 24_800);
    const expected = [200, 600, 1400];
    for (let at = 3000; at <= 23_000; at += 2000) expected.push(at);
    expect(one.sentAt).toEqual(expected);
    expect(one.events).not.toContainEqual(abandoned);
    await pass(one, 40_000);
    // It was waiting when its time ended: that try is made.
    expect(one.sentAt).toEqual([...expected, 25_000]);
    expect(one.events.filter(({ type }) => type === 'purge_abandoned')).toEqual([abandoned]);
    expect(one.events.at(-1)).toEqual(abandoned);
    await one.runtime.settle();
  });

  it.each([0, 1, 3_600_000])(
    'goes on as long with %i ms in which copies may be served without a check',
    async (maxUnverifiedMs) => {
      const one = scene(maxUnverifiedMs);
      retryPurge(one.parts, acme, ['k:e:a'], 'hard', one.runtime);
      await pass(one, 40_000);
      expect(one.sentAt).toHaveLength(15);
      expect(one.sentAt.at(-1)).toBe(25_000);
    },
  );

  it.each([200, 3000, 25_000])(
    'ends with the first that is acknowledged, %i ms later: it holds, and nothing is abandoned',
    async (ms) => {
      const one = scene();
      const { state, events, authority } = one;
      retryPurge(one.parts, acme, ['k:e:a', 'p:e:a'], 'hard', one.runtime);
      await pass(one, ms - 200);
      const tries = one.sentAt.length;
      state.fail = undefined;
      await pass(one, 40_000);
      expect(one.sentAt).toHaveLength(tries + 1);
      expect(one.sentAt.at(-1)).toBe(ms);
      expect(events.map(({ type }) => type)).toEqual([
        ...Array<string>(tries).fill('purge_failed'),
        'purge',
      ]);
      const { ledger } = await authority.read(acme, [], 0);
      expect(ledger?.marks.map((mark) => mark.target)).toEqual(['k:e:a', 'p:e:a']);
      expect(one.coherence.view(acme).marks.has('k:e:a')).toBe(true);
    },
  );

  test('is abandoned at once when it fails by what no repetition cures', async () => {
    const one = scene();
    one.state.fail = () => Promise.reject(new TypeError('a mistake'));
    retryPurge(one.parts, acme, ['k:e:a', 'p:e:a'], 'hard', one.runtime);
    await pass(one, 40_000);
    expect(one.sentAt).toEqual([200]);
    expect(one.events.map(({ type }) => type)).toEqual(['purge_failed', 'purge_abandoned']);
  });

  test('never rejects: nobody waits for it', async () => {
    const one = scene();
    retryPurge(one.parts, acme, ['k:e:a'], 'hard', one.runtime);
    await pass(one, 40_000);
    const outcomes = await Promise.allSettled(one.runtime.behind);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled']);
  });

  // The last pause begins before the 25 s are over: work after a response ends at 30.
  it.each([
    [1000, [200, 1600, 3400, 6000, 9000, 12_000, 15_000, 18_000, 21_000, 24_000]],
    [2200, [200, 2800, 5800, 9600, 13_800, 18_000, 22_200, 26_400]],
  ])('waits no longer for tries that time out after %i ms each', async (timeout, expected) => {
    const one = scene();
    one.state.fail = () => one.runtime.sleep(timeout).then(down);
    retryPurge(one.parts, acme, ['k:e:a', 'p:e:a'], 'hard', one.runtime);
    await pass(one, 40_000);
    expect(one.sentAt).toEqual(expected);
    expect(one.events.at(-1)).toEqual(abandoned);
  });
});

describe('a purge that is not acknowledged', () => {
  test('rejects, and has dropped what memory held of its targets, of that tenant only', async () => {
    const one = scene();
    const { runtime, memory, parts, events } = one;
    const now = runtime.now();
    const entry = one.entry({ epoch: 'a'.repeat(32), asOf: 1 }, 'value', { tags: ['x'] });
    const kept = keys.key(acme, 'e:other');
    for (const [of, tags] of [
      [key, ['x']],
      [kept, ['y']],
    ] as const)
      memory.put(
        { key: of, entry: { ...entry, tags }, until: now + 1000, heldAt: 0, prepared: NOTHING },
        now,
      );
    await expect(purge(parts, acme, ['t:x'], 'hard', runtime)).rejects.toThrow(
      AuthorityUnavailable,
    );
    expect(memory.get(key, now)).toBeUndefined();
    expect(memory.get(kept, now)).toBeDefined();
    expect(events).toEqual([
      { type: 'purge_failed', tenant: 'acme', message: 'AuthorityUnavailable: down' },
    ]);
  });
});
