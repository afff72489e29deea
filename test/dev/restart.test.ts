import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerFixture, type RunningWorker, type WorkerFixture } from './worker-fixture.ts';

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await startWorkerFixture();
});
afterAll(() => fixture.stop());

async function withWorker(
  variables: Readonly<Record<string, string>>,
  work: (worker: RunningWorker) => Promise<void>,
): Promise<void> {
  const worker = await fixture.start(variables);
  try {
    await work(worker);
  } finally {
    await worker.stop();
  }
}

/** What `Cache-Status` says of a path, and the body. */
async function ask(worker: RunningWorker, path: string): Promise<{ status: string; text: string }> {
  const response = await worker.get(path);
  const text = await response.text();
  return { status: response.headers.get('cache-status') ?? '', text };
}

describe('the built Worker', () => {
  test('keeps an entry over a restart: a miss, a hit from memory, and then one from Redis', async () => {
    const path = '/cities/1';
    let body = '';
    await withWorker({}, async (worker) => {
      const first = await ask(worker, path);
      expect(first.status).toBe('Tiercel; fwd=uri-miss; stored');
      expect((await ask(worker, path)).status).toMatch(/^Tiercel; hit; ttl=\d+; detail=memory$/);
      body = first.text;
      // What is stored after the response is there before the process ends.
      const stored = async () => JSON.stringify(await fixture.control('GET', '/_/counts'));
      await expect.poll(stored, { timeout: 10_000 }).toContain('EVALSHA');
    });
    expect(await fixture.originCount(path)).toBe(1);
    await withWorker({}, async (worker) => {
      const restarted = await ask(worker, path);
      expect(restarted.status).toMatch(/^Tiercel; hit; ttl=\d+; detail=redis$/);
      expect(restarted.text).toBe(body);
      expect((await ask(worker, path)).status).toContain('detail=memory');
    });
    expect(await fixture.originCount(path)).toBe(1);
  });
});

describe('a client that resets its connection while its request polls for others', () => {
  const POLL_LIMIT_MS = 3000;
  /** A follower that hangs would wait for ever; one that answers does so soon after the limit. */
  const ANSWERS_WITHIN_MS = 15_000;

  async function requestsToRedis(): Promise<number> {
    return ((await fixture.control('GET', '/_/counts')) as { requests: number }).requests;
  }

  /** Lets one client lead a poll that hangs, and go; answers what a second one that waits for the same poll gets. */
  async function followed(worker: RunningWorker, path: string): Promise<Response> {
    await fixture.control('DELETE', '/_/counts');
    await fixture.control('PUT', '/_/faults', { hang: true, times: 1 });
    const leader = await worker.open(path);
    await expect.poll(requestsToRedis, { timeout: 10_000 }).toBe(1);
    const started = performance.now();
    const follower = fetch(worker.url + path, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    // It has to have joined before the leader goes.
    await sleep(200);
    leader.resetAndDestroy();
    const response = await follower;
    // It did wait for the poll of the other: one of its own would have been answered at once.
    expect(performance.now() - started).toBeGreaterThan(POLL_LIMIT_MS / 3);
    return response;
  }

  test('leaves no follower hanging that knew nothing of the ledger', async () => {
    const variables = {
      CACHE_REDIS_TIMEOUT_MS: String(POLL_LIMIT_MS),
      CACHE_COHERENCE_MS: '60000',
    };
    await withWorker(variables, async (worker) => {
      const response = await followed(worker, '/_tiercel/healthz');
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ authority: { name: 'redis' } });
    });
  });

  test('leaves no follower hanging that has a copy to serve', async () => {
    const bound = 1000;
    const variables = {
      CACHE_REDIS_TIMEOUT_MS: String(POLL_LIMIT_MS),
      CACHE_COHERENCE_MS: String(bound),
    };
    await withWorker(variables, async (worker) => {
      await ask(worker, '/cities/2');
      expect((await ask(worker, '/cities/2')).status).toContain('detail=memory');
      const asked = await fixture.originCount('/cities/2');
      // The bound is what passes here: nothing can be waited for instead.
      await sleep(bound);
      const response = await followed(worker, '/cities/2');
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-status')).toMatch(/hit; .*detail=memory(-unverified)?$/);
      expect(await response.text()).toContain('"id":2');
      expect(await fixture.originCount('/cities/2')).toBe(asked);
    });
  });
});
