import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Overloaded } from '../../../src/errors.ts';
import {
  ConcurrencyLimit,
  type ConcurrencyOptions,
  type Slot,
} from '../../../src/resilience/concurrency-limit.ts';
import { turn } from '../support/runtime.ts';
import { testClock } from './clock.ts';

function setUp(options: ConcurrencyOptions = {}) {
  const clock = testClock();
  const limit = new ConcurrencyLimit(
    'redis',
    { limit: 2, queue: 3, waitMs: 500, slotMs: 2000, ...options },
    clock,
  );
  const taken: { name: string; slot: Slot }[] = [];
  const failed: string[] = [];
  const ask = (name: string, urgent = false): void => {
    void (async () => limit.take(urgent))().then(
      (slot) => taken.push({ name, slot }),
      (error: unknown) => {
        expect(error).toBeInstanceOf(Overloaded);
        failed.push(name);
      },
    );
  };
  const names = (): string[] => taken.map(({ name }) => name);
  const release = (name: string): void => {
    const at = taken.findIndex((one) => one.name === name);
    const [one] = taken.splice(at, 1);
    if (!one) throw new Error(`'${name}' has no slot.`);
    limit.release(one.slot);
  };
  return { clock, limit, ask, names, failed, release };
}

describe('bounded concurrency', () => {
  test('gives slots up to its limit at once, and then in the order of asking', async () => {
    const { limit, ask, names, release } = setUp();
    for (const name of ['a', 'b', 'c', 'd']) ask(name);
    await turn();
    expect(names()).toEqual(['a', 'b']);
    expect([limit.underWay, limit.waiting]).toEqual([2, 2]);
    release('b');
    await turn();
    expect(names()).toEqual(['a', 'c']);
    ask('e');
    release('a');
    release('c');
    await turn();
    expect(names()).toEqual(['d', 'e']);
    expect([limit.underWay, limit.waiting]).toEqual([2, 0]);
  });

  test('refuses at once when the queue is full', async () => {
    const { ask, failed, limit } = setUp();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) ask(name);
    await turn();
    expect(failed).toEqual(['f', 'g']);
    expect(limit.waiting).toBe(3);
    expect(() => limit.take()).toThrow("'redis' has 2 calls under way and a full queue.");
  });

  test('refuses when the wait is over, and not before', async () => {
    const { clock, ask, failed, limit } = setUp();
    for (const name of ['a', 'b', 'c']) ask(name);
    await clock.advance(300);
    ask('d');
    await clock.advance(199);
    expect(failed).toEqual([]);
    await clock.advance(1);
    expect(failed).toEqual(['c']);
    expect(limit.waiting).toBe(1);
    await clock.advance(300);
    expect(failed).toEqual(['c', 'd']);
    expect([limit.underWay, limit.waiting]).toEqual([2, 0]);
  });

  test('lets urgent calls past the limit and the queue', async () => {
    const { ask, names, limit } = setUp();
    for (const name of ['a', 'b', 'c', 'd', 'e']) ask(name);
    ask('purge', true);
    await turn();
    expect(names()).toEqual(['a', 'b', 'purge']);
    expect([limit.underWay, limit.waiting]).toEqual([3, 3]);
  });

  test('a slot that is given back twice is given back once', async () => {
    const { limit } = setUp();
    const [first, second] = [await limit.take(), await limit.take()];
    limit.release(first);
    limit.release(first);
    expect(limit.underWay).toBe(1);
    limit.release(second);
    expect(limit.underWay).toBe(0);
  });
});

describe('what a vanished owner has left', () => {
  test('in slots, expires by age: whoever comes next gets them', async () => {
    const { clock, limit, ask, names } = setUp();
    await limit.take();
    await limit.take();
    await clock.advance(2000);
    ask('a');
    ask('b');
    await turn();
    expect(names()).toEqual(['a', 'b']);
  });

  test('in slots, expires also for somebody who waits already', async () => {
    const { clock, limit, ask, names } = setUp();
    await limit.take();
    await limit.take();
    await clock.advance(1700);
    ask('a');
    await clock.advance(299);
    expect(names()).toEqual([]);
    await clock.advance(1);
    expect(names()).toEqual(['a']);
  });

  test('in slots, is not missed a second time when the owner was only slow', async () => {
    const { clock, limit, ask, names } = setUp();
    const slow = await limit.take();
    await limit.take();
    await clock.advance(2000);
    for (const name of ['a', 'b', 'c']) ask(name);
    await turn();
    limit.release(slow);
    await turn();
    expect(names()).toEqual(['a', 'b']);
    expect(limit.underWay).toBe(2);
  });

  test('in the queue, expires by age: it fills no queue and gets no slot', async () => {
    const { clock, limit, names, ask, release } = setUp();
    ask('a');
    ask('b');
    // Timers end with the request that set them.
    clock.vanishing = true;
    for (const name of ['gone 1', 'gone 2', 'gone 3']) ask(name);
    clock.vanishing = false;
    await turn();
    expect(() => limit.take()).toThrow(Overloaded);
    await clock.advance(501);
    ask('c');
    await turn();
    expect(limit.waiting).toBe(1);
    release('a');
    await turn();
    expect(names()).toEqual(['b', 'c']);
  });

  test('is counted as old also by a clock that was set back', async () => {
    const { clock, limit, ask, names } = setUp();
    await limit.take();
    await limit.take();
    await clock.advance(-3_600_000);
    ask('a');
    await turn();
    expect(names()).toEqual(['a']);
  });
});

test('random traffic: never more than the limit under way, never more than the queue waiting, nobody forgotten', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('ask') }),
    fc.record({ do: fc.constant('release'), which: fc.nat(9) }),
    fc.record({ do: fc.constant('advance'), ms: fc.nat(700) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, limit, ask, names, failed, release } = setUp({ slotMs: 1e9 });
      let asked = 0;
      let released = 0;
      for (const one of steps) {
        if ('which' in one) {
          const holders = names();
          const name = holders[one.which % Math.max(1, holders.length)];
          if (name !== undefined) {
            release(name);
            released += 1;
          }
        } else if ('ms' in one) await clock.advance(one.ms);
        else ask(String((asked += 1)));
        await turn();
        expect(limit.underWay).toBeLessThanOrEqual(2);
        expect(limit.waiting).toBeLessThanOrEqual(3);
        expect(limit.underWay).toBe(names().length);
        expect(names().length + failed.length + limit.waiting + released).toBe(asked);
        if (limit.waiting > 0) expect(limit.underWay).toBe(2);
      }
      await clock.advance(500);
      expect(limit.waiting).toBe(0);
    }),
    { numRuns: 60 },
  );
});
