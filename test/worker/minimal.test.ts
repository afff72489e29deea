import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deploy, type Deployment } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';
import { takeClock, type Clock } from '../support/platform.ts';
import { PURGE_WAYS } from './purge-ways.ts';

let clock: Clock;
let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});
beforeEach(() => {
  clock = takeClock();
});
afterEach(() => clock.restore());

const deployed = (
  variables: Readonly<Record<string, unknown>> = {},
  warm: readonly string[] = [],
): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    warm,
    variables: {
      CACHE_PRESET: 'minimal',
      UPSTASH_REDIS_REST_URL: undefined,
      UPSTASH_REDIS_REST_TOKEN: undefined,
      ...variables,
    },
  });

describe('the preset minimal, without Redis', () => {
  test('caches in the isolate: a miss, then hits, until the entry is over', async () => {
    const here = (await deployed()).isolate();
    expect((await here.get('/m/1')).cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    clock.advance(30_000);
    expect((await here.get('/m/1')).cacheStatus).toEqual({
      hit: true,
      ttl: 30,
      detail: 'memory',
    });
    clock.advance(30_000);
    expect((await here.get('/m/1')).cacheStatus).toMatchObject({ stored: true });
  });

  test('shares nothing with other isolates, which could not be purged', async () => {
    const { isolate } = await deployed();
    await isolate().get('/m/2');
    expect((await isolate().get('/m/2')).cacheStatus).toMatchObject({ stored: true });
  });

  test.each(PURGE_WAYS)('a purge by $what takes effect at once', async ({ body }) => {
    const path = '/m/purge/item';
    await origin.script({
      target: path,
      headers: [
        ['cache-control', 'max-age=60'],
        ['cache-tag', 'm'],
      ],
    });
    const { host, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    expect((await here.get(path)).cacheStatus).toMatchObject({ hit: true });
    expect((await here.purge(body({ host, path, tag: 'm' }))).status).toBe(200);
    expect((await here.get(path)).cacheStatus).toMatchObject({ stored: true });
    expect((await here.get(path)).cacheStatus).toMatchObject({ hit: true });
  });

  test.each(PURGE_WAYS)(
    'a load that a purge by $what overtakes is not stored',
    async ({ body }) => {
      const path = `/m/race/${crypto.randomUUID()}`;
      const headers = [
        ['cache-control', 'max-age=60'],
        ['cache-tag', 'm'],
      ] as const;
      await origin.script({ target: path, headers, body: 'old' });
      const { host, isolate } = await deployed();
      const here = isolate();
      await origin.hold(path);
      const load = here.get(path);
      await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(1);
      await here.purge(body({ host, path, tag: 'm' }));
      await origin.release(path);
      expect((await load).text).toBe('old');
      await origin.script({ target: path, headers, body: 'new' });
      expect((await here.get(path)).text).toBe('new');
    },
  );

  test('an unsafe request invalidates, and conditional requests work', async () => {
    const here = (await deployed()).isolate();
    const etag = (await here.get('/m/3')).headers.get('etag') ?? '';
    expect((await here.get('/m/3', { 'if-none-match': etag })).status).toBe(304);
    await here.send('PUT', '/m/3', { body: 'x' });
    expect((await here.get('/m/3', { 'if-none-match': etag })).status).toBe(200);
  });

  test('health, statistics and warming work', async () => {
    const { token, isolate } = await deployed({}, ['/m/warm/1', '/m/warm/2']);
    const here = isolate();
    expect((await here.get('/_tiercel/healthz')).json()).toEqual({
      status: 'ok',
      preset: 'minimal',
      authority: { name: 'isolate', answers: true },
      stores: [{ name: 'memory' }, { name: 'isolate' }],
    });
    await here.get('/m/4');
    await here.get('/m/4');
    const stats = await here.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    expect(stats.json()).toMatchObject({ counters: { hits: { memory: 1 }, stores: 1 } });
    await here.scheduled();
    for (const path of ['/m/warm/1', '/m/warm/2'])
      expect((await here.get(path)).cacheStatus).toMatchObject({ hit: true });
    const warmed = await here.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    // Only the origin is outside: what stays in the isolate is no request.
    expect(warmed.json()).toMatchObject({ warming: { requests: 2, skipped: 0 } });
  });

  test('stays within its memory: what is used least goes first', async () => {
    await origin.script({ target: '/m/big', body: 'x'.repeat(500_000) });
    const here = (await deployed({ CACHE_MEMORY_BYTES: 1_048_576 })).isolate();
    await here.get('/m/small');
    await here.get('/m/big');
    expect((await here.get('/m/big')).cacheStatus).toMatchObject({ hit: true });
    await origin.script({ target: '/m/big?2', body: 'x'.repeat(500_000) });
    await here.get('/m/big?2');
    expect((await here.get('/m/big?2')).cacheStatus).toMatchObject({ hit: true });
    expect((await here.get('/m/big')).cacheStatus).not.toHaveProperty('hit');
  });
});
