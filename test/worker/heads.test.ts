import { describe, expect, test } from 'vitest';
import { deployLibrary, type LibraryIsolate } from '../support/library.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 10_000;
const TENANTS = 1000;

const { clock } = stage();
const endpoint = await endpointOfThisFile();

const names = (prefix: string): string[] =>
  Array.from({ length: TENANTS }, (_, at) => `${prefix}-${at}`);

/** Reads one key of each tenant, a few at a time, and answers the values and what that sent to Redis. */
async function readAll(isolate: LibraryIsolate, tenants: readonly string[], text: string) {
  await endpoint.resetCounts();
  const values: string[] = [];
  // The first alone: what it learns the others know.
  for (let at = 0; at < tenants.length; at += at === 0 ? 1 : 20) {
    const some = await Promise.all(
      tenants
        .slice(at, at === 0 ? 1 : at + 20)
        .map((tenant) => isolate.of(tenant).values.getOrSet('key', () => ({ text }))),
    );
    values.push(...some.map((value) => value.text));
    await isolate.settled();
  }
  const { requests, byCommand } = await endpoint.counts();
  return { values, requests, ...byCommand };
}

describe('an isolate that serves a thousand tenants', () => {
  test('asks once a bound for all whose ledgers have not changed, and once more for each that has', async () => {
    const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
    const [here, there] = [library.isolate(), library.isolate()];
    const tenants = names(`${library.tenant}-a`);
    await readAll(here, tenants, 'first');
    clock.advance(COHERENCE_MS);
    // The first to stand where the heads are now.
    await readAll(here, tenants, 'second');
    for (let bound = 0; bound < 3; bound += 1) {
      clock.advance(COHERENCE_MS);
      const { values, requests } = await readAll(here, tenants, 'second');
      expect(new Set(values)).toEqual(new Set(['first']));
      expect(requests).toBe(1);
    }
    const purged = [3, 500, 999];
    for (const at of purged) await there.of(tenants[at] ?? '').purge({ all: true });
    clock.advance(COHERENCE_MS);
    const after = await readAll(here, tenants, 'third');
    expect(after.values.flatMap((text, at) => (text === 'third' ? [at] : []))).toEqual(purged);
    // The heads, and for each that was purged a read, a load's commit, and no more.
    expect(after.requests).toBeLessThanOrEqual(1 + 3 * purged.length);
  });

  test('serves nothing that was purged, when the heads are lost meanwhile', async () => {
    const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
    const [here, there] = [library.isolate(), library.isolate()];
    const tenants = names(`${library.tenant}-b`).slice(0, 50);
    await readAll(here, tenants, 'first');
    clock.advance(COHERENCE_MS);
    await readAll(here, tenants, 'second');
    await there.of(tenants[7] ?? '').purge({ all: true });
    await endpoint.command('DEL', 'tc:v1:~heads');
    await there.of(tenants[9] ?? '').purge({ all: true });
    clock.advance(COHERENCE_MS);
    const { values } = await readAll(here, tenants, 'third');
    expect(values.flatMap((text, at) => (text === 'third' ? [at] : []))).toEqual([7, 9]);
  });

  test.each([3, 10])(
    'notices a roll-back that somebody else’s purge has overtaken, among %i tenants',
    async (count) => {
      const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
      const [here, there, cold] = [library.isolate(), library.isolate(), library.isolate()];
      const tenants = names(`${library.tenant}-c${count}`).slice(0, count);
      const [, victim = '', other = ''] = tenants;
      await readAll(here, tenants, 'old');
      clock.advance(COHERENCE_MS);
      await readAll(here, tenants, 'old');
      const [ledger, heads] = [`tc:v1:t:${victim}:~ledger`, 'tc:v1:~heads'];
      for (const name of [ledger, heads]) await endpoint.command('COPY', name, `${name}-then`);
      await there.of(victim).purge({ all: true });
      clock.advance(COHERENCE_MS);
      await readAll(here, tenants, 'new');
      for (const name of [ledger, heads]) {
        await endpoint.command('COPY', `${name}-then`, name, 'REPLACE');
        await endpoint.command('DEL', `${name}-then`);
      }
      await there.of(other).purge({ all: true });
      clock.advance(COHERENCE_MS);
      await readAll(here, tenants, 'newer');
      const value = await cold.of(victim).values.getOrSet('key', () => ({ text: 'newest' }));
      expect(value.text).not.toBe('old');
    },
  );

  test('hears of a purge of everything also where it found no ledger to mark', async () => {
    const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
    const [here, there] = [library.isolate(), library.isolate()];
    const tenants = names(`${library.tenant}-e`).slice(0, 10);
    for (let round = 0; round < 2; round += 1) {
      await readAll(here, tenants, 'old');
      clock.advance(COHERENCE_MS);
    }
    await readAll(here, tenants, 'old');
    // Evicted, the heads are not.
    await endpoint.command('DEL', `tc:v1:t:${tenants[4] ?? ''}:~ledger`);
    await there.cache.purgeEverything();
    clock.advance(COHERENCE_MS);
    const { values } = await readAll(here, tenants, 'new');
    expect(new Set(values)).toEqual(new Set(['new']));
  });

  test('notices that a ledger was rolled back which came into being behind the heads', async () => {
    const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
    const [here, there] = [library.isolate(), library.isolate()];
    const tenants = names(`${library.tenant}-d`).slice(0, 10);
    const late = `${library.tenant}-late`;
    for (let round = 0; round < 2; round += 1) {
      await readAll(here, tenants, 'old');
      clock.advance(COHERENCE_MS);
    }
    await readAll(here, [...tenants, late], 'old');
    // As if Redis had gone back to before: the ledger is not there, and a purge of everything finds none to mark.
    await endpoint.command('DEL', `tc:v1:t:${late}:~ledger`);
    await endpoint.command('ZREM', 'tc:v1:~heads', late);
    await there.cache.purgeEverything();
    clock.advance(COHERENCE_MS);
    const { values } = await readAll(here, [...tenants, late], 'new');
    expect(new Set(values)).toEqual(new Set(['new']));
  });
});
