import { describe, expect, test } from 'vitest';
import { heldLoad, holdNext } from '../support/held.ts';
import type { Value } from '../support/library.ts';
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
  STALE_MS,
  TAG,
  TTL_MS,
} from './peer-stage.ts';

/*
 * The races of FusionCache, the most careful of the others, by the issues that report them. Who asked before the purge may
 * have the value; nobody who asks afterwards does.
 */

/** The most marks of a kind that a ledger keeps; it may pass that by 1/32. */
const MAX_MARKS = 2000;

const stage = setStage();
const { centres, clock } = stage;
const endpoint = await endpointOfThisFile();

describe.each(purgers)('with the purge in %s', (who) => {
  const bound = who === 'another isolate';

  async function race() {
    const library = deployRace(endpoint);
    centres.enter('near');
    const [loader, purger] = await loaderAndPurger(library, who);
    const gone = (): Promise<void> =>
      expectGone({ library, stage, isolates: [loader, purger], bound });
    return { loader, purger, gone, source: heldLoad<Value>() };
  }

  // Issue 535: the entry is stamped when its factory has ended, which is later than the marker of the tag.
  test('FusionCache #535: RemoveByTag while the factory runs', async () => {
    const { loader, purger, gone, source } = await race();
    const early = loader.values.getOrSet(KEY, source.load);
    await source.begun;
    await purger.values.purge({ tags: [TAG] });
    source.release(old);
    expect(await early).toEqual(old);
    await gone();
  });

  // Issue 625: Remove of a key leaves no marker for the factory that runs.
  test('FusionCache #625: Remove while the factory runs', async () => {
    const { loader, purger, gone, source } = await race();
    const early = loader.values.getOrSet(KEY, source.load);
    await source.begun;
    await purger.values.delete(KEY);
    source.release(old);
    expect(await early).toEqual(old);
    await gone();
  });

  // The unit test of issue 625: a reader that comes after Remove, while that factory still runs, must not get its value.
  test('FusionCache #625: a reader that asks after Remove does not join the factory from before it', async () => {
    const { loader, purger, gone, source } = await race();
    const early = loader.values.getOrSet(KEY, source.load);
    await source.begun;
    await purger.values.delete(KEY);
    if (bound) clock.advance(COHERENCE_MS);
    const later = heldLoad<Value>();
    const late = loader.values.getOrSet(KEY, later.load);
    await later.begun;
    source.release(old);
    expect(await early).toEqual(old);
    later.release(fresh);
    expect(await late).toEqual(fresh);
    await loader.settled();
    expect(await loader.values.get(KEY)).toEqual(fresh);
    await purger.values.delete(KEY);
    await gone();
  });

  // Issue 628, FusionCache.cs line 509: what is refreshed eagerly, in the background, is stamped when that has ended.
  test('FusionCache #628: RemoveByTag while an eager refresh runs', async () => {
    const { loader, purger, gone, source } = await race();
    await loader.values.set(KEY, old);
    clock.advance(TTL_MS);
    // What is stale is served, and refreshed behind the response.
    expect(await loader.values.getOrSet(KEY, source.load)).toEqual(old);
    await source.begun;
    await purger.values.purge({ tags: [TAG] });
    source.release(old);
    await gone();
  });

  // The same line: a factory that the soft timeout has left behind completes in the background.
  test('FusionCache #628: RemoveByTag while a factory runs on past its soft timeout', async () => {
    const { loader, purger, gone, source } = await race();
    await loader.values.set(KEY, old);
    const early = loader.values.getOrSet(KEY, source.load, { fresh: true, softTimeout: 1 });
    await source.begun;
    expect(await early).toEqual(old);
    await purger.values.purge({ tags: [TAG] });
    source.release(old);
    await gone();
  });

  // Issue 613: what was read from Redis before a Remove is put into memory after it.
  test('FusionCache #613: a read of Redis that races a Remove fills memory again', async () => {
    const library = deployRace(endpoint);
    // Only Redis has it: the isolate that set it is in another data centre, and gone.
    centres.enter('far');
    const setter = library.isolate();
    await setter.values.set(KEY, old);
    await setter.settled();
    centres.enter('near');
    const [reader, purger] = await loaderAndPurger(library, who);
    const read = holdNext(endpoint.url, '"MGET"', 'back');
    const early = reader.values.get(KEY);
    await read.held;
    await purger.values.delete(KEY);
    read.release();
    // The isolate that purged knows better by the time that the answer comes.
    expect(await early).toEqual(bound ? old : undefined);
    await expectGone({ library, stage, isolates: [reader, purger], bound });
  });

  // Issue 648: what a hard Clear hit comes back as the value of fail-safe when the factory fails.
  test('FusionCache #648: a hard Clear while a factory runs that then fails', async () => {
    const { loader, purger, gone, source } = await race();
    await loader.values.set(KEY, old);
    clock.advance(TTL_MS + STALE_MS / 2);
    const early = loader.values.getOrSet(KEY, source.load, { fresh: true });
    await source.begun;
    await purger.purge({ all: true });
    source.fail(new Error('no source'));
    // Who asked before may still get what was stale then, as long as its isolate has not heard of it.
    if (bound) expect(await early).toEqual(old);
    else await expect(early).rejects.toThrow('no source');
    await gone();
  });

  // Issue 319, a comment of 2025-01-24: markers hold the clock of the machine that purges, which may be behind.
  test('FusionCache #319: the machine that purges is an hour behind', async () => {
    const { loader, purger, gone, source } = await race();
    const early = loader.values.getOrSet(KEY, source.load);
    await source.begun;
    clock.advance(-3_600_000);
    await purger.values.purge({ tags: [TAG] });
    clock.advance(3_600_000);
    source.release(old);
    expect(await early).toEqual(old);
    await gone();
  });
});

// FusionCacheOptions.cs, TagsDefaultEntryOptions: markers live for 10 days, and an entry that nobody has read since may live longer.
test('FusionCache: the marker of a tag ends while the entry lives', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [holder, purger] = await loaderAndPurger(library, 'another isolate');
  await holder.values.getOrSet(KEY, () => old);
  await holder.settled();
  await purger.values.purge({ tags: [TAG] });
  const ledger = `tc:v1:t:${library.tenant}:~ledger`;
  const mark = `h:t:${TAG}`;
  expect(await endpoint.command('ZSCORE', ledger, mark)).not.toBeNull();
  for (let at = 0; at < MAX_MARKS * 1.1; at += 1000) {
    const tags = Array.from({ length: 1000 }, (_, tag) => `other:${at + tag}`);
    await purger.values.purge({ tags });
  }
  // Trimmed: what was hit by it lies in Redis still, and nothing names it any more.
  expect(await endpoint.command('ZSCORE', ledger, mark)).toBeNull();
  const stored = `tc:v1:t:${library.tenant}:n:values:${KEY}`;
  expect(await endpoint.command('EXISTS', stored)).toBe(1);
  await expectGone({ library, stage, isolates: [holder, purger] });
});

// The same for the mark of a key, while copies in memory and in the regional cache live, and a load from before it runs.
test('FusionCache: the marker of a key ends while copies live and a factory runs', async () => {
  const library = deployRace(endpoint);
  centres.enter('near');
  const [holder, purger] = await loaderAndPurger(library, 'another isolate');
  await holder.values.getOrSet(KEY, () => old);
  await holder.settled();
  const source = heldLoad<Value>();
  const loader = library.isolate();
  const early = loader.values.getOrSet(KEY, source.load, { fresh: true });
  await source.begun;
  await purger.values.delete(KEY);
  for (let at = 0; at < MAX_MARKS * 1.1; at += 1000) {
    const keys = Array.from({ length: 1000 }, (_, key) => `other:${at + key}`);
    await purger.values.purge({ keys });
  }
  const mark = `h:k:n:values:${KEY}`;
  expect(await endpoint.command('ZSCORE', `tc:v1:t:${library.tenant}:~ledger`, mark)).toBeNull();
  source.release(old);
  expect(await early).toEqual(old);
  await expectGone({ library, stage, isolates: [holder, loader, purger] });
});
