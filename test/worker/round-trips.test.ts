import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 10_000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (variables: Readonly<Record<string, unknown>> = {}) =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, ...variables },
  });

/** What `work` sends to Redis. */
async function sent(work: () => Promise<unknown>): Promise<unknown> {
  await endpoint.resetCounts();
  await work();
  const { requests, byCommand } = await endpoint.counts();
  return { requests, ...byCommand };
}

const NOTHING = { requests: 0 };
const ONE_READ = { requests: 1, MGET: 1, ZRANGE: 1 };
const ONE_POLL = { requests: 1, ZRANGE: 1 };

describe('requests to Redis', () => {
  test('a cold read that finds the entry in Redis is exactly one, a warm one within the bound none', async () => {
    const { isolate } = await deployed();
    centres.enter('first');
    await isolate().get('/cold');
    centres.enter('second');
    const cold = isolate();
    const read = async () => {
      expect((await cold.get('/cold')).cacheStatus).toMatchObject({ hit: true });
    };
    expect(await sent(read)).toEqual(ONE_READ);
    expect(await sent(read)).toEqual(NOTHING);
    clock.advance(COHERENCE_MS / 2 - 1);
    expect(await sent(read)).toEqual(NOTHING);
    expect(await origin.count('/cold')).toBe(1);
  });

  test('a hit in the regional cache by a new isolate is one poll', async () => {
    const { isolate } = await deployed();
    await isolate().get('/regional');
    const cold = isolate();
    expect(await sent(() => cold.get('/regional'))).toEqual(ONE_POLL);
    expect(await sent(() => cold.get('/regional'))).toEqual(NOTHING);
  });

  test('past half of the bound a hit renews the view behind the answer, once', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get('/renew');
    clock.advance(COHERENCE_MS / 2);
    expect(await sent(() => here.get('/renew'))).toEqual(ONE_POLL);
    // It counts from when it was sent: the bound begins anew.
    clock.advance(COHERENCE_MS / 2 - 1);
    expect(await sent(() => here.get('/renew'))).toEqual(NOTHING);
  });

  test('past the bound a hit in memory waits for one poll', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get('/bound');
    clock.advance(COHERENCE_MS);
    const answer = async () => {
      expect((await here.get('/bound')).cacheStatus).toMatchObject({ detail: 'memory' });
    };
    expect(await sent(answer)).toEqual(ONE_POLL);
  });

  test('the bound counts from when a check was sent, not from when it was answered', async () => {
    const { isolate } = await deployed({ CACHE_REDIS_TIMEOUT_MS: 10_000 });
    const here = isolate();
    await here.get('/sent');
    clock.advance(COHERENCE_MS);
    await endpoint.setFaults({ delayMs: 300, times: 1 });
    await endpoint.resetCounts();
    const slow = here.get('/sent');
    const arrived = async () => (await endpoint.counts()).requests;
    await expect.poll(arrived, { timeout: 10_000 }).toBe(1);
    clock.advance(COHERENCE_MS - 1);
    expect((await slow).cacheStatus).toMatchObject({ detail: 'memory' });
    clock.advance(1);
    expect(await sent(() => here.get('/sent'))).toEqual(ONE_POLL);
  });

  test('of many requests past the bound one polls for all', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    for (let at = 0; at < 20; at += 1) await here.get(`/many/${at}`);
    clock.advance(COHERENCE_MS);
    const all = () => Promise.all(Array.from({ length: 20 }, (_, at) => here.get(`/many/${at}`)));
    expect(await sent(all)).toEqual(ONE_POLL);
  });

  test('with a bound of 0 every read polls, and no answer of another one is good enough', async () => {
    const { isolate } = await deployed({ CACHE_COHERENCE_MS: 0 });
    const here = isolate();
    await here.get('/always');
    expect(await sent(() => here.get('/always'))).toEqual(ONE_POLL);
    const both = () => Promise.all([here.get('/always'), here.get('/always')]);
    expect(await sent(both)).toEqual({ requests: 2, ZRANGE: 2 });
  });

  test('a miss with a known ledger is one read and one commit', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get('/first');
    expect(await sent(() => here.get('/second'))).toEqual({ ...ONE_READ, requests: 2, EVALSHA: 1 });
  });

  test('a purge is one, whatever it hits', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    for (let at = 0; at < 10; at += 1) await here.get(`/hit/${at}`);
    await here.purge({ tags: ['warm-up'] });
    const purge = async () => {
      expect((await here.purge({ all: true, tags: ['a', 'b'] })).status).toBe(200);
    };
    expect(await sent(purge)).toEqual({ requests: 1, EVALSHA: 1 });
  });

  test('requests that never look into the cache ask Redis for nothing', async () => {
    const { isolate } = await deployed();
    const here = isolate();
    await here.get('/any');
    const pass = async () => {
      await here.send('OPTIONS', '/any');
      await here.get('/_tiercel/nothing');
      await here.purge('no purge');
    };
    expect(await sent(pass)).toEqual(NOTHING);
  });
});

test("every request to an origin tells the platform's own cache to stay out", async () => {
  const spy = vi.spyOn(globalThis, 'fetch');
  try {
    const { isolate, variables } = await deploy({ origin: origin.url, warm: ['/spied/warm'] });
    const here = isolate();
    await here.get('/spied');
    await here.get('/spied/range', { range: 'bytes=0-1' });
    await here.send('HEAD', '/spied/head');
    await here.send('POST', '/spied', { body: 'x' });
    await here.send('DELETE', '/spied');
    await isolate({ ...variables, CACHE_COHERENCE_MS: 0 }).scheduled();
    const asked = spy.mock.calls.filter(
      ([url]) => typeof url === 'string' && url.startsWith(origin.url),
    );
    expect(asked).toHaveLength(6);
    expect(asked.map(([, init]) => init?.cache)).toEqual(asked.map(() => 'no-store'));
    expect(asked.map(([, init]) => init?.redirect)).toEqual(asked.map(() => 'manual'));
  } finally {
    spy.mockRestore();
  }
});
