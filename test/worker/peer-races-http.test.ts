import { describe, expect, test } from 'vitest';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { holdNext } from '../support/held.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { COHERENCE_MS } from './peer-stage.ts';

/*
 * The races that caches of pages and responses lose, each by the name of who loses it, through the gateway: an answer is
 * being made, a purge is acknowledged, the answer is stored. Who asked before the purge may have it; nobody who asks
 * afterwards does.
 */

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });

let lastPage = 0;

/** A page of the origin, with a tag of its own and one that it shares. */
interface Page {
  readonly path: string;
  readonly tag: string;
}

async function page(version: string): Promise<Page> {
  lastPage += 1;
  const named = { path: `/peer/${lastPage}/page`, tag: `page-${lastPage}` };
  await render(named, version);
  return named;
}

async function render({ path, tag }: Page, version: string): Promise<void> {
  const headers = [
    ['cache-control', 'max-age=600'],
    ['cache-tag', `${tag}, all-pages`],
  ] as const;
  await origin.script({ target: path, headers, body: version });
}

async function arrived({ path }: Page): Promise<void> {
  await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(1);
}

/** Everybody gets what is true by now: who took part, who has only the regional cache, and who has only Redis. */
async function expectNew(
  { isolate }: Deployment,
  changed: Page,
  isolates: readonly Isolate[],
  bound = true,
): Promise<void> {
  await render(changed, 'new');
  if (bound) clock.advance(COHERENCE_MS);
  for (const [centre, here] of [
    ...isolates.map((one) => ['near', one] as const),
    ['near', isolate()] as const,
    ['far', isolate()] as const,
  ]) {
    centres.enter(centre);
    expect((await here.get(changed.path)).text).toBe('new');
  }
}

/** Two isolates of one data centre that know the ledger already, as busy ones do. */
async function two({ isolate }: Deployment): Promise<readonly [Isolate, Isolate]> {
  centres.enter('near');
  const [one, other] = [isolate(), isolate()];
  await one.get('/other');
  await other.get('/other');
  return [one, other];
}

/** Asks for a page, purges while the origin makes it, and looks for what is left. Answers what the early caller got. */
async function purgeWhileRendering(
  who: 'the same isolate' | 'another isolate',
  body: (page: Page & { readonly host: string }) => unknown,
): Promise<string> {
  const deployment = await deployed();
  const here = await page('old');
  const [loader, other] = await two(deployment);
  const purger = who === 'the same isolate' ? loader : other;
  await origin.hold(here.path);
  const early = loader.get(here.path);
  await arrived(here);
  expect((await purger.purge(body({ ...here, host: deployment.host }))).status).toBe(200);
  await origin.release(here.path);
  const { text } = await early;
  await expectNew(deployment, here, [loader, purger], who === 'another isolate');
  return text;
}

describe.each(['the same isolate', 'another isolate'] as const)('with the purge in %s', (who) => {
  // regional-cache.ts and kv-incremental-cache.ts: `lastModified` is the time of the write, later than `revalidatedAt`.
  test('OpenNext: revalidateTag while the page renders', async () => {
    const early = await purgeWhileRendering(who, ({ tag }) => ({ tags: [tag] }));
    expect(early).toBe('old');
  });

  // tag-cache: `revalidatedAt > lastModified`, so that a page that was stored in the same millisecond stays.
  test('OpenNext: revalidateTag in the millisecond in which the page was stored', async () => {
    const deployment = await deployed();
    const here = await page('old');
    const [loader, other] = await two(deployment);
    const purger = who === 'the same isolate' ? loader : other;
    // The clock of these tests stands still.
    const before = Date.now();
    expect((await loader.get(here.path)).text).toBe('old');
    expect((await purger.purge({ tags: [here.tag] })).status).toBe(200);
    expect(Date.now()).toBe(before);
    await expectNew(deployment, here, [loader, purger], who === 'another isolate');
  });

  // handlers/redis-strings.ts: `revalidateTag` scans which keys have the tag, and deletes those; a page that is stored
  // behind the scan's cursor, or after it, stays.
  test('neshca: revalidateTag scans while a page with the tag renders', async () => {
    const deployment = await deployed();
    const stored = [await page('old'), await page('old')];
    const late = await page('old');
    const [loader, other] = await two(deployment);
    const purger = who === 'the same isolate' ? loader : other;
    for (const { path } of stored) await loader.get(path);
    await origin.hold(late.path);
    const early = loader.get(late.path);
    await arrived(late);
    await purger.purge({ tags: ['all-pages'] });
    await origin.release(late.path);
    expect((await early).text).toBe('old');
    const bound = who === 'another isolate';
    for (const one of [late, ...stored]) await expectNew(deployment, one, [loader, purger], bound);
  });

  // hono/cache: `cache.put` runs behind the response, whatever `caches.delete` removed meanwhile.
  test('hono cache: delete of a URL while its handler runs', async () => {
    const early = await purgeWhileRendering(who, ({ host, path }) => ({
      urls: [`https://${host}${path}`],
    }));
    expect(early).toBe('old');
  });

  // Cloudflare Workers Caching, cache/how-to/purge: says nothing of a response that is being made meanwhile.
  test('Workers Caching: ctx.cache.purge of a tag while the entrypoint runs', async () => {
    const early = await purgeWhileRendering(who, () => ({ tags: ['all-pages'] }));
    expect(early).toBe('old');
  });

  test('Workers Caching: ctx.cache.purge of everything while the entrypoint runs', async () => {
    const early = await purgeWhileRendering(who, () => ({ all: true }));
    expect(early).toBe('old');
  });

  // ocache 0.3.2 and nitro 3, `defineCachedHandler`: the fence of a purge is an object of one instance.
  test('ocache: invalidate of a cached handler while it runs', async () => {
    const early = await purgeWhileRendering(who, ({ host, path }) => ({
      keys: [['g', 'https', host, ...path.split('/').slice(1), '?']],
    }));
    expect(early).toBe('old');
  });
});

describe('the regional cache', () => {
  /** A page that both data centres hold, each in its regional cache and in the memory of an isolate. */
  async function everywhere() {
    const deployment = await deployed();
    const here = await page('old');
    centres.enter('far');
    const far = deployment.isolate();
    await far.get(here.path);
    centres.enter('near');
    const near = deployment.isolate();
    expect((await near.get(here.path)).cacheStatus).toMatchObject({ hit: true, detail: 'redis' });
    return { deployment, page: here, near, far };
  }

  // Issue 1052: with `withRegionalCache` a page is shown as it was, however often its tag is revalidated.
  test('OpenNext #1052: revalidateTag in one data centre does not reach the regional cache of another', async () => {
    const { deployment, page: here, near, far } = await everywhere();
    centres.enter('far');
    expect((await far.purge({ tags: [here.tag] })).status).toBe(200);
    await expectNew(deployment, here, [near]);
  });

  // Pull request 1193, about `shouldLazilyUpdateOnCacheHit`: what was read from the store below is put into the regional
  // cache after the revalidation.
  test('OpenNext #1052: a page on its way from the store to the regional cache while its tag is revalidated', async () => {
    const deployment = await deployed();
    const here = await page('old');
    centres.enter('far');
    await deployment.isolate().get(here.path);
    const [reader, purger] = await two(deployment);
    const read = holdNext(endpoint.url, '"MGET"', 'back');
    const early = reader.get(here.path);
    await read.held;
    expect((await purger.purge({ tags: [here.tag] })).status).toBe(200);
    read.release();
    expect((await early).text).toBe('old');
    await expectNew(deployment, here, [reader, purger]);
  });

  // Issue 1295: with `bypassTagCacheOnCacheHit` a regional hit is never held against the tags, and stays stale for ever.
  test('OpenNext #1295: a regional hit of an isolate that has just begun', async () => {
    const { deployment, page: here, far } = await everywhere();
    centres.enter('far');
    await far.purge({ tags: [here.tag] });
    await render(here, 'new');
    centres.enter('near');
    // At once: it knows nothing yet, and asks before it serves.
    expect((await deployment.isolate().get(here.path)).text).toBe('new');
  });

  // Issue 819, gitbook pull request 3504: that a tag was revalidated is forgotten with the first page that is renewed.
  test('gitbook #3504: one page is renewed after its tag was revalidated, another has the tag too', async () => {
    const deployment = await deployed();
    const [first, second] = [await page('old'), await page('old')];
    const [here, purger] = await two(deployment);
    for (const { path } of [first, second]) await here.get(path);
    expect((await purger.purge({ tags: ['all-pages'] })).status).toBe(200);
    await expectNew(deployment, first, [here, purger]);
    await expectNew(deployment, second, [here, purger], false);
  });
});
