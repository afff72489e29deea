import { describe, expect, test } from 'vitest';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { answeredBy } from '../support/answered-by.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 5000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const ledgerOf = (tenant: string): string => `tc:v1:t:${tenant}:~ledger`;

const deployed = (redis: TestEndpoint = endpoint): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });

let number = 0;
const nextPath = (): string => `/loss/${(number += 1)}`;

/** An isolate that has the path in memory, an entry in the regional cache and one in Redis. */
async function warmed(deployment: Deployment, path: string): Promise<Isolate> {
  const isolate = deployment.isolate();
  await isolate.get(path);
  expect((await isolate.get(path)).cacheStatus).toMatchObject({ hit: true });
  return isolate;
}

describe('when the ledger is lost', () => {
  test('copies and entries become misses, never old hits, and then it works again', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const here = await warmed(deployment, path);
    await endpoint.command('DEL', ledgerOf(deployment.tenant));
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, here, path)).toBe('origin');
    expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory' });
    expect((await deployment.isolate().get(path)).cacheStatus).toMatchObject({
      detail: 'regional',
    });
    centres.enter('elsewhere');
    expect((await deployment.isolate().get(path)).cacheStatus).toMatchObject({ detail: 'redis' });
  });

  test.each(['regional', 'redis'])(
    'an isolate that is new does not read the old entry from %s either',
    async (tier) => {
      const path = nextPath();
      const deployment = await deployed();
      await warmed(deployment, path);
      await endpoint.command('DEL', ledgerOf(deployment.tenant));
      if (tier === 'redis') centres.enter('elsewhere');
      expect(await answeredBy(origin, deployment.isolate(), path)).toBe('origin');
    },
  );

  test.each(['memory', 'regional', 'redis'])(
    'also to a Redis whose clock is behind, in %s: the epoch tells ledgers apart, not the time',
    async (tier) => {
      const path = nextPath();
      const deployment = await deployed();
      const ledger = ledgerOf(deployment.tenant);
      await deployment.isolate().get(nextPath());
      // From an hour ahead: for that long, what is stored now is newer than the floor of any new ledger.
      await endpoint.command('ZADD', ledger, Date.now() * 1000 + 3_600_000_000, 's:t:ahead');
      const here = await warmed(deployment, path);
      await endpoint.command('DEL', ledger);
      clock.advance(COHERENCE_MS);
      if (tier === 'redis') centres.enter('elsewhere');
      const reader = tier === 'memory' ? here : deployment.isolate();
      expect(await answeredBy(origin, reader, path)).toBe('origin');
    },
  );

  test('a purge that was acknowledged before stays in force: the purged copy is not served', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const here = await warmed(deployment, path);
    const purger = deployment.isolate();
    await purger.purge({ all: true });
    await endpoint.command('DEL', ledgerOf(deployment.tenant));
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, here, path)).toBe('origin');
    expect(await answeredBy(origin, purger, nextPath())).toBe('origin');
  });

  test('a purge that makes the new ledger does not hide that the old one is gone', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const here = await warmed(deployment, path);
    await endpoint.command('DEL', ledgerOf(deployment.tenant));
    await deployment.isolate().purge({ tags: ['something else'] });
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, here, path)).toBe('origin');
  });

  test('the isolate reports that the epoch changed', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const here = await warmed(deployment, path);
    await endpoint.command('DEL', ledgerOf(deployment.tenant));
    clock.advance(COHERENCE_MS);
    await here.get(path);
    const stats = await here.get('/_tiercel/v1/stats', {
      authorization: `Bearer ${deployment.token}`,
    });
    expect(stats.json()).toMatchObject({ counters: { epochChanges: 1 } });
  });
});

describe('when Redis is rolled back', () => {
  test('an isolate that knows more than the ledger notices: a new epoch, and misses everywhere', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const ledger = ledgerOf(deployment.tenant);
    const [one, two] = [await warmed(deployment, path), await warmed(deployment, path)];
    await endpoint.command('COPY', ledger, `${ledger}-backup`);
    await one.purge({ tags: ['anything'] });
    expect((await one.get(path)).cacheStatus).toMatchObject({ hit: true });
    await endpoint.command('DEL', ledger);
    await endpoint.command('COPY', `${ledger}-backup`, ledger);
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, one, path)).toBe('origin');
    // Whoever was not ahead learns it from the ledger.
    const asked = await origin.count(path);
    expect((await two.get(path)).text).toContain(`"served":`);
    expect((await two.get(path)).text).toBe((await one.get(path)).text);
    expect(await origin.count(path)).toBe(asked);
  });
});

describe('when Redis is lost whole', () => {
  test('FLUSHALL: misses, and then hits again', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const here = await warmed(deployment, path);
    await endpoint.flush();
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, here, path)).toBe('origin');
    expect(await answeredBy(origin, deployment.isolate(), nextPath())).toBe('origin');
    expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory' });
  });

  test('a restart without persistence: misses, and then hits again', async () => {
    const own = await openEndpoint({ redis: 'own' });
    try {
      const path = nextPath();
      const deployment = await deployed(own);
      const here = await warmed(deployment, path);
      await own.restartRedis();
      const ping = () =>
        own.command('PING').then(
          () => true,
          () => false,
        );
      await expect.poll(ping, { timeout: 10_000 }).toBe(true);
      clock.advance(COHERENCE_MS);
      expect(await answeredBy(origin, here, path)).toBe('origin');
      expect((await here.get(path)).cacheStatus).toMatchObject({ detail: 'memory' });
    } finally {
      await own.close();
    }
  });
});

describe('damaged bytes', () => {
  test('in Redis are a miss and counted, and are replaced by the load', async () => {
    const path = nextPath();
    const deployment = await deployed();
    centres.enter('first');
    await warmed(deployment, path);
    const names = await endpoint.command('KEYS', `tc:v1:t:${deployment.tenant}:g*`);
    if (!Array.isArray(names) || names.length !== 1) throw new Error('one entry is expected');
    await endpoint.command('SET', String(names[0]), 'damaged');
    centres.enter('second');
    const reader = deployment.isolate();
    expect(await answeredBy(origin, reader, path)).toBe('origin');
    const stats = await reader.get('/_tiercel/v1/stats', {
      authorization: `Bearer ${deployment.token}`,
    });
    expect(stats.json()).toMatchObject({ counters: { invalidFrames: { redis: 1 } } });
    centres.enter('third');
    expect((await deployment.isolate().get(path)).cacheStatus).toMatchObject({ detail: 'redis' });
  });
});
