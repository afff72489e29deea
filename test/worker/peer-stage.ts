import { expect } from 'vitest';
import { memory, regional } from '../../src/index.ts';
import {
  deployLibrary,
  type Library,
  type LibraryIsolate,
  type LibraryOptions,
  type Value,
} from '../support/library.ts';
import type { TestEndpoint } from '../support/control.ts';
import type { Stage } from '../support/stage.ts';

/** How old a check may be in these tests, in milliseconds. */
export const COHERENCE_MS = 4000;
/** Behind {@link TTL_MS}: what is past its freshness, and what a soft purge hit, may be served for so long. */
export const STALE_MS = 3_600_000;
/** How long a value is fresh, in milliseconds. */
export const TTL_MS = 600_000;

export const KEY = 'users:1:profile';
export const TAG = 'team:1';
/** What was true before the purge. */
export const old: Value = { text: 'old', tags: [TAG, 'all'] };
/** What is true after it. */
export const fresh: Value = { text: 'new', tags: [TAG, 'all'] };

/** Isolates in one data centre, with every tier, stale windows of an hour, and a Redis that may be slow. */
export function deployRace(endpoint: TestEndpoint, options: LibraryOptions = {}): Library {
  return deployLibrary(endpoint, {
    coherenceMs: COHERENCE_MS,
    redisTimeout: 10_000,
    tiers: [memory(), regional()],
    maxTtl: '1d',
    staleWhileRevalidate: STALE_MS,
    staleIfError: STALE_MS,
    ...options,
  });
}

/** Who purges, and whether a bound has to pass before the other one knows. */
export const purgers = ['the same isolate', 'another isolate'] as const;
export type Purger = (typeof purgers)[number];

/** An isolate that loads, and the one that purges. Both know the ledger already, as busy isolates do. */
export async function loaderAndPurger(
  library: Library,
  who: Purger,
): Promise<readonly [LibraryIsolate, LibraryIsolate]> {
  const loader = library.isolate();
  const purger = who === 'the same isolate' ? loader : library.isolate();
  await loader.values.get('anything');
  await purger.values.get('anything');
  return [loader, purger];
}

/** Who is asked whether anything is left. */
export interface Asked {
  readonly library: Library;
  readonly stage: Stage;
  /** The isolates that took part, each with whether it purged itself: it must know at once. */
  readonly isolates: readonly LibraryIsolate[];
  /** False where the isolates have purged themselves, so that no bound has to pass. Default true. */
  readonly bound?: boolean;
  readonly key?: string;
}

/**
 * Nobody who asks now gets the old value, from memory, the regional cache or Redis, fresh or stale, by any way to read,
 * nor when the source fails, nor as the stale value of a loader. Ends with the new value in every one of them.
 */
export async function expectGone({
  library,
  stage: { centres, clock },
  isolates,
  bound = true,
  key = KEY,
}: Asked): Promise<void> {
  for (const isolate of isolates) await isolate.settled();
  if (bound) clock.advance(COHERENCE_MS);
  const asked: { readonly isolate: LibraryIsolate; readonly centre: string }[] = [
    ...isolates.map((isolate) => ({ isolate, centre: 'near' })),
    // Have nothing in memory: this one reads the regional cache, that one Redis alone.
    { isolate: library.isolate(), centre: 'near' },
    { isolate: library.isolate(), centre: 'far' },
  ];
  for (const { isolate, centre } of asked) {
    centres.enter(centre);
    const { values } = isolate;
    expect(await values.get(key, { stale: true })).toBeUndefined();
    expect(await values.entry(key)).toBeUndefined();
    expect(await values.getMany([key], { stale: true })).toEqual([undefined]);
    const failing = values.getOrSet(key, () => Promise.reject(new Error('no source')));
    await expect(failing).rejects.toThrow('no source');
  }
  for (const { isolate, centre } of asked) {
    centres.enter(centre);
    const handed: unknown[] = [];
    const load = ({ stale }: { readonly stale: unknown }): Value => {
      handed.push(stale);
      return fresh;
    };
    expect(await isolate.values.getOrSet(key, load)).toEqual(fresh);
    expect(handed.filter((stale) => stale !== undefined)).toEqual([]);
    await isolate.settled();
  }
  centres.enter('near');
}
