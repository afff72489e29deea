import { describe, expect, test, vi } from 'vitest';
import type { EndpointFaults } from '../support/control.ts';
import { deploy, type Deployment } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 5000;
const MAX_UNVERIFIED_MS = 20_000;
const REDIS_TIMEOUT_MS = 300;
/** Far above the time limit, far below how long the fault lasts. */
const DEADLINE_MS = 5000;
/** How long the circuit breaker keeps a Redis that is silent from being asked, before the first probe; each that fails doubles it. */
const OPEN_MS = 1000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: {
      CACHE_COHERENCE_MS: COHERENCE_MS,
      CACHE_MAX_UNVERIFIED_MS: MAX_UNVERIFIED_MS,
      CACHE_REDIS_TIMEOUT_MS: REDIS_TIMEOUT_MS,
      ...variables,
    },
  });

let number = 0;
const nextPath = (): string => `/outage/${(number += 1)}`;

const outages: readonly (readonly [string, EndpointFaults])[] = [
  ['resets every connection', { reset: true }],
  ['never answers', { hang: true }],
  ['answers 500', { status: 500 }],
  ['answers garbage', { status: 200, body: '{}' }],
];

describe.each(outages)('while Redis %s', (_, fault) => {
  test('a cold request is answered by the origin within a deadline, says why, and is stored nowhere', async () => {
    const path = nextPath();
    const deployment = await deployed();
    await endpoint.setFaults(fault);
    const here = deployment.isolate();
    const started = performance.now();
    const answer = await here.get(path);
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS);
    expect(answer.status).toBe(200);
    expect(answer.cacheStatus).toEqual({ fwd: 'miss', detail: 'redis-unavailable' });
    await here.get(path);
    expect(await origin.count(path)).toBe(2);
  });

  test('copies are served, flagged, until the unverified bound, and then bypassed', async () => {
    const path = nextPath();
    const { isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    await endpoint.setFaults(fault);
    expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory' });
    clock.advance(COHERENCE_MS);
    for (const step of [0, MAX_UNVERIFIED_MS - COHERENCE_MS - 1]) {
      clock.advance(step);
      expect((await here.get(path)).cacheStatus).toMatchObject({
        hit: true,
        detail: 'memory-unverified',
      });
    }
    expect(await origin.count(path)).toBe(1);
    clock.advance(1);
    expect((await here.get(path)).cacheStatus).toMatchObject({
      fwd: 'miss',
      detail: 'redis-unavailable',
    });
    expect(await origin.count(path)).toBe(2);
    await endpoint.clearFaults();
    // One probe has failed at most: the next is due by now.
    clock.advance(2 * OPEN_MS);
    await here.get(path);
    expect((await here.get(path)).cacheStatus).toMatchObject({ hit: true, detail: 'memory' });
  });

  test('a purge is a 503 that may be repeated, and what memory held is gone', async () => {
    const path = nextPath();
    const { host, isolate } = await deployed();
    centres.enter('first');
    const here = isolate();
    await here.get(path);
    await endpoint.setFaults(fault);
    const purge = () => here.purge({ urls: [`https://${host}${path}`] });
    const refused = await purge();
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({ code: 'authority_unavailable', retryable: true });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    // In another data centre, so that no regional copy stands in.
    centres.enter('second');
    expect((await here.get(path)).cacheStatus).not.toHaveProperty('hit');
    await endpoint.clearFaults();
    expect((await purge()).status).toBe(200);
    centres.enter('first');
    expect((await here.get(path)).cacheStatus).not.toHaveProperty('hit');
  });
});

describe('while Redis does not answer', () => {
  test('a regional copy is served, flagged, by an isolate that knew the ledger', async () => {
    const path = nextPath();
    const { isolate } = await deployed();
    const [one, two] = [isolate(), isolate()];
    await two.get('/other');
    await one.get(path);
    await endpoint.setFaults({ reset: true });
    expect((await two.get(path)).cacheStatus).toMatchObject({ detail: 'regional' });
    const three = isolate();
    // A new isolate knows nothing of the ledger: nothing may be served on its word.
    expect((await three.get(path)).cacheStatus).toEqual({
      fwd: 'miss',
      detail: 'redis-unavailable',
    });
  });

  test('an unverified bound of 0 serves no copy unverified', async () => {
    const path = nextPath();
    const here = (await deployed({ CACHE_MAX_UNVERIFIED_MS: 0 })).isolate();
    await here.get(path);
    await endpoint.setFaults({ reset: true });
    clock.advance(COHERENCE_MS);
    expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'redis-unavailable' });
    expect(await origin.count(path)).toBe(2);
  });

  test('each request waits for Redis once at most', async () => {
    const path = nextPath();
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(COHERENCE_MS);
    await endpoint.setFaults({ hang: true });
    await endpoint.resetCounts();
    await here.get(path);
    expect((await endpoint.counts()).requests).toBe(1);
    clock.advance(MAX_UNVERIFIED_MS);
    await endpoint.resetCounts();
    expect((await here.get(path)).cacheStatus).toMatchObject({ stored: true });
    // The poll is the probe. It fails, and so the commit behind the answer is not even sent.
    expect((await endpoint.counts()).byCommand).toEqual({ ZRANGE: 1 });
  });

  test('a dead Redis costs one deadline, then nothing until the probe', async () => {
    const path = nextPath();
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(COHERENCE_MS);
    await endpoint.setFaults({ hang: true });
    /** Requests to Redis for five cold reads that come one after another, and five at once. All of them are answered. */
    const sent = async (): Promise<number> => {
      await endpoint.resetCounts();
      const cold = async () => {
        const { status, cacheStatus } = await here.get(nextPath());
        expect(status).toBe(200);
        expect(cacheStatus).toMatchObject({ detail: 'redis-unavailable' });
      };
      await Promise.all(Array.from({ length: 5 }, cold));
      for (let at = 0; at < 5; at += 1) await cold();
      return (await endpoint.counts()).requests;
    };
    const circuit = async () => (await here.get('/_tiercel/healthz')).json();
    const redis = (state: string) => ({ stores: [{}, {}, { name: 'redis', circuit: state }] });

    await endpoint.resetCounts();
    expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory-unverified' });
    expect((await endpoint.counts()).requests).toBe(1);
    expect(await sent()).toBe(0);
    // Chance takes up to half off the pause.
    clock.advance(OPEN_MS / 2 - 1);
    expect(await sent()).toBe(0);
    expect(await circuit()).toMatchObject({ status: 'degraded', ...redis('open') });
    clock.advance(OPEN_MS / 2 + 1);
    expect(await sent()).toBe(1);
    // The probe has failed: twice the pause.
    clock.advance(OPEN_MS - 1);
    expect(await sent()).toBe(0);

    await endpoint.clearFaults();
    expect(await sent()).toBe(0);
    clock.advance(OPEN_MS + 1);
    await endpoint.resetCounts();
    expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory' });
    expect((await endpoint.counts()).byCommand).toEqual({ ZRANGE: 1 });
    expect(await circuit()).toMatchObject({ status: 'ok', ...redis('closed') });
    const stored = nextPath();
    expect((await here.get(stored)).cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
  });

  test('a purge is sent all the same, and one that is acknowledged ends the pause', async () => {
    const path = nextPath();
    const { host, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    clock.advance(COHERENCE_MS);
    await endpoint.setFaults({ hang: true });
    await here.get(path);
    await endpoint.resetCounts();
    const purge = () => here.purge({ urls: [`https://${host}${path}`] });
    expect((await purge()).status).toBe(503);
    expect((await endpoint.counts()).byCommand).toEqual({ EVALSHA: 1 });
    await endpoint.clearFaults();
    expect((await purge()).status).toBe(200);
    expect((await here.get(path)).cacheStatus).toEqual({
      fwd: 'miss',
      detail: 'purged',
      stored: true,
    });
    expect((await here.get(path)).cacheStatus).toMatchObject({ hit: true, detail: 'memory' });
  });

  test('a load that knows an older ledger is kept, and is judged by it when Redis is back', async () => {
    const path = nextPath();
    const { isolate } = await deployed();
    const [here, purger] = [isolate(), isolate()];
    await here.get('/other');
    await endpoint.setFaults({ reset: true });
    const answer = await here.get(path);
    expect(answer.cacheStatus).toMatchObject({ detail: 'redis-unavailable', stored: true });
    await endpoint.clearFaults();
    await purger.purge({ all: true });
    clock.advance(COHERENCE_MS);
    expect((await here.get(path)).cacheStatus).not.toHaveProperty('hit');
  });

  test('a configuration that requires it answers 503, cold or with a copy', async () => {
    const path = nextPath();
    const { isolate } = await deployed({ CACHE_REDIS: 'required' });
    const here = isolate();
    await here.get(path);
    await endpoint.setFaults({ reset: true });
    expect((await here.get(path)).status).toBe(200);
    clock.advance(COHERENCE_MS);
    for (const answer of [await here.get(path), await isolate().get(path)]) {
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({ code: 'authority_unavailable', retryable: true });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(await origin.count(path)).toBe(1);
    await endpoint.clearFaults();
    expect((await here.get(path)).status).toBe(200);
  });

  test('health says so', async () => {
    const { isolate } = await deployed();
    await endpoint.setFaults({ reset: true });
    const degraded = await isolate().get('/_tiercel/healthz');
    expect(degraded.status).toBe(200);
    expect(degraded.json()).toEqual({
      status: 'degraded',
      preset: 'development',
      authority: { name: 'redis', answers: false },
      stores: [
        { name: 'memory' },
        { name: 'regional', circuit: 'closed', status: 'unknown' },
        { name: 'redis', circuit: 'closed' },
      ],
    });
    const failing = await isolate({ CACHE_REDIS: 'required' }).get('/_tiercel/healthz');
    expect(failing.status).toBe(503);
    expect(failing.json()).toMatchObject({ status: 'failing' });
    await endpoint.clearFaults();
    expect((await isolate().get('/_tiercel/healthz')).json()).toMatchObject({ status: 'ok' });
  });

  test('health goes by an answer of the last second, however long the bound is', async () => {
    const here = (await deployed()).isolate();
    await here.get(nextPath());
    await endpoint.setFaults({ reset: true });
    const answers = async () => (await here.get('/_tiercel/healthz')).json();
    clock.advance(999);
    expect(await answers()).toMatchObject({ status: 'ok', authority: { answers: true } });
    clock.advance(1);
    expect(await answers()).toMatchObject({ status: 'degraded', authority: { answers: false } });
    await endpoint.clearFaults();
    expect(await answers()).toMatchObject({ status: 'ok', authority: { answers: true } });
  });

  test('statistics count it', async () => {
    const path = nextPath();
    const { token, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    await endpoint.setFaults({ reset: true });
    clock.advance(COHERENCE_MS);
    await here.get(path);
    await here.purge({ all: true });
    const stats = await here.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    expect(stats.json()).toMatchObject({
      counters: { unverifiedHits: 1, purgesFailed: 1, tierErrors: { redis: 1 } },
    });
  });
});

describe('while the regional cache', () => {
  const never = (): Promise<Cache> => new Promise(() => {});
  const fails = (): Promise<Cache> => Promise.reject(new Error('no cache here'));

  test.each([
    ['never answers', never],
    ['fails', fails],
  ])('%s, requests are served within a deadline from what is left', async (_, open) => {
    const path = nextPath();
    const { isolate } = await deployed();
    const spy = vi.spyOn(caches, 'open').mockImplementation(open);
    try {
      // get() waits for the write to the cache behind the answer as well: that has a deadline, too.
      const here = isolate();
      const started = performance.now();
      expect((await here.get(path)).cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
      expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory' });
      const fromRedis = async () => (await isolate().get(path)).cacheStatus?.['detail'];
      await expect.poll(fromRedis, { timeout: 10_000 }).toBe('redis');
      expect(performance.now() - started).toBeLessThan(2 * DEADLINE_MS);
      expect(await origin.count(path)).toBeGreaterThan(0);
    } finally {
      spy.mockRestore();
    }
  });
});
