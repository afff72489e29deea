import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startLibraryFixture,
  type Hold,
  type LibraryFixture,
  type LibraryProcess,
} from './library-fixture.ts';

const LOAD_MS = 1500;
const HARD_TIMEOUT_MS = 3000;
const LEASE_WAIT_MS = 1000;
/** Somebody who hangs would do so for ever. */
const ANSWERS_WITHIN_MS = 15_000;

let fixture: LibraryFixture;
beforeAll(async () => {
  fixture = await startLibraryFixture();
});
afterAll(() => fixture.stop());

interface Followed {
  readonly follower: unknown;
  readonly followerMs: number;
  readonly later: unknown;
  readonly laterMs: number;
  readonly loads: number;
  readonly key: string;
}

let number = 0;

/**
 * A client leads a load and resets its connection while it is under way; a second one has joined it before, a third one
 * comes after. With `redis: false` the isolate is its own authority.
 */
async function followed(
  hold: Hold,
  namespace: string,
  redis?: false,
  close: 'reset' | 'end' = 'reset',
): Promise<Followed> {
  const key = `key-${(number += 1)}`;
  const path = `/get?namespace=${namespace}&key=${key}`;
  const loads = (): number => fixture.origin.count(`/${key}`);
  const process = await fixture.start({
    hold,
    ...(redis === false && { redis }),
    cache: { hardTimeout: HARD_TIMEOUT_MS, leaseMs: 5000, leaseWait: LEASE_WAIT_MS },
  });
  try {
    fixture.origin.delayMs = 0;
    await process.ask(`/get?namespace=${namespace}&key=warm-up`);
    fixture.origin.delayMs = LOAD_MS;
    const leader = await process.open(path);
    await expect.poll(loads, { timeout: 10_000, interval: 10 }).toBe(1);
    const following = timed(process, path);
    // It has to have joined before the leader goes.
    await sleep(200);
    if (close === 'reset') leader.resetAndDestroy();
    else leader.destroy();
    const follower = await following;
    const later = await timed(process, path);
    return {
      key,
      follower: follower.answer,
      followerMs: follower.ms,
      later: later.answer,
      laterMs: later.ms,
      loads: loads(),
    };
  } finally {
    await process.stop();
  }
}

async function timed(
  process: LibraryProcess,
  path: string,
): Promise<{ readonly answer: unknown; readonly ms: number }> {
  const started = performance.now();
  const answer = await process
    .ask(path, AbortSignal.timeout(ANSWERS_WITHIN_MS))
    .catch((error: unknown) => String(error).split('\n', 1)[0]);
  return { answer, ms: performance.now() - started };
}

const authorities = [
  { namespace: 'values', redis: undefined, what: 'without leases' },
  { namespace: 'leased', redis: undefined, what: 'with leases' },
  { namespace: 'values', redis: false, what: 'without Redis' },
] as const;

describe.each(authorities)(
  'a client that resets its connection while it leads a load, $what,',
  ({ namespace, redis }) => {
    test('hangs nobody, and its load is the only one, where the request keeps work alive', async () => {
      const { key, ...seen } = await followed('request', namespace, redis);
      expect(seen).toMatchObject({ follower: [`/${key} 1`], later: [`/${key} 1`], loads: 1 });
      expect(seen.followerMs).toBeLessThan(LOAD_MS + 1000);
      expect(seen.laterMs).toBeLessThan(1000);
    });

    test('hangs nobody, and its load is the only one, where nobody says what keeps work alive', async () => {
      const { key, ...seen } = await followed('default', namespace, redis);
      expect(seen).toMatchObject({ follower: [`/${key} 1`], later: [`/${key} 1`], loads: 1 });
      expect(seen.followerMs).toBeLessThan(LOAD_MS + 1000);
    });

    test('hangs nobody where nothing keeps work alive: the follower takes over by a timer of its own', async () => {
      const { key, ...seen } = await followed('nothing', namespace, redis);
      expect(seen).toMatchObject({ follower: [`/${key} 2`], later: [`/${key} 2`], loads: 2 });
      // It did wait for the load of the other.
      expect(seen.followerMs).toBeGreaterThan(LOAD_MS);
      expect(seen.followerMs).toBeLessThan(HARD_TIMEOUT_MS + LEASE_WAIT_MS + LOAD_MS + 1000);
      expect(seen.laterMs).toBeLessThan(1000);
    });
  },
);

test('a client that closes its connection in good order is no other case', async () => {
  const { key, ...seen } = await followed('request', 'values', undefined, 'end');
  expect(seen).toMatchObject({ follower: [`/${key} 1`], later: [`/${key} 1`], loads: 1 });
});
