import { describe, expect, test } from 'vitest';
import { memory, regional } from '../../src/index.ts';
import { deployLibrary, type LibraryIsolate, type Value } from '../support/library.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 4000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();

const old: Value = { text: 'old', tags: ['team:1', 'all'] };
const fresh: Value = { text: 'new', tags: ['team:1', 'all'] };
const KEY = 'users:1:profile';

/** Each way to end what others hold of {@link KEY}. */
const endings: readonly (readonly [string, (isolate: LibraryIsolate) => Promise<unknown>])[] = [
  ['set', ({ values }) => values.set(KEY, fresh)],
  [
    'setMany',
    ({ values }) =>
      values.setMany([
        ['another', old],
        [KEY, fresh],
      ]),
  ],
  ['delete', ({ values }) => values.delete(KEY)],
  ['a purge of its key', ({ values }) => values.purge({ keys: [KEY] })],
  ['a purge of a tag', ({ values }) => values.purge({ tags: ['other', 'team:1'] })],
  ['a purge of a prefix', ({ values }) => values.purge({ prefixes: ['users:1'] })],
  ['a purge of all of the namespace', ({ values }) => values.purge({ all: true })],
  ["a tenant's purge of its key", (isolate) => isolate.purge({ keys: [`n:values:${KEY}`] })],
  ["a tenant's purge of a prefix", (isolate) => isolate.purge({ prefixes: ['n:values:users'] })],
  ["a tenant's purge of all", (isolate) => isolate.purge({ all: true })],
  ['purgeEverything', ({ cache }) => cache.purgeEverything()],
];

/** Ways that must not end it. */
const others: readonly (readonly [string, (isolate: LibraryIsolate) => Promise<unknown>])[] = [
  ['a set of another key', ({ values }) => values.set('users:1', fresh)],
  ['a delete of a key above it', ({ values }) => values.delete('users:1')],
  ['a purge of another tag', ({ values }) => values.purge({ tags: ['team', 'team:11', 'ALL'] })],
  [
    'a purge of half a segment',
    ({ values }) => values.purge({ prefixes: ['users:1:prof', 'use'] }),
  ],
  ['a purge of another namespace', ({ others: namespace }) => namespace.purge({ all: true })],
  ['a purge by another tenant', ({ of, tenant }) => of(`${tenant}-x`).purge({ all: true })],
];

const layouts = [
  ['memory', [memory()]],
  ['memory and the regional cache', [memory(), regional()]],
  ['the regional cache', [regional()]],
] as const;

describe.each(layouts)('with %s', (_, tiers) => {
  /** Two isolates that have served the old value from what is near them, and know the ledger by now. */
  async function two(coherenceMs: number) {
    const library = deployLibrary(endpoint, { coherenceMs, tiers });
    const [one, another] = [library.isolate(), library.isolate()];
    await one.values.set(KEY, old);
    for (const isolate of [one, another]) {
      expect(await isolate.values.get(KEY)).toEqual(old);
      await isolate.settled();
      expect(await isolate.values.entry(KEY)).not.toMatchObject({ tier: 'redis' });
    }
    return { library, isolate: one, other: another };
  }

  /** A set has put something there. */
  const expected = (name: string): Value | undefined =>
    name.startsWith('set') ? fresh : undefined;

  test.each(endings)(
    '%s by one isolate is final in the other within the bound',
    async (name, end) => {
      const { isolate, other } = await two(COHERENCE_MS);
      clock.advance(COHERENCE_MS / 4);
      await end(isolate);
      await isolate.settled();
      expect(await isolate.values.get(KEY)).toEqual(expected(name));
      clock.advance(COHERENCE_MS);
      expect(await other.values.getMany([KEY])).toEqual([expected(name)]);
      expect(await other.values.get(KEY)).toEqual(expected(name));
      expect(await other.values.getOrSet(KEY, () => fresh)).toEqual(fresh);
      await other.settled();
      clock.advance(COHERENCE_MS);
      expect(await isolate.values.get(KEY)).toEqual(fresh);
    },
  );

  test.each(endings)('%s is final at once in the isolate that did it', async (name, end) => {
    const { isolate } = await two(COHERENCE_MS);
    await end(isolate);
    expect(await isolate.values.get(KEY)).toEqual(expected(name));
  });

  test.each(endings)('with a bound of 0, %s is final in the other at once', async (name, end) => {
    const { isolate, other } = await two(0);
    await end(isolate);
    expect(await other.values.get(KEY)).toEqual(expected(name));
    expect(await other.values.getMany([KEY])).toEqual([expected(name)]);
    expect(await other.values.has(KEY)).toBe(expected(name) !== undefined);
  });

  test.each(others)('%s leaves it alone', async (_name, act) => {
    const { isolate, other } = await two(COHERENCE_MS);
    await act(isolate);
    clock.advance(COHERENCE_MS);
    expect(await isolate.values.get(KEY)).toEqual(old);
    expect(await other.values.get(KEY)).toEqual(old);
  });

  test('a soft purge makes it stale: served while it is loaded anew, and by no plain get', async () => {
    const { isolate, other } = await two(COHERENCE_MS);
    await isolate.values.purge({ tags: ['all'] }, { mode: 'soft' });
    clock.advance(COHERENCE_MS);
    for (const here of [isolate, other]) {
      expect(await here.values.get(KEY)).toBeUndefined();
      expect(await here.values.get(KEY, { stale: true })).toEqual(old);
      expect(await here.values.entry(KEY)).toMatchObject({ state: 'stale', value: old });
    }
    expect(await other.values.getOrSet(KEY, () => fresh)).toEqual(old);
    await other.settled();
    expect(await other.values.get(KEY)).toEqual(fresh);
  });

  test.each(endings.slice(2))(
    'a load that began before %s by another isolate is not kept past the bound',
    async (_name, end) => {
      const { library, isolate, other } = await two(COHERENCE_MS);
      await isolate.values.delete(KEY);
      clock.advance(COHERENCE_MS);
      const { promise: held, resolve: release } = Promise.withResolvers<Value>();
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      const loading = other.values.getOrSet(KEY, () => {
        begin();
        return held;
      });
      await begun;
      await end(isolate);
      release(old);
      expect(await loading).toEqual(old);
      await other.settled();
      for (const here of [other, isolate, library.isolate()]) {
        clock.advance(COHERENCE_MS);
        expect(await here.values.get(KEY)).toBeUndefined();
      }
    },
  );
});

test('in another data centre a purge is final within the bound too', async () => {
  const library = deployLibrary(endpoint, {
    coherenceMs: COHERENCE_MS,
    tiers: [memory(), regional()],
  });
  const isolates = ['one', 'two', 'three'].map((name) => ({ name, isolate: library.isolate() }));
  const [first] = isolates;
  for (const { name, isolate } of isolates) {
    centres.enter(name);
    expect(await isolate.values.getOrSet(KEY, () => old)).toEqual(old);
    await isolate.settled();
  }
  await first?.isolate.values.purge({ tags: ['all'] });
  clock.advance(COHERENCE_MS);
  for (const { name, isolate } of isolates) {
    centres.enter(name);
    // The isolate that was there, and one that has just begun.
    expect(await isolate.values.get(KEY)).toBeUndefined();
    expect(await library.isolate().values.get(KEY)).toBeUndefined();
  }
});

test('what is set is seen by others that held nothing, at once', async () => {
  const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
  const [one, another] = [library.isolate(), library.isolate()];
  expect(await another.values.get(KEY)).toBeUndefined();
  await one.values.set(KEY, fresh);
  expect(await another.values.get(KEY)).toEqual(fresh);
});
