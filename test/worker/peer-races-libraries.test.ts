import { describe, expect, test } from 'vitest';
import { heldLoad, holdNext } from '../support/held.ts';
import type { LibraryIsolate, Value } from '../support/library.ts';
import { endpointOfThisFile, stage as setStage } from '../support/stage.ts';
import {
  COHERENCE_MS,
  deployRace,
  expectGone,
  fresh,
  KEY,
  loaderAndPurger,
  old,
  purgers,
  TAG,
  TTL_MS,
} from './peer-stage.ts';

/*
 * The races that other cache libraries lose, each by its name: a load starts, a purge is acknowledged, the load ends. Who
 * asked before the purge may have the value; nobody who asks afterwards does.
 */

const stage = setStage();
const { centres, clock } = stage;
const endpoint = await endpointOfThisFile();

/** Loads in one isolate, purges while the load is held, releases it, and looks for what is left. Answers what the early caller got. */
async function purgeWhileLoading(
  who: (typeof purgers)[number],
  purge: (purger: LibraryIsolate) => Promise<unknown>,
  load: (loader: LibraryIsolate, source: () => Promise<Value>) => Promise<unknown> = (
    { values },
    source,
  ) => values.getOrSet(KEY, source),
): Promise<unknown> {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [loader, purger] = await loaderAndPurger(library, who);
  const source = heldLoad<Value>();
  const early = load(loader, source.load);
  await source.begun;
  await purge(purger);
  source.release(old);
  const got = await early;
  const bound = who === 'another isolate';
  await expectGone({ library, stage, isolates: [loader, purger], bound });
  return got;
}

/** An isolate that has served what is stale by now. */
async function withStale(isolate: LibraryIsolate): Promise<void> {
  await isolate.values.set(KEY, old);
  await isolate.settled();
  clock.advance(TTL_MS);
}

describe.each(purgers)('with the purge in %s', (who) => {
  const bound = who === 'another isolate';

  // @unkey/cache 1.5.0: `swr` writes what the loader answers whatever was removed meanwhile.
  test('unkey cache: remove while swr loads', async () => {
    const early = await purgeWhileLoading(who, ({ values }) => values.delete(KEY));
    expect(early).toEqual(old);
  });

  // @unkey/cache 1.5.0: the same behind a response that was stale.
  test('unkey cache: remove while swr revalidates behind a stale value', async () => {
    const library = deployRace(endpoint);
    centres.enter('near');
    const [loader, purger] = await loaderAndPurger(library, who);
    await withStale(loader);
    const source = heldLoad<Value>();
    expect(await loader.values.getOrSet(KEY, source.load)).toEqual(old);
    await source.begun;
    await purger.values.delete(KEY);
    source.release(old);
    await expectGone({ library, stage, isolates: [loader, purger], bound });
  });

  // bentocache 1.6.1, cache/cache.ts: `delete` takes no lock, and cache/stack/cache_stack.ts stores what the factory made.
  test('bentocache: delete while the factory runs', async () => {
    const early = await purgeWhileLoading(who, ({ values }) => values.delete(KEY));
    expect(early).toEqual(old);
  });

  // bentocache 1.6.1, cache/stack/cache_stack.ts: `createdAt` is the time after the factory, later than the tag's marker.
  test('bentocache: deleteByTag while the factory runs', async () => {
    const early = await purgeWhileLoading(who, ({ values }) => values.purge({ tags: [TAG] }));
    expect(early).toEqual(old);
  });

  // bentocache 1.6.1 with `ctx.setTags`: which tags a value has is known only when its factory has ended.
  test('bentocache: deleteByTag of a tag that only the factory names', async () => {
    const early = await purgeWhileLoading(
      who,
      ({ values }) => values.purge({ tags: ['late'] }),
      ({ values }, source) =>
        values.getOrSet(KEY, async ({ setOptions }) => {
          const value = await source();
          setOptions({ tags: ['late'] });
          return value;
        }),
    );
    expect(early).toEqual(old);
  });

  // bentocache issues 63 and 71, pull request 80: with a grace period, deleteByTag serves the old value once more.
  test('bentocache: deleteByTag with a grace period, and a factory that fails', async () => {
    const library = deployRace(endpoint);
    centres.enter('near');
    const [loader, purger] = await loaderAndPurger(library, who);
    await withStale(loader);
    const source = heldLoad<Value>();
    const early = loader.values.getOrSet(KEY, source.load, { fresh: true });
    await source.begun;
    await purger.values.purge({ tags: [TAG] });
    source.fail(new Error('no source'));
    // This isolate does not know of the purge yet, or it does; others never serve what it hit.
    if (bound) expect(await early).toEqual(old);
    else await expect(early).rejects.toThrow('no source');
    await expectGone({ library, stage, isolates: [loader, purger], bound });
  });

  // cachified 5.6.3, src/getFreshValue.ts: writes the fresh value without a look at what was deleted since.
  test('cachified: delete while getFreshValue runs', async () => {
    const early = await purgeWhileLoading(who, ({ values }) => values.delete(KEY));
    expect(early).toEqual(old);
  });

  // cachified 5.6.3, src/cachified.ts: the same in the refresh within `staleWhileRevalidate`, which nobody waits for.
  test('cachified: delete while a stale value is refreshed', async () => {
    const library = deployRace(endpoint);
    centres.enter('near');
    const [loader, purger] = await loaderAndPurger(library, who);
    await withStale(loader);
    const source = heldLoad<Value>();
    expect(await loader.values.getOrSet(KEY, source.load)).toEqual(old);
    await source.begun;
    await purger.values.purge({ keys: [KEY] });
    source.release(old);
    await expectGone({ library, stage, isolates: [loader, purger], bound });
  });

  // cacheable 2.5.0, `getOrSet`: what the setter answers is stored, whatever was deleted while it ran.
  test('cacheable: delete while the setter of getOrSet runs', async () => {
    const early = await purgeWhileLoading(who, ({ values }) => values.delete(KEY));
    expect(early).toEqual(old);
  });

  // cacheable 2.5.0: the tags' versions are read after the setter, so that a tag invalidated while it ran is not seen.
  test('cacheable: a tag is invalidated while the setter runs', async () => {
    const early = await purgeWhileLoading(who, ({ values }) => values.purge({ tags: ['all'] }));
    expect(early).toEqual(old);
  });

  // cacheable 2.5.0, utils/src/cache-tags.ts: says itself that reading a version and writing the snapshot is not atomic.
  test('cacheable: a tag is invalidated between the read of its version and the write', async () => {
    const library = deployRace(endpoint);
    centres.enter('near');
    const [loader, purger] = await loaderAndPurger(library, who);
    const write = holdNext(endpoint.url, 'EVALSHA', 'there');
    expect(await loader.values.getOrSet(KEY, () => old)).toEqual(old);
    await write.held;
    await purger.values.purge({ tags: ['all'] });
    write.release();
    await expectGone({ library, stage, isolates: [loader, purger], bound });
  });

  // cache-manager 7.2.9, `wrap`: what the function answers is stored, whatever was deleted while it ran.
  test('cache-manager: del while a wrapped function runs', async () => {
    const early = await purgeWhileLoading(
      who,
      ({ values }) => values.delete(KEY),
      ({ values }, source) => values.wrap(source, { key: () => KEY })(),
    );
    expect(early).toEqual(old);
  });

  // logto pull request 9428: a read that began before a mutation wrote its result back after the invalidation.
  test('logto: a mutation while memoize computes', async () => {
    const early = await purgeWhileLoading(who, async ({ values }) => {
      await values.set(KEY, old);
      await values.delete(KEY);
    });
    expect(early).toEqual(old);
  });
});

// @unkey/cache 1.5.0: another process keeps what its memory holds until its stale window ends.
test('unkey cache: remove by another process of what memory holds', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [holder, purger] = await loaderAndPurger(library, 'another isolate');
  expect(await holder.values.getOrSet(KEY, () => old)).toEqual(old);
  await holder.settled();
  await purger.values.delete(KEY);
  await expectGone({ library, stage, isolates: [holder, purger] });
});

// bentocache 1.6.1: a second process without the bus serves the tagged entry after deleteByTag, and never looks into Redis.
test('bentocache: a second process without the bus, after deleteByTag', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [first, second] = await loaderAndPurger(library, 'another isolate');
  await first.values.getOrSet(KEY, () => old);
  await first.settled();
  expect(await second.values.get(KEY)).toEqual(old);
  await second.settled();
  expect(await second.values.entry(KEY)).toMatchObject({ tier: 'memory' });
  await first.values.purge({ tags: [TAG] });
  await expectGone({ library, stage, isolates: [first, second] });
});

// cacheable 2.5.0, utils/src/cache-tags.ts: counters have no lifetime of their own, and one that was evicted reads as 0.
test('cacheable: the version of a tag is evicted after the tag was invalidated', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [first, second] = await loaderAndPurger(library, 'another isolate');
  await first.values.getOrSet(KEY, () => old);
  await first.settled();
  expect(await second.values.get(KEY)).toEqual(old);
  await first.values.purge({ tags: [TAG] });
  const ledger = `tc:v1:t:${library.tenant}:~ledger`;
  expect(await endpoint.command('DEL', ledger)).toBe(1);
  await expectGone({ library, stage, isolates: [first, second] });
});

// ocache 0.3.2, src/cache.ts: the fence is an object of one instance; its own comment asks for a compare-and-set.
test('ocache: a fill in one isolate overwrites the invalidate of another', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [loader, purger] = await loaderAndPurger(library, 'another isolate');
  const write = holdNext(endpoint.url, 'EVALSHA', 'there');
  expect(await loader.values.getOrSet(KEY, () => old)).toEqual(old);
  await write.held;
  await purger.values.delete(KEY);
  write.release();
  await loader.settled();
  // Redis itself refuses it: nothing is there for anybody.
  expect(await endpoint.command('GET', `tc:v1:t:${library.tenant}:n:values:${KEY}`)).toBeNull();
  await expectGone({ library, stage, isolates: [loader, purger] });
});

// ocache 0.3.2: two instances load the same key, and the one that began before the invalidate ends last.
test('ocache: a fill from before an invalidate ends after one from behind it', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [slow, quick] = await loaderAndPurger(library, 'another isolate');
  const source = heldLoad<Value>();
  const early = slow.values.getOrSet(KEY, source.load);
  await source.begun;
  await quick.values.delete(KEY);
  expect(await quick.values.getOrSet(KEY, () => fresh)).toEqual(fresh);
  await quick.settled();
  source.release(old);
  expect(await early).toEqual(old);
  await slow.settled();
  clock.advance(COHERENCE_MS);
  for (const [centre, isolate] of [
    ['near', slow],
    ['near', quick],
    ['near', library.isolate()],
    ['far', library.isolate()],
  ] as const) {
    centres.enter(centre);
    expect(await isolate.values.get(KEY)).toEqual(fresh);
  }
});
