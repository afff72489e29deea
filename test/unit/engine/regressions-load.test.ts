import { describe, expect, test } from 'vitest';
import { Failures } from '../../../src/engine/failures.ts';
import { touch } from '../../../src/engine/touch.ts';
import { turn } from '../support/runtime.ts';
import { obtainAll } from './batch.ts';
import { counting, draftOf, HARD_MS, key, LEASED, MINUTE, world } from './world.ts';

describe('a batch', () => {
  test('for which the source has no value is loaded once for all who wait for it', async () => {
    const { isolate, time } = world();
    const here = isolate();
    let calls = 0;
    const all = Promise.all(
      Array.from({ length: 100 }, () =>
        obtainAll(here, ['gone'], async (names) => {
          calls += 1;
          await time.sleep(5);
          return names.map(() => undefined);
        }),
      ),
    );
    await time.advance(1000);
    expect(new Set((await all).flat())).toEqual(new Set([undefined]));
    expect(calls).toBe(1);
  });

  test('for which there was no value before a purge is loaded anew by who asks after it', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await here.parts.coherence.check(key.tenant, here.runtime);
    const before = obtainAll(here, ['1'], async () => {
      await time.sleep(50);
      return [undefined];
    });
    await turn();
    await here.purge();
    const after = obtainAll(here, ['1'], () => ['made since']);
    await time.advance(100);
    expect(await before).toEqual([undefined]);
    expect(await after).toEqual(['made since']);
  });

  test('behind an owner that is gone is taken over by one of those who wait', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await here.vanish();
    await time.advance(50);
    let calls = 0;
    const all = Promise.all(
      Array.from({ length: 50 }, () =>
        obtainAll(here, ['1'], async () => {
          calls += 1;
          await time.sleep(100);
          return ['v'];
        }),
      ),
    );
    await time.advance(2 * HARD_MS);
    expect(new Set((await all).flat())).toEqual(new Set(['v']));
    expect(calls).toBe(1);
  });
});

test('a caller behind the lease of a holder that is gone waits for the lease and its own load, no longer', async () => {
  const { isolate, time, authority } = world();
  const here = isolate();
  await authority.lease(key, 'gone', 15_000, 0);
  const [hardTimeoutMs, waitMs] = [5000, 1000];
  const policy = { hardTimeoutMs, lease: { ttlMs: 15_000, waitMs } };
  const { load, calls } = counting(time, hardTimeoutMs - 1);
  const startedAt = time.now();
  const ended = Promise.all(
    Array.from({ length: 10 }, async () => {
      const text = await here.obtain(load, { policy, store: false });
      return [text, time.now() - startedAt] as const;
    }),
  );
  await time.advance(60_000);
  for (const [text, after] of await ended) {
    expect(text).toBe('v1');
    // The last attempt to get the lease is sent within the wait.
    expect(after).toBeLessThanOrEqual(waitMs + hardTimeoutMs + 250);
  }
  expect(calls).toHaveLength(1);
});

test('what another isolate has touched meanwhile is taken over without a load, though it is the same value', async () => {
  const { isolate, time } = world();
  const elsewhere = isolate();
  const here = isolate();
  const making = { ttl: 100, swr: 10 * MINUTE, policy: LEASED };
  await elsewhere.obtain(() => 'v', making);
  await elsewhere.settle();
  await here.obtain(() => 'not needed', making);
  await time.advance(200);
  const { runtime, parts } = elsewhere;
  expect(await touch(parts, key, () => draftOf(time.now(), ''), runtime)).toBe('stored');
  const { load, calls } = counting();
  expect(await here.obtain(load, making)).toBe('v');
  await time.advance(100);
  expect(calls).toEqual([]);
  expect(here.asked).toContain('lease');
});

test('what is remembered of failures is bounded in bytes, however long the keys are', () => {
  const failures = new Failures();
  const name = (at: number): string => `${'x'.repeat(4000)}${at}`;
  for (let at = 0; at < 1000; at += 1) failures.record(name(at), 0, 1000);
  const kept = Array.from({ length: 1000 }, (_, at) => failures.isRecent(name(at), 1));
  expect(kept.filter(Boolean).length * 4000).toBeLessThanOrEqual(1_048_576);
  expect(kept.at(-1)).toBe(true);
});
