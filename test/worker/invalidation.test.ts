import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';
import { takeClock, type Clock } from '../support/platform.ts';

/* A request that may change what it names, when the origin's answer or the authority's is lost. */

const COHERENCE_MS = 5000;
/** How long an invalidation is retried. */
const PATIENCE_MS = 25_000;

let clock: Clock;
let endpoint: TestEndpoint;
let origin: TestOrigin;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
beforeEach(async () => {
  clock = takeClock();
  origin = await openOrigin();
});
afterEach(async () => {
  await endpoint.clearFaults();
  clock.restore();
});
afterAll(() => endpoint.close());

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, ...variables },
  });

let number = 0;
const nextPath = (): string => `/invalidation/${(number += 1)}`;

/** Fresh for longer than the clock is moved. */
async function script(target: string, body: string): Promise<void> {
  await origin.script({ target, headers: [['cache-control', 'max-age=86400']], body });
}

/** Two isolates that have the old body in memory; it is in the regional cache and in Redis as well. */
async function warmed({ isolate }: Deployment, path: string): Promise<[Isolate, Isolate]> {
  await script(path, 'old');
  const [writer, reader] = [isolate(), isolate()];
  await writer.get(path);
  expect((await reader.get(path)).cacheStatus).toMatchObject({ hit: true });
  return [writer, reader];
}

/** Sends a request, and cuts the network once the origin has got it; the answer is what the client hears. */
async function sendAndCut(by: Isolate, method: string, path: string) {
  const before = await origin.count(path);
  await origin.hold(path);
  const sent = by.send(
    method,
    path,
    method === 'DELETE' || method === 'OPTIONS' ? {} : { body: 'x' },
  );
  await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(before + 1);
  await origin.link('cut');
  const answer = await sent;
  await origin.link('open');
  await origin.release(path);
  return answer;
}

async function counters(deployment: Deployment, isolate: Isolate) {
  const stats = await isolate.get('/_tiercel/v1/stats', {
    authorization: `Bearer ${deployment.token}`,
  });
  return (stats.json() as { counters: Record<string, unknown> }).counters;
}

describe('an unsafe request whose answer is lost', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s, cut off after the origin got it: nobody reads what was stored before',
    async (method) => {
      const path = nextPath();
      const deployment = await deployed();
      const [writer, reader] = await warmed(deployment, path);
      const answer = await sendAndCut(writer, method, path);
      expect(answer.status).toBe(502);
      expect(answer.json()).toMatchObject({ code: 'origin_unreachable' });
      await script(path, 'new');
      expect((await writer.get(path)).text).toBe('new');
      clock.advance(COHERENCE_MS);
      expect((await reader.get(path)).text).toBe('new');
      expect((await deployment.isolate().get(path)).text).toBe('new');
    },
  );

  test('by a time-out: nobody reads what was stored before', async () => {
    const path = nextPath();
    const deployment = await deployed({ CACHE_ORIGIN_TIMEOUT_MS: 200 });
    const [writer, reader] = await warmed(deployment, path);
    await origin.hold(path);
    expect((await writer.send('PUT', path, { body: 'x' })).status).toBe(504);
    await origin.release(path);
    await script(path, 'new');
    expect((await writer.get(path)).text).toBe('new');
    clock.advance(COHERENCE_MS);
    expect((await reader.get(path)).text).toBe('new');
  });

  test('other resources stay, and a safe method that is cut off invalidates nothing', async () => {
    const [path, other] = [nextPath(), nextPath()];
    const deployment = await deployed();
    const [writer] = await warmed(deployment, path);
    await warmed(deployment, other);
    await writer.get(other);
    await sendAndCut(writer, 'PUT', path);
    expect((await writer.get(other)).cacheStatus).toMatchObject({ hit: true });
    expect((await sendAndCut(writer, 'OPTIONS', other)).status).toBe(502);
    expect((await writer.get(other)).cacheStatus).toMatchObject({ hit: true });
  });

  test('and the acknowledgement of its invalidation as well: that is retried all the same', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const [writer, reader] = await warmed(deployment, path);
    await endpoint.setFaults({ reset: true, times: 1, match: 'EVALSHA' });
    expect((await sendAndCut(writer, 'PUT', path)).status).toBe(502);
    expect(await counters(deployment, writer)).toMatchObject({ purgesFailed: 1, purges: 1 });
    await script(path, 'new');
    clock.advance(COHERENCE_MS);
    expect((await reader.get(path)).text).toBe('new');
  });
});

describe('an unsafe request whose invalidation Redis does not acknowledge', () => {
  test.each([
    ['0', 0],
    ['20 seconds', 20_000],
  ])('is retried until it works, with an unverified bound of %s', async (_, bound) => {
    const path = nextPath();
    const deployment = await deployed({ CACHE_MAX_UNVERIFIED_MS: bound });
    const [writer, reader] = await warmed(deployment, path);
    await endpoint.setFaults({ reset: true, times: 3, match: 'EVALSHA' });
    const answer = await writer.send('PATCH', path, { body: 'x' });
    expect(answer).toMatchObject({ status: 200, text: 'old' });
    expect(answer.cacheStatus).toEqual({ fwd: 'method', detail: 'invalidation-failed' });
    expect(await counters(deployment, writer)).toMatchObject({
      purgesFailed: 3,
      purges: 1,
      purgesAbandoned: 0,
    });
    await script(path, 'new');
    clock.advance(COHERENCE_MS);
    expect((await reader.get(path)).text).toBe('new');
    expect((await deployment.isolate().get(path)).text).toBe('new');
  });

  test('is given up after 25 seconds, and that is counted and logged', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const [writer] = await warmed(deployment, path);
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await endpoint.setFaults({ reset: true, match: 'EVALSHA' });
      const sent = writer.send('PATCH', path, { body: 'x' });
      const failed = async () => (await counters(deployment, writer))['purgesFailed'];
      await expect.poll(failed, { timeout: 10_000 }).toBe(2);
      expect(await counters(deployment, writer)).toMatchObject({ purgesAbandoned: 0 });
      clock.advance(PATIENCE_MS);
      expect((await sent).cacheStatus).toEqual({ fwd: 'method', detail: 'invalidation-failed' });
      expect(await counters(deployment, writer)).toMatchObject({ purges: 0, purgesAbandoned: 1 });
      expect(logged.mock.calls.flat().join('\n')).toContain('"type":"purge_abandoned"');
    } finally {
      logged.mockRestore();
    }
  });
});
