import { afterEach, describe, expect, test } from 'vitest';
import { deploy, type Answer, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* What is served stale is judged when it is served, however long the origin has taken until then. */

const COHERENCE_MS = 1000;
const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();
afterEach(() => endpoint.link('open'));
const WINDOW = 'max-age=10, stale-if-error=600';

let number = 0;
/** A path of its own with a tag of its own. */
function next(): { path: string; tag: string } {
  number += 1;
  return { path: `/bound/${number}`, tag: `bound-${number}` };
}

const script = (target: string, cacheControl: string, body: string, tag = 'any', status = 200) =>
  origin.script({
    target,
    status,
    body,
    headers: [
      ['cache-control', cacheControl],
      ['cache-tag', tag],
    ],
  });

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: {
      CACHE_COHERENCE_MS: COHERENCE_MS,
      CACHE_MAX_UNVERIFIED_MS: 12_000,
      CACHE_ORIGIN_TIMEOUT_MS: 60_000,
      CACHE_THROTTLE: '0',
      CACHE_REDIS: 'optional',
      ...variables,
    },
  });

/** Begins a read of what is stale, whose origin holds its failure back. */
async function beginFailing(here: Isolate, path: string): Promise<{ answer: Promise<Answer> }> {
  clock.advance(11_000);
  await script(path, 'no-store', 'down', 'any', 503);
  await origin.hold(path);
  const before = await origin.count(path);
  const answer = here.get(path);
  await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(before + 1);
  return { answer };
}

describe('a hard purge while a failing origin is asked', () => {
  test.each(['this', 'another'] as const)('in %s isolate', async (which) => {
    const { path, tag } = next();
    await script(path, WINDOW, 'purged', tag);
    const { isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    const waiting = await beginFailing(here, path);
    const purger = which === 'this' ? here : isolate();
    expect((await purger.purge({ tags: [tag] })).status).toBe(200);
    if (which === 'another') clock.advance(COHERENCE_MS);
    await origin.release(path);
    expect(await waiting.answer).toMatchObject({ status: 503 });
  });

  test('that breaks off in the end', async () => {
    const { path, tag } = next();
    await script(path, WINDOW, 'purged', tag);
    const { isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    const waiting = await beginFailing(here, path);
    await isolate().purge({ tags: [tag] });
    clock.advance(COHERENCE_MS);
    await origin.script({
      target: path,
      headers: [['cache-control', WINDOW]],
      body: 'broken',
      breakAfter: 2,
    });
    await origin.release(path);
    expect(await waiting.answer).toMatchObject({ status: 502 });
  });

  test('without one: one check more, and what is stale is served, verified', async () => {
    const { path } = next();
    await script(path, WINDOW, 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    const waiting = await beginFailing(here, path);
    clock.advance(COHERENCE_MS);
    await endpoint.resetCounts();
    await origin.release(path);
    expect(await waiting.answer).toMatchObject({
      text: 'old',
      cacheStatus: { detail: 'stale-if-error' },
    });
    expect((await endpoint.counts()).requests).toBe(1);
  });
});

describe('without Redis', () => {
  test.each([
    [
      'within',
      0,
      { status: 200, text: 'old', cacheStatus: { detail: 'stale-if-error-unverified' } },
    ],
    ['past', 30_000, { status: 503 }],
  ])('%s CACHE_MAX_UNVERIFIED_MS while the origin is asked', async (_, ms, expected) => {
    const { path } = next();
    await script(path, WINDOW, 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    await endpoint.link('cut');
    const waiting = await beginFailing(here, path);
    clock.advance(ms);
    await origin.release(path);
    expect(await waiting.answer).toMatchObject(expected);
  });

  test('what is refreshed behind the answer is flagged as well, and counted', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=600', 'old');
    const { token, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    clock.advance(11_000);
    await endpoint.link('cut');
    const answer = await here.get(path);
    expect(answer).toMatchObject({ text: 'old', cacheStatus: { detail: 'memory-unverified' } });
    const stats = await here.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    expect(stats.json()).toMatchObject({
      counters: { stale: { revalidate: 1 }, unverifiedStale: 1 },
    });
  });
});
