import { expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { ORIGIN_TIMEOUT_MS } from './origin-failures.ts';

/*
 * An origin that fails one client's requests, because of what that client sends. Whether it fails for everybody is decided
 * by a request of nobody in particular.
 */

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

let number = 0;

async function scene() {
  const path = `/failures-of-one/${(number += 1)}`;
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_ORIGIN_TIMEOUT_MS: ORIGIN_TIMEOUT_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });
  return { path, here: deployment.isolate() };
}

/** By what the origin tells that client from others. */
const marks = ['x-own', 'cookie', 'authorization'] as const;
const fails: Omit<ScriptedAnswer, 'target'> = { status: 503, headers: [], body: 'down' };
const sending = (mark: string): Record<string, string> => ({ [mark]: '1' });

test.each(marks)(
  'a 503 to %s alone: others get what is new, and not what is stale',
  async (mark) => {
    const { path, here } = await scene();
    await origin.rescript(path, [
      { headers: [['cache-control', 'max-age=1, stale-if-error=600']], body: 'first' },
    ]);
    await here.get(path);
    clock.advance(2000);
    await origin.rescript(path, [
      { headers: [['cache-control', 'max-age=600']], body: 'second' },
      { to: mark, ...fails },
    ]);
    expect((await here.get(path, sending(mark))).text).toBe('first');
    const other = await here.get(path);
    expect(other).toMatchObject({ status: 200, text: 'second' });
    // The client, what asked for all, and nobody else.
    expect(await origin.count(path)).toBe(3);
  },
);

test.each(marks)('no answer to %s alone: others are never refused', async (mark) => {
  const { path, here } = await scene();
  await origin.rescript(path, [
    { headers: [['cache-control', 'no-store']], body: 'fine' },
    { to: mark, drop: true },
  ]);
  for (let round = 0; round < 5; round += 1) {
    for (let time = 0; time < 4; time += 1)
      expect((await here.get(path, sending(mark))).status).toBe(502);
    for (const headers of [{}, { 'accept-language': 'de' }])
      expect(await here.get(path, headers)).toMatchObject({ status: 200, text: 'fine' });
    clock.advance(500);
  }
});

test('no answer to the ranges, or to the HEADs, of one client: others are never refused', async () => {
  const { path, here } = await scene();
  await origin.rescript(path, [
    { headers: [['cache-control', 'no-store']], body: 'fine' },
    { to: 'x-own', drop: true },
  ]);
  for (let time = 0; time < 6; time += 1) {
    await here.send('HEAD', path, { headers: { 'x-own': '1' } });
    await here.get(path, { 'x-own': '1', range: 'bytes=0-1' });
  }
  expect((await here.get(path)).status).toBe(200);
  expect((await here.get(path, { range: 'bytes=0-1' })).status).toBe(200);
  expect((await here.send('HEAD', path)).status).toBe(200);
});

test('whoever waits for the requests of that client, one after another, is answered all the same', async () => {
  const { path, here } = await scene();
  await origin.rescript(path, [
    { headers: [['cache-control', 'max-age=60']], body: 'fine' },
    { to: 'x-own', drop: true },
  ]);
  await origin.hold(path);
  const evil = [here.get(path, { 'x-own': '1' })];
  await expect.poll(() => origin.count(path)).toBe(1);
  // They wait in this order, and each of them asks when the one before has failed.
  for (let time = 0; time < 3; time += 1) evil.push(here.get(path, { 'x-own': '1' }));
  const others = Promise.all(Array.from({ length: 20 }, () => here.get(path)));
  await origin.release(path);
  for (const { status, text } of await others) expect([status, text]).toEqual([200, 'fine']);
  await Promise.all(evil);
  // Those of that client, what asks for all, and one for all others.
  expect(await origin.count(path)).toBeLessThan(10);
});

test('while it is being found out, nobody is refused, and it is asked once', async () => {
  const { path, here } = await scene();
  await origin.rescript(path, [{ drop: true }]);
  await here.get(path, { cookie: 'a=1' });
  await origin.rescript(path, [
    { headers: [['cache-control', 'no-store']], body: 'fine' },
    { to: 'cookie', drop: true },
  ]);
  await origin.hold(path);
  const failed = here.get(path, { cookie: 'a=1' });
  await expect.poll(() => origin.count(path)).toBe(2);
  await origin.pass(path, 1);
  // The one that asks for all is held.
  await expect.poll(() => origin.count(path)).toBe(3);
  const others = Promise.all([here.get(path), here.get(path, { range: 'bytes=0-1' })]);
  await expect.poll(() => origin.count(path)).toBe(5);
  await origin.release(path);
  expect((await failed).status).toBe(502);
  for (const other of await others) expect(other.status).toBe(200);
});

test('what asks for all carries nothing of the client but what selects', async () => {
  const { path, here } = await scene();
  const headers = [
    ['cache-control', 'max-age=1'],
    ['vary', 'x-own'],
  ] as const;
  await origin.rescript(path, [{ headers, body: 'fine' }]);
  await here.get(path, { 'x-own': 'a' });
  await origin.rescript(path, [{ drop: true }]);
  const own = { 'x-own': 'b', cookie: 'a=1', authorization: 'Basic x', 'user-agent': 'one' };
  await here.get(path, own);
  await here.get(path, own);
  const sent = (await origin.seen(path)).at(-1)?.headers;
  expect(sent).toMatchObject({ 'x-own': 'b', 'user-agent': 'Tiercel', accept: '*/*' });
  expect(sent).not.toHaveProperty('cookie');
  expect(sent).not.toHaveProperty('authorization');
  // And it counts for that variant.
  expect((await here.get(path, own)).headers.get('retry-after')).toBe('1');
});
