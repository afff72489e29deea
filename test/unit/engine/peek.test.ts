import { describe, expect, test } from 'vitest';
import type { Face } from '../../../src/engine/face.ts';
import { lookup } from '../../../src/engine/lookup.ts';
import { peek } from '../../../src/engine/peek.ts';
import { lookupMany } from '../../../src/engine/lookup-many.ts';
import { keyTarget, tagTarget } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { gate, type Gate } from './timeline.ts';
import { acme, COHERENCE_MS, key, textFace, world, type Isolate } from './world.ts';

const near = (here: Isolate): string | undefined => {
  const found = peek(here.parts, key, here.runtime.now());
  return found && `${found.state} ${found.prepared.value as string}`;
};

/** A face that takes its time, as an asynchronous schema does. */
function slowFace(): { face: Face; checking: Gate } {
  const checking = gate();
  const face: Face = {
    async prepare(...args) {
      await checking.opened;
      return textFace.prepare(...args);
    },
  };
  return { face, checking };
}

describe('what this isolate holds', () => {
  test('is served without a question while the view is within the bound, and no longer', async () => {
    const { time, isolate } = world();
    const here = isolate();
    expect(near(here)).toBeUndefined();
    await here.obtain(() => 'v');
    await here.settle();
    here.asked.length = 0;
    expect(near(here)).toBe('fresh v');
    await time.advance(COHERENCE_MS - 1);
    expect(near(here)).toBe('fresh v');
    await time.advance(1);
    expect(near(here)).toBeUndefined();
    expect(here.asked).toEqual([]);
  });

  test('never with a bound of 0', async () => {
    const { isolate } = world({ coherenceMs: 0 });
    const here = isolate();
    await here.obtain(() => 'v');
    expect(near(here)).toBeUndefined();
    expect(await here.obtain(() => 'again')).toBe('v');
  });

  test('is stale past its ttl and after a soft purge, nothing after a hard one', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await here.obtain(() => 'v', { ttl: 500, swr: 60_000, tags: ['x'] });
    await time.advance(500);
    expect(near(here)).toBe('stale v');
    await here.purge([tagTarget('x')]);
    expect(near(here)).toBeUndefined();
    await here.obtain(() => 'w', { swr: 60_000, tags: ['x'] });
    await here.purge([tagTarget('x')], 'soft');
    expect(near(here)).toBe('stale w');
  });

  test('ends with its own time', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await here.obtain(() => 'v', { ttl: 500 });
    await time.advance(499);
    expect(near(here)).toBe('fresh v');
    await time.advance(1);
    expect(near(here)).toBeUndefined();
  });

  test('can be kept out of memory, or in it for a shorter time, by the policy', async () => {
    const { isolate, time } = world();
    const here = isolate();
    const making = (memory: number) => ({ policy: { lifetimes: { memory } } });
    await here.obtain(() => 'v', making(0));
    await here.settle();
    expect(here.memory.entries).toBe(0);
    expect(await here.obtain(() => 'again', making(0))).toBe('v');
    expect(here.memory.entries).toBe(0);
    await here.obtain(() => 'again', making(300));
    expect(near(here)).toBe('fresh v');
    await time.advance(300);
    expect(near(here)).toBeUndefined();
    expect(await here.obtain(() => 'again', making(300))).toBe('v');
  });
});

describe('a purge while a stored value is being made ready', () => {
  test('is not undone by the copy of one that the authority had', async () => {
    const { isolate } = world();
    const here = isolate();
    await isolate().obtain(() => 'old');
    const { face, checking } = slowFace();
    const before = lookup(here.parts, key, face, here.runtime);
    await turn();
    await here.purge();
    checking.open();
    await before;
    expect(near(here)).toBeUndefined();
    expect(await here.obtain(() => 'new')).toBe('new');
  });

  test('is not undone by the copies of a batch', async () => {
    const { isolate } = world();
    const here = isolate();
    await isolate().obtain(() => 'old');
    const { face, checking } = slowFace();
    const before = lookupMany(here.parts, acme, [key], face, here.runtime);
    await turn();
    await here.purge();
    checking.open();
    await before;
    expect(near(here)).toBeUndefined();
  });

  test('is not undone by the copy of one that a tier behind memory had', async () => {
    const { isolate, authority } = world();
    const behind = isolate();
    const here = isolate({
      tiers: (memory) => [
        memory,
        {
          name: 'regional',
          local: false,
          lifetimeMs: 1e9,
          get: async (of, now) => {
            const copy = behind.memory.get(of, now);
            const { entries } = await authority.read(acme, [of], 0);
            const [entry] = entries;
            return copy && entry && { ...copy, entry, prepared: undefined };
          },
          put: async () => undefined,
          delete: async () => undefined,
        },
      ],
    });
    await behind.obtain(() => 'old');
    await behind.settle();
    const { face, checking } = slowFace();
    const before = lookup(here.parts, key, face, here.runtime);
    await turn();
    await here.purge();
    checking.open();
    await before;
    expect(near(here)).toBeUndefined();
  });

  test('keeps whoever asks after it from what is made ready for a load that is to begin', async () => {
    const { isolate } = world();
    const elsewhere = isolate();
    const { face, checking } = slowFace();
    let meanwhile = async (): Promise<unknown> => elsewhere.obtain(() => 'old');
    const here = isolate({
      wrap: (real) => ({
        lease: async (...args) => {
          await meanwhile();
          meanwhile = async () => undefined;
          await elsewhere.settle();
          return real.lease(...args);
        },
      }),
    });
    const leased = { face, policy: { lease: { ttlMs: 15_000, waitMs: 5000 } } };
    const before = here.obtain(() => 'mine', leased);
    await turn();
    await here.purge([keyTarget(key.key)]);
    const after = here.obtain(() => 'new', leased);
    await turn();
    checking.open();
    // The load itself began after the purge, so both may have it.
    expect(await before).toBe('mine');
    expect(await after).toBe('mine');
  });
});
