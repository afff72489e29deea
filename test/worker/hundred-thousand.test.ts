import { afterEach, expect, test } from 'vitest';
import { memory, regional } from '../../src/index.ts';
import {
  deployLibrary,
  type Library,
  type LibraryIsolate,
  type Value,
} from '../support/library.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* What may not grow with the number of keys: the cost of a purge, and what many writes take from others. */

const COHERENCE_MS = 4000;
const COUNT = 100_000;
/** Keys of one call: the authority cuts it into requests of its own. */
const BATCH = 2500;
/** The most marks of a kind that a ledger keeps, and the bytes that each may have on average; either may be passed by 1/32 of the count. */
const MAX_MARKS = 2000;
const MARK_BYTES = 128;
const FILLING_MS = 180_000;

const { clock } = stage();
const endpoint = await endpointOfThisFile();
// So many names of nobody would be all that others find in it.
afterEach(() => endpoint.flush());

const deployed = (): Library =>
  deployLibrary(endpoint, {
    coherenceMs: COHERENCE_MS,
    redisTimeout: 20_000,
    tiers: [memory()],
  });

const keyOf = (at: number): string => `user-${at}`;
const plain = (at: number): Value => ({ text: `value ${at}` });
const valueOf = (at: number): Value => ({ ...plain(at), tags: ['everyone'] });

/** A few at the beginning, in the middle and at the end, and some between. */
const samples = Array.from({ length: 300 }, (_, at) => [
  at,
  COUNT / 2 + at,
  COUNT - 1 - at,
  at * Math.floor(COUNT / 300),
]).flat();
const sampleKeys = [...new Set(samples)].toSorted((a, b) => a - b).map(keyOf);

function* batches(): Generator<readonly number[]> {
  for (let from = 0; from < COUNT; from += BATCH)
    yield Array.from({ length: BATCH }, (_, at) => from + at);
}

/** How often Redis itself has run each command, those inside of scripts included. */
async function ran(): Promise<ReadonlyMap<string, number>> {
  const info = String(await endpoint.command('INFO', 'commandstats'));
  const lines = info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  return new Map([...lines].map(([, name = '', calls]) => [name, Number(calls)]));
}

/** What a purge of the tag sends to Redis, and what Redis runs for it. */
async function costOfPurge(isolate: LibraryIsolate) {
  // The server knows the script of a purge by now, and the isolate knows its ledger.
  await isolate.purge({ tags: ['warm-up'] });
  const before = await ran();
  await endpoint.resetCounts();
  await isolate.purge({ tags: ['everyone'] });
  const { requests, byCommand } = await endpoint.counts();
  const inside = [...(await ran())]
    .map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const)
    .filter(([, calls]) => calls > 0);
  return { requests, sent: byCommand, ran: Object.fromEntries(inside) };
}

test(
  'a purge of a tag that 100,000 keys carry costs as many commands as of one that one key carries',
  async () => {
    const single = deployed().isolate();
    await single.values.getOrSet(keyOf(0), () => valueOf(0));
    await single.settled();
    const one = await costOfPurge(single);
    expect(one).toMatchObject({ requests: 1, sent: { EVALSHA: 1 }, ran: { evalsha: 1 } });
    // The script's own commands count.
    expect(one.ran['zadd']).toBeGreaterThan(0);

    const library = deployed();
    const loader = library.isolate();
    for (const batch of batches()) {
      const loaded = batch.map(valueOf);
      expect(await loader.values.getOrSetMany(batch.map(keyOf), () => loaded)).toHaveLength(BATCH);
      await loader.settled();
    }
    const stored = sampleKeys.map((key) => `tc:v1:t:${library.tenant}:n:values:${key}`);
    expect(await endpoint.command('EXISTS', ...stored)).toBe(stored.length);
    const reader = library.isolate();
    expect(await reader.values.getMany(sampleKeys)).not.toContain(undefined);

    const purger = library.isolate();
    await purger.values.get('anything');
    expect(await costOfPurge(purger)).toEqual(one);

    // They lie in Redis as before, and nobody gets them.
    expect(await endpoint.command('EXISTS', ...stored)).toBe(stored.length);
    const nothing = sampleKeys.map(() => undefined);
    expect(await purger.values.getMany(sampleKeys)).toEqual(nothing);
    expect(await library.isolate().values.getMany(sampleKeys)).toEqual(nothing);
    clock.advance(COHERENCE_MS);
    expect(await reader.values.getMany(sampleKeys)).toEqual(nothing);
    expect(await loader.values.getMany(sampleKeys)).toEqual(nothing);
  },
  FILLING_MS,
);

test(
  'a tenant that sets 100,000 keys keeps its hits in Redis, and loses only copies',
  async () => {
    const library = deployed();
    const near = { tiers: [memory(), regional()] };
    const holder = library.isolate(near);
    // What was there before, with copies in memory and in the regional cache.
    const kept = Array.from({ length: 50 }, (_, at) => `kept:${at}`);
    for (const key of kept) await holder.values.getOrSet(key, () => valueOf(1));
    await holder.settled();
    for (const key of kept)
      expect(await holder.values.entry(key)).toMatchObject({ tier: 'memory', state: 'fresh' });
    expect(await library.isolate(near).values.entry('kept:0')).toMatchObject({ tier: 'regional' });

    // Two isolates at once, so that one makes its values while Redis stores those of the other.
    const work = batches();
    const write = async (): Promise<void> => {
      const writer = library.isolate();
      for (const batch of work) {
        const results = await writer.values.setMany(batch.map((at) => [keyOf(at), plain(at)]));
        expect(results.filter(({ stored }) => !stored)).toEqual([]);
        // So many take longer than a bound: the isolates hear of the ledger in between.
        clock.advance(COHERENCE_MS);
      }
    };
    await Promise.all([write(), write()]);

    const ledger = await endpoint.command('ZRANGE', `tc:v1:t:${library.tenant}:~ledger`, 0, -1);
    const marks = (Array.isArray(ledger) ? ledger.map(String) : []).filter((row) => row[0] !== 'e');
    expect(marks.length).toBeGreaterThan(MAX_MARKS / 2);
    expect(marks.length).toBeLessThanOrEqual(MAX_MARKS * (1 + 1 / 32));
    expect(marks.join('').length).toBeLessThanOrEqual(MAX_MARKS * MARK_BYTES * (1 + 1 / 32));

    clock.advance(COHERENCE_MS);
    let loads = 0;
    const load = (): Value => {
      loads += 1;
      return { text: 'loaded again' };
    };
    const reader = library.isolate();
    for (const key of sampleKeys.slice(0, 20)) {
      expect(await reader.values.entry(key)).toMatchObject({ tier: 'redis', state: 'fresh' });
      expect(await reader.values.getOrSet(key, load)).toEqual(plain(Number(key.slice(5))));
    }
    const many = await reader.values.getOrSetMany(sampleKeys, (missing) => missing.map(load));
    expect(many.map((value) => value?.text)).toEqual(
      sampleKeys.map((key) => key.replace('user-', 'value ')),
    );
    // The copies from before are below the key floor: Redis answers in their place, and nothing is loaded.
    for (const key of kept) {
      expect(await holder.values.entry(key)).toMatchObject({ tier: 'redis', state: 'fresh' });
      expect(await holder.values.getOrSet(key, load)).toEqual(valueOf(1));
    }
    expect(loads).toBe(0);
  },
  FILLING_MS,
);
