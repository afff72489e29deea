import { afterEach, describe, expect, test } from 'vitest';
import { deploy, type Answer } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { arrived, burst, tally } from './collapse-stage.ts';
import { ORIGIN_TIMEOUT_MS } from './origin-failures.ts';

/*
 * An origin that fails, with nothing stale to serve: after the second failure in a row a request of nobody in particular
 * finds out whether everybody fares so, and where they do it is not asked for a moment, by anybody who wants the same. The
 * first answer ends it.
 */

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();
afterEach(() => origin.link('open'));

let number = 0;

async function scene() {
  const path = `/backoff/${(number += 1)}`;
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_ORIGIN_TIMEOUT_MS: ORIGIN_TIMEOUT_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });
  await origin.rescript(path, [{ drop: true }]);
  const here = deployment.isolate();
  /** Whether the origin was asked, and what the client was told. */
  const get = async (
    headers?: Record<string, string>,
  ): Promise<{ asked: number; answer: Answer }> => {
    const before = await origin.count(path);
    const answer = await here.get(path, headers);
    return { asked: (await origin.count(path)) - before, answer };
  };
  return { path, here, get };
}

test('begins with the second failure in a row, and says when to come again', async () => {
  const { get } = await scene();
  for (const times of [1, 2]) {
    const { asked, answer } = await get();
    expect([asked, answer.status, answer.headers.get('retry-after')]).toEqual([times, 502, null]);
  }
  const { asked, answer } = await get();
  expect(asked).toBe(0);
  expect(answer.status).toBe(502);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(answer.json()).toMatchObject({
    code: 'origin_unreachable',
    detail: expect.stringContaining('not asked again for 100 ms') as string,
  });
});

test('doubles with each failure, and never lasts longer than two seconds', async () => {
  const { get } = await scene();
  await get();
  await get();
  for (const pause of [100, 200, 400, 800, 1600, 2000, 2000, 2000]) {
    clock.advance(pause - 1);
    expect((await get()).asked).toBe(0);
    clock.advance(1);
    expect((await get()).asked).toBe(2);
  }
});

test.each([
  ['200', { body: 'fine' }],
  ['200 that is not stored', { headers: [['cache-control', 'no-store']] as const }],
  ['404', { status: 404, headers: [] }],
  ['500', { status: 500, headers: [] }],
  ['503', { status: 503, headers: [] }],
])('ends with the first answer: %s', async (_, answer) => {
  const { path, here, get } = await scene();
  await get();
  await get();
  clock.advance(100);
  await origin.rescript(path, [answer]);
  expect((await get()).asked).toBe(1);
  await here.purge({ all: true });
  await origin.rescript(path, [{ drop: true }]);
  // As if it had never failed.
  expect((await get()).asked).toBe(1);
  expect((await get()).asked).toBe(2);
  expect((await get()).asked).toBe(0);
});

test('is forgotten after a minute', async () => {
  const { get } = await scene();
  await get();
  await get();
  clock.advance(60_000);
  expect((await get()).asked).toBe(1);
  expect((await get()).asked).toBe(2);
  expect((await get()).asked).toBe(0);
});

test('counts time-outs too, so that nobody waits for another', async () => {
  const { path, get } = await scene();
  await origin.hold(path);
  expect((await get()).answer.status).toBe(504);
  expect((await get()).answer.status).toBe(504);
  const { asked, answer } = await get();
  expect(asked).toBe(0);
  expect(answer.status).toBe(504);
  expect(answer.json()).toMatchObject({ code: 'origin_timeout' });
  await origin.release(path);
});

test('does not count an answer that breaks off: the origin is there', async () => {
  const { path, get } = await scene();
  await origin.rescript(path, [{ body: 'broken off', breakAfter: 3 }]);
  for (let time = 0; time < 5; time += 1) {
    const { asked, answer } = await get();
    expect([asked, answer.status]).toEqual([1, 502]);
  }
});

test('does not hold up what else the origin has', async () => {
  const { path, here, get } = await scene();
  await get();
  await get();
  expect((await get()).asked).toBe(0);
  expect((await here.get(`${path}/other`)).status).toBe(200);
});

test('counts for parts as it does for the whole', async () => {
  const { get } = await scene();
  const part = { range: 'bytes=0-1' };
  await get(part);
  await get(part);
  expect((await get(part)).asked).toBe(0);
  expect((await get()).asked).toBe(0);
});

describe('what is stale is served all the same', () => {
  test('also to a burst, for one request and the one that asks for all', async () => {
    const { path, here } = await scene();
    const headers = [['cache-control', 'max-age=10']] as const;
    await origin.rescript(path, [{ headers, body: 'stored' }]);
    await here.get(path);
    clock.advance(20_000);
    await origin.rescript(path, [{ drop: true }]);
    await origin.hold(path);
    const answers = burst(here, path);
    await arrived(origin, path, 2);
    await origin.release(path);
    expect(tally(await answers)).toEqual({ stored: 100 });
    expect(await origin.count(path)).toBe(3);
    for (const { cacheStatus } of await answers)
      expect(cacheStatus).toMatchObject({ fwd: 'stale' });
  });

  test('by an isolate that was being held off when it came', async () => {
    const { path, here, get } = await scene();
    await get();
    await get();
    const headers = [['cache-control', 'max-age=10, stale-if-error=600']] as const;
    clock.advance(100);
    await origin.rescript(path, [{ headers, body: 'stored' }]);
    expect((await here.get(path)).text).toBe('stored');
    clock.advance(20_000);
    await origin.rescript(path, [{ drop: true }]);
    for (let time = 0; time < 4; time += 1) expect((await here.get(path)).text).toBe('stored');
  });
});
