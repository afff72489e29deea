import { describe, expect, test } from 'vitest';
import { deploy, type Deployment } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { PURGE_WAYS } from './purge-ways.ts';

/*
 * The central promise: once a purge is acknowledged, no value of a load that began before it is served as valid again,
 * from any tier, in any isolate, after the bound.
 */

const COHERENCE_MS = 5000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });

let number = 0;
async function entry(version: string): Promise<{ path: string; tag: string }> {
  number += 1;
  const path = `/race/${number}/item`;
  const tag = `race-${number}`;
  await script(path, tag, version);
  return { path, tag };
}

async function script(path: string, tag: string, version: string): Promise<void> {
  const headers = [
    ['cache-control', 'max-age=600'],
    ['cache-tag', tag],
  ] as const;
  await origin.script({ target: path, headers, body: version });
}

async function arrived(path: string, count = 1): Promise<void> {
  await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(count);
}

describe.each(PURGE_WAYS)(
  'a load that a purge overtakes: by $what [trap:purge-race]',
  ({ body }) => {
    test.each(['the same isolate', 'another isolate'] as const)(
      'is stored nowhere that anybody reads, when %s purges',
      async (who) => {
        const { path, tag } = await entry('old');
        const { host, isolate } = await deployed();
        centres.enter('first');
        const loader = isolate();
        const purger = who === 'the same isolate' ? loader : isolate();
        // Both know the ledger already, as busy isolates do.
        await loader.get('/other');
        await purger.get('/other');

        await origin.hold(path);
        const load = loader.get(path);
        await arrived(path);
        expect((await purger.purge(body({ host, path, tag }))).status).toBe(200);
        // The origin made its answer before the change that the purge is about.
        await origin.release(path);
        const early = await load;
        // Who asked before the purge may have what was then.
        expect(early).toMatchObject({ status: 200, text: 'old' });
        if (who === 'the same isolate') expect(early.cacheStatus).not.toHaveProperty('stored');

        await script(path, tag, 'new');
        if (who === 'another isolate') clock.advance(COHERENCE_MS);
        const next = await loader.get(path);
        expect(next.text).toBe('new');
        expect(next.cacheStatus).not.toHaveProperty('hit');
        expect(await origin.count(path)).toBe(2);
        expect((await purger.get(path)).text).toBe('new');
        centres.enter('second');
        const fresh = await isolate().get(path);
        expect(fresh.text).toBe('new');
        expect(await origin.count(path)).toBe(2);
      },
    );

    test('is read by no isolate that was not there, neither near nor far', async () => {
      const { path, tag } = await entry('old');
      const { host, isolate } = await deployed();
      centres.enter('first');
      const [loader, purger] = [isolate(), isolate()];
      await loader.get('/other');
      await origin.hold(path);
      const load = loader.get(path);
      await arrived(path);
      await purger.purge(body({ host, path, tag }));
      await origin.release(path);
      await load;
      await script(path, tag, 'new');
      // At once: a new isolate reads the ledger first.
      expect((await isolate().get(path)).text).toBe('new');
      centres.enter('second');
      expect((await isolate().get(path)).text).toBe('new');
      expect((await purger.get(path)).text).toBe('new');
    });

    test('is not read either when its commit reaches Redis after the mark', async () => {
      const { path, tag } = await entry('old');
      const { tenant, host, isolate } = await deployed();
      centres.enter('first');
      const [loader, purger] = [isolate(), isolate()];
      await loader.get('/other');
      await purger.get('/other');
      await endpoint.setFaults({ delayMs: 2000, times: 1, match: 'EVALSHA' });
      const load = loader.get(path);
      await expect.poll(commitWaits, { timeout: 10_000 }).toBe(true);
      expect((await purger.purge(body({ host, path, tag }))).status).toBe(200);
      // The mark came first: the commit is still on its way.
      const stored = `tc:v1:t:${tenant}:g:*${path.replaceAll('/', ':')}:*`;
      expect(await endpoint.command('KEYS', stored)).toEqual([]);
      expect((await load).text).toBe('old');
      await script(path, tag, 'new');
      clock.advance(COHERENCE_MS);
      centres.enter('second');
      expect((await isolate().get(path)).text).toBe('new');
      centres.enter('first');
      expect((await loader.get(path)).text).toBe('new');
    });
  },
);

/** True once the fault has taken the request that holds the commit. */
async function commitWaits(): Promise<boolean> {
  const response = await fetch(`${endpoint.url}/_/faults`, {
    headers: { authorization: `Bearer ${endpoint.token}` },
  });
  const { hits } = await response.json<{ hits: number }>();
  return hits === 1;
}

describe('a load that began before the ledger was known [trap:purge-race]', () => {
  test('is overtaken by a purge all the same', async () => {
    const { path, tag } = await entry('old');
    const { isolate } = await deployed();
    const [loader, purger] = [isolate(), isolate()];
    await origin.hold(path);
    const load = loader.get(path);
    await arrived(path);
    await purger.purge({ tags: [tag] });
    await origin.release(path);
    await load;
    await script(path, tag, 'new');
    clock.advance(COHERENCE_MS);
    expect((await loader.get(path)).text).toBe('new');
    expect((await isolate().get(path)).text).toBe('new');
  });

  test('and the ledger being lost meanwhile makes it a load of nobody', async () => {
    const { path, tag } = await entry('old');
    const { tenant, isolate } = await deployed();
    const loader = isolate();
    await origin.hold(path);
    const load = loader.get(path);
    await arrived(path);
    await endpoint.command('DEL', `tc:v1:t:${tenant}:~ledger`);
    await origin.release(path);
    await load;
    await script(path, tag, 'new');
    clock.advance(COHERENCE_MS);
    expect((await loader.get(path)).text).toBe('new');
    expect((await isolate().get(path)).text).toBe('new');
  });
});

describe('promotions and purges [trap:purge-race]', () => {
  test('an entry that was read from Redis before a purge is not served from memory after it', async () => {
    const { path, tag } = await entry('old');
    const { isolate } = await deployed();
    centres.enter('first');
    await isolate().get(path);
    centres.enter('second');
    const reader = isolate();
    expect((await reader.get(path)).cacheStatus).toMatchObject({ detail: 'redis' });
    await isolate().purge({ tags: [tag] });
    await script(path, tag, 'new');
    clock.advance(COHERENCE_MS);
    expect((await reader.get(path)).text).toBe('new');
  });

  test('an unsafe request overtakes a load as a purge does', async () => {
    const { path, tag } = await entry('old');
    const { isolate } = await deployed();
    const [loader, writer] = [isolate(), isolate()];
    await loader.get('/other');
    await origin.hold(path);
    const load = loader.get(path);
    await arrived(path);
    const write = writer.send('PUT', path, { body: 'x' });
    await arrived(path, 2);
    await origin.release(path);
    await Promise.all([load, write]);
    await script(path, tag, 'new');
    clock.advance(COHERENCE_MS);
    expect((await loader.get(path)).text).toBe('new');
    expect((await isolate().get(path)).text).toBe('new');
  });
});
