import { describe, expect, test } from 'vitest';
import { answeredBy } from '../support/answered-by.ts';
import { deploy, type Deployment } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { stage } from '../support/stage.ts';
import { PURGE_WAYS } from './purge-ways.ts';

/* What a soft purge makes stale, and what is past its time, in the windows of RFC 5861. */

const COHERENCE_MS = 5000;
const { centres, clock } = stage();
const origin = await openOrigin();

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({ origin: origin.url, variables: { CACHE_COHERENCE_MS: COHERENCE_MS, ...variables } });

let number = 0;
/** A path of its own with a tag of its own. */
function next(): { path: string; tag: string } {
  number += 1;
  return { path: `/soft/${number}/item`, tag: `soft-${number}` };
}

interface Scripted {
  readonly tag?: string;
  readonly status?: number;
}

async function script(path: string, cacheControl: string, body: string, more: Scripted = {}) {
  await origin.script({
    target: path,
    status: more.status ?? 200,
    headers: [
      ['cache-control', cacheControl],
      ['cache-tag', more.tag ?? 'any'],
    ],
    body,
  });
}

describe.each(PURGE_WAYS)('a soft purge by $what', ({ body }) => {
  const soft = (named: unknown): unknown => Object.assign({ mode: 'soft' }, named);

  test('without a window makes every isolate ask the origin, within the bound', async () => {
    const { path, tag } = next();
    await script(path, 'max-age=600', 'old', { tag });
    const { host, isolate } = await deployed();
    const [purger, other] = [isolate(), isolate()];
    await purger.get(path);
    expect(await answeredBy(origin, other, path)).toBe('store');
    const answer = await purger.purge(soft(body({ host, path, tag })));
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ mode: 'soft' });
    await script(path, 'max-age=600', 'new', { tag });
    const after = await purger.get(path);
    expect(after.text).toBe('new');
    expect(after.cacheStatus).toEqual({ fwd: 'stale', stored: true });
    clock.advance(COHERENCE_MS);
    expect((await other.get(path)).text).toBe('new');
    expect((await isolate().get(path)).text).toBe('new');
  });

  test('with stale-while-revalidate serves what was there once more, and refreshes it behind', async () => {
    const { path, tag } = next();
    await script(path, 'max-age=600, stale-while-revalidate=600', 'old', { tag });
    const { host, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    await here.purge(soft(body({ host, path, tag })));
    await script(path, 'max-age=600, stale-while-revalidate=600', 'new', { tag });
    const stale = await here.get(path);
    expect(stale.text).toBe('old');
    expect(stale.cacheStatus).toEqual({ hit: true, ttl: -1, detail: 'memory' });
    const fresh = await here.get(path);
    expect(fresh.text).toBe('new');
    expect(fresh.cacheStatus).toMatchObject({ hit: true, detail: 'memory' });
    expect(fresh.cacheStatus?.['ttl']).toBeGreaterThan(500);
    expect(await origin.count(path)).toBe(2);
    clock.advance(COHERENCE_MS);
    expect((await isolate().get(path)).text).toBe('new');
  });

  test('then a hard one: a window does not count any more', async () => {
    const { path, tag } = next();
    await script(path, 'max-age=600, stale-while-revalidate=600, stale-if-error=600', 'old', {
      tag,
    });
    const { host, isolate } = await deployed();
    const [here, other] = [isolate(), isolate()];
    await here.get(path);
    await other.get(path);
    await here.purge(soft(body({ host, path, tag })));
    await here.purge(body({ host, path, tag }));
    await script(path, 'no-store', 'gone', { status: 503 });
    clock.advance(COHERENCE_MS);
    for (const one of [here, other, isolate()]) {
      const answer = await one.get(path);
      expect(answer.text).toBe('gone');
      expect(answer.status).toBe(503);
    }
  });
});

describe('stale-while-revalidate (RFC 5861, section 3)', () => {
  test('past its freshness: a hit of negative ttl, its age going on, and one refresh', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=60', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(14_000);
    await script(path, 'max-age=10, stale-while-revalidate=60', 'new');
    const stale = await here.get(path);
    expect(stale.text).toBe('old');
    expect(stale.cacheStatus).toMatchObject({ hit: true });
    expect(stale.cacheStatus?.['ttl']).toBeGreaterThanOrEqual(-5);
    expect(stale.cacheStatus?.['ttl']).toBeLessThanOrEqual(-4);
    expect(Number(stale.headers.get('age'))).toBeGreaterThanOrEqual(14);
    const fresh = await here.get(path);
    expect(fresh.text).toBe('new');
    expect(await origin.count(path)).toBe(2);
  });

  test('past its window: the origin is asked first', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=5', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(15_001);
    await script(path, 'max-age=10, stale-while-revalidate=5', 'new');
    expect((await here.get(path)).text).toBe('new');
  });

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=10'])(
    '%s forbids it (RFC 9111, section 4.2.4)',
    async (directive) => {
      const { path } = next();
      const field = `max-age=10, stale-while-revalidate=60, stale-if-error=60, ${directive}`;
      await script(path, field, 'old');
      const here = (await deployed()).isolate();
      await here.get(path);
      clock.advance(12_000);
      await script(path, field, 'failed', { status: 503 });
      expect(await here.get(path)).toMatchObject({ status: 503, text: 'failed' });
    },
  );

  test('what is stale at once is kept for its window', async () => {
    const { path } = next();
    await script(path, 'max-age=0, stale-while-revalidate=60', 'one');
    const here = (await deployed()).isolate();
    expect((await here.get(path)).cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    await script(path, 'max-age=0, stale-while-revalidate=60', 'two');
    expect((await here.get(path)).text).toBe('one');
    expect((await here.get(path)).text).toBe('two');
  });

  test.each([COHERENCE_MS, 0])(
    'of 50 readers at once none waits, and one refresh is made: with a bound of %s [trap:stale-windows]',
    async (bound) => {
      const { path } = next();
      await script(path, 'max-age=10, stale-while-revalidate=600', 'old');
      const here = (await deployed({ CACHE_COHERENCE_MS: bound })).isolate();
      await here.get(path);
      clock.advance(11_000);
      const readers = Array.from({ length: 50 }, () => here.get(path));
      const bodies = (await Promise.all(readers)).map(({ text }) => text);
      expect(new Set(bodies)).toEqual(new Set(['old']));
      expect(await origin.count(path)).toBe(2);
    },
  );

  test('by HEAD: the head of what is stored, and the whole is refreshed', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=60', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'max-age=10, stale-while-revalidate=60', 'newer');
    const stale = await here.send('HEAD', path);
    expect(stale.headers.get('content-length')).toBe('3');
    expect((await origin.seen(path)).map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect((await here.get(path)).text).toBe('newer');
  });

  test('a refresh that fails is not repeated at once; what is stale is served meanwhile', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=600', 'old');
    const here = (await deployed({ CACHE_THROTTLE: '30s' })).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'failed', { status: 500 });
    for (let time = 0; time < 5; time += 1) expect((await here.get(path)).text).toBe('old');
    expect(await origin.count(path)).toBe(2);
    clock.advance(31_000);
    await script(path, 'max-age=10', 'new');
    expect((await here.get(path)).text).toBe('old');
    expect((await here.get(path)).text).toBe('new');
  });

  test('a refresh that may not be kept any more ends what is stored', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=600', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'private', 'mine');
    expect((await here.get(path)).text).toBe('old');
    expect((await here.get(path)).text).toBe('mine');
  });

  test('what a client wants of caches does not reach the refresh', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-while-revalidate=600', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'max-age=10', 'new');
    await here.get(path, { 'cache-control': 'no-store', 'if-none-match': '"x"' });
    expect((await here.get(path)).text).toBe('new');
    expect(await origin.count(path)).toBe(2);
  });

  test('a purge while it is refreshed: what was loaded before is not kept [trap:purge-race]', async () => {
    const { path, tag } = next();
    await script(path, 'max-age=10, stale-while-revalidate=600', 'old', { tag });
    const { isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'max-age=10, stale-while-revalidate=600', 'raced', { tag });
    await origin.hold(path);
    const stale = here.get(path);
    await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(2);
    expect((await here.purge({ tags: [tag] })).status).toBe(200);
    await origin.release(path);
    expect((await stale).text).toBe('old');
    await script(path, 'max-age=10', 'new');
    expect((await here.get(path)).text).toBe('new');
    expect((await isolate().get(path)).text).toBe('new');
  });
});

describe('stale-if-error (RFC 5861, section 4)', () => {
  test.each([500, 502, 503, 504])('in place of a %s', async (status) => {
    const { path } = next();
    await script(path, 'max-age=10, stale-if-error=600', 'old');
    const here = (await deployed({ CACHE_THROTTLE: '0' })).isolate();
    await here.get(path);
    clock.advance(14_000);
    await script(path, 'no-store', 'failed', { status });
    const answer = await here.get(path);
    expect(answer).toMatchObject({ status: 200, text: 'old' });
    expect(answer.cacheStatus).toMatchObject({
      fwd: 'stale',
      'fwd-status': status,
      detail: 'stale-if-error',
    });
    expect(Number(answer.headers.get('age'))).toBeGreaterThanOrEqual(14);
    expect((await here.send('HEAD', path)).status).toBe(200);
  });

  test.each([400, 404, 501])('not in place of a %s', async (status) => {
    const { path } = next();
    await script(path, 'max-age=10, stale-if-error=600', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'answer', { status });
    expect(await here.get(path)).toMatchObject({ status, text: 'answer' });
  });

  test('when the origin cannot be reached, or is too slow; and after a soft purge as well', async () => {
    const { path, tag } = next();
    const own = await openOrigin();
    const field = [['cache-control', 'max-age=600, stale-if-error=600'] as const];
    await own.script({ target: path, headers: [...field, ['cache-tag', tag]], body: 'old' });
    const { isolate } = await deploy({
      origin: own.url,
      variables: { CACHE_ORIGIN_TIMEOUT_MS: 300, CACHE_THROTTLE: '0' },
    });
    const here = isolate();
    await here.get(path);
    await here.purge({ tags: [tag], mode: 'soft' });
    await own.link('cut');
    const cut = await here.get(path);
    expect(cut).toMatchObject({ status: 200, text: 'old' });
    expect(cut.cacheStatus).toEqual({ fwd: 'stale', ttl: -1, detail: 'stale-if-error' });
    await own.link('open');
    await own.hold(path);
    expect(await here.get(path)).toMatchObject({ status: 200, text: 'old' });
    await own.release(path);
    expect((await here.get(path)).cacheStatus).toEqual({ fwd: 'stale', stored: true });
  });

  test('asks an origin that has failed a moment ago only once in a while', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-if-error=600', 'old');
    const here = (await deployed({ CACHE_THROTTLE: '30s' })).isolate();
    await here.get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'failed', { status: 503 });
    for (let time = 0; time < 5; time += 1) expect((await here.get(path)).text).toBe('old');
    // One reader's request, and one of nobody in particular behind it: that one's failure counts for all.
    expect(await origin.count(path)).toBe(3);
    clock.advance(31_000);
    for (let time = 0; time < 5; time += 1) await here.get(path);
    expect(await origin.count(path)).toBe(5);
  });

  test('past its window the failure is told', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-if-error=5', 'old');
    const here = (await deployed()).isolate();
    await here.get(path);
    clock.advance(15_001);
    await script(path, 'no-store', 'failed', { status: 503 });
    expect((await here.get(path)).status).toBe(503);
  });

  test('from the other tiers as well', async () => {
    const { path } = next();
    await script(path, 'max-age=10, stale-if-error=600', 'old');
    const { isolate } = await deployed();
    await isolate().get(path);
    clock.advance(11_000);
    await script(path, 'no-store', 'failed', { status: 503 });
    expect((await isolate().get(path)).text).toBe('old');
    centres.enter('elsewhere');
    expect((await isolate().get(path)).text).toBe('old');
  });
});
