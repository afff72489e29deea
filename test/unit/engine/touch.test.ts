import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TouchOutcome } from '../../../src/authority/authority.ts';
import type { Entry } from '../../../src/codec/entry.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../../src/errors.ts';
import { touch } from '../../../src/engine/touch.ts';
import { tagTarget } from '../../../src/tenant/target.ts';
import { never } from './timeline.ts';
import { draftOf, key, MINUTE, world, type Isolate, type Making } from './world.ts';

const touched = (here: Isolate, making: Making = {}): Promise<TouchOutcome> =>
  touch(here.parts, key, (now) => draftOf(now, '', making), here.runtime);

describe('a touch', () => {
  test('makes a stored value fresh from now on, here and for others, without a load', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'v', { ttl: 5000 });
    await here.settle();
    await time.advance(4000);
    expect(await touched(here, { ttl: 5000 })).toBe('stored');
    await time.advance(4999);
    expect(await here.obtain(() => 'loaded')).toBe('v');
    expect(await isolate().obtain(() => 'loaded')).toBe('v');
    await time.advance(1);
    expect(await isolate().obtain(() => 'loaded')).toBe('loaded');
  });

  test('revives what is stale, not what is over', async () => {
    const { time, isolate } = world();
    const here = isolate();
    await here.obtain(() => 'v', { ttl: 1000, sie: 1000 });
    await here.settle();
    await time.advance(1500);
    expect(await touched(here, { ttl: 5000 })).toBe('stored');
    expect(await here.obtain(never)).toBe('v');
    await time.advance(5000);
    expect(await touched(here)).toBe('absent');
  });

  test('never outlives the absolute life of the value, whatever the number of touches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1000, max: 20_000 }),
        fc.array(
          fc.record({
            wait: fc.integer({ min: 1, max: 6000 }),
            ttl: fc.integer({ min: 1, max: 30_000 }),
            sie: fc.integer({ min: 0, max: 30_000 }),
          }),
          { maxLength: 8 },
        ),
        async (life, touches) => {
          const { time, isolate } = world();
          const here = isolate();
          const born = time.now();
          await here.obtain(() => 'v', { ttl: Math.min(5000, life), life });
          await here.settle();
          for (const { wait, ttl, sie } of touches) {
            await time.advance(wait);
            await touched(here, { ttl, sie });
            await here.obtain(() => 'later').catch(() => undefined);
            await here.settle();
          }
          await time.advance(Math.max(0, born + life - time.now()));
          expect(await isolate().obtain(() => 'later')).toBe('later');
        },
      ),
      { numRuns: 30 },
    );
  });

  test('does not bring back what a purge hit, known here or not', async () => {
    const { isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    await here.obtain(() => 'v', { tags: ['x'] });
    await here.settle();
    await elsewhere.purge([tagTarget('x')]);
    await touched(here, { ttl: 10 * MINUTE });
    expect(here.memory.entries).toBe(0);
    expect(await elsewhere.obtain(() => 'new', { tags: ['x'] })).toBe('new');
    await elsewhere.settle();
    await elsewhere.purge();
    expect(await touched(here)).toBe('absent');
    expect(await touched(elsewhere)).toBe('absent');
  });

  test('leaves what a soft purge hit as stale as it is', async () => {
    const { isolate } = world();
    const here = isolate();
    await here.obtain(() => 'v', { swr: MINUTE });
    await here.settle();
    await here.purge(undefined, 'soft');
    await touched(here, { ttl: MINUTE, swr: MINUTE });
    expect(await here.obtain(() => 'new', { swr: MINUTE })).toBe('v');
    await here.settle();
    expect(await here.obtain(never)).toBe('new');
  });

  test('of another value than the one that was read changes nothing', async () => {
    const { isolate, authority, time } = world();
    const others = [
      (entry: Entry) =>
        authority.commit([{ key, entry: { ...entry, ...draftOf(time.now(), 'loaded') } }]),
      (entry: Entry) =>
        authority.supersede([{ key, draft: draftOf(time.now(), 'set'), knownAs: entry.stamp }]),
    ];
    const told: TouchOutcome[] = [];
    for (const other of others) {
      const here = isolate({
        wrap: (real) => ({
          touch: (of, retime) =>
            real.touch(of, (entry) => {
              void other(entry);
              return retime(entry);
            }),
        }),
      });
      await here.obtain(() => 'v');
      await here.settle();
      told.push(await touched(here, { ttl: 1e8 }));
    }
    // A set is a mark on its key as well.
    expect(told).toEqual(['changed', 'purged']);
    expect(await isolate().obtain(never)).toBe('set');
    await time.advance(MINUTE);
    expect(await isolate().obtain(() => 'new')).toBe('new');
  });

  test('of nothing is told; one that fails drops the copy here', async () => {
    const { isolate } = world();
    expect(await touched(isolate())).toBe('absent');
    const here = isolate({
      wrap: (real) => ({
        touch: async (...args) => {
          await real.touch(...args);
          throw new OutcomeUnknown('reply lost');
        },
      }),
    });
    await here.obtain(() => 'v');
    await here.settle();
    await expect(touched(here)).rejects.toThrow(OutcomeUnknown);
    expect(here.memory.entries).toBe(0);
    const silent = isolate({
      wrap: () => ({ read: () => Promise.reject(new AuthorityUnavailable('down')) }),
    });
    await expect(touched(silent)).rejects.toThrow(AuthorityUnavailable);
    expect(silent.asked).not.toContain('touch');
  });
});
