import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CacheKey } from '../../src/tenant/key.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type Target,
} from '../../src/tenant/target.ts';
import { KEEP_ALL } from '../contract/authority-world.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { engineIsolate, type EngineIsolate } from '../support/engine-world.ts';
import { draft, keyOf, newTenant } from '../support/entries.ts';

/* What the HTTP routes do not reach yet: soft purges, marks that were trimmed, values of any kind. */

const COHERENCE_MS = 5000;

let endpoint: TestEndpoint;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(() => endpoint.close());

const isolate = (dataCentre?: string, retention = {}): EngineIsolate =>
  engineIsolate(endpoint, { ...KEEP_ALL, ...retention }, COHERENCE_MS, dataCentre);

const value = (text: string) => draft(text, { tags: ['user:42'] });
const newKey = (): CacheKey => keyOf(newTenant(), 'n:users:42');

const targets = [
  keyTarget('n:users:42'),
  tagTarget('user:42'),
  prefixTarget('n:users'),
  prefixTarget('n:users:42'),
  TENANT_TARGET,
] as const;

async function stored(key: CacheKey, by = isolate()): Promise<EngineIsolate> {
  expect(await (await by.beginLoad(key))(value('old'))).toBe('stored');
  expect(await by.read(key)).toBe('memory: old');
  return by;
}

describe.each(targets)('a hard purge of %s', (target) => {
  test('during a load by the same isolate: the value is stored nowhere', async () => {
    const key = newKey();
    const one = isolate();
    const finish = await one.beginLoad(key);
    await one.purge(target, key);
    expect(await finish(value('old'))).toBe('purged');
    expect(await endpoint.command('EXISTS', key.name)).toBe(0);
    expect(await one.read(key)).toMatch(/^miss/);
    expect(await isolate().read(key)).toMatch(/^miss/);
  });

  test('during a load by another isolate: nobody reads the value once the bound has passed', async () => {
    const key = newKey();
    const [loader, purger] = [isolate(), isolate()];
    await purger.read(key);
    const finish = await loader.beginLoad(key);
    await purger.purge(target, key);
    await finish(value('old'));
    expect(await purger.read(key)).toMatch(/^miss/);
    expect(await isolate().read(key)).toMatch(/^miss/);
    expect(await isolate('engine-elsewhere').read(key)).toMatch(/^miss/);
    loader.advance(COHERENCE_MS);
    expect(await loader.read(key)).toMatch(/^miss/);
  });

  test('hits copies and entries in every tier of every isolate', async () => {
    const key = newKey();
    const one = await stored(key);
    const two = isolate();
    expect(await two.read(key)).toBe('regional: old');
    const far = isolate('engine-far');
    expect(await far.read(key)).toBe('redis: old');
    await one.purge(target, key);
    for (const reader of [two, far]) {
      reader.advance(COHERENCE_MS);
      expect(await reader.read(key)).toMatch(/^miss/);
    }
    expect(await one.read(key)).toMatch(/^miss/);
    expect(await isolate().read(key)).toMatch(/^miss/);
    expect(await isolate('engine-new').read(key)).toMatch(/^miss/);
  });

  test('a value loaded after it is served again, by everybody', async () => {
    const key = newKey();
    const one = await stored(key);
    await one.purge(target, key);
    expect(await (await one.beginLoad(key))(value('new'))).toBe('stored');
    expect(await one.read(key)).toBe('memory: new');
    expect(await isolate().read(key)).toBe('regional: new');
    expect(await isolate('engine-third').read(key)).toBe('redis: new');
  });
});

describe('a soft purge', () => {
  test.each(targets)('of %s makes every copy stale: not served as fresh', async (target) => {
    const key = newKey();
    const one = await stored(key);
    const two = isolate();
    await two.read(key);
    await one.purge(target, key, 'soft');
    expect(await one.read(key)).toBe('miss: stale');
    two.advance(COHERENCE_MS);
    expect(await two.read(key)).toBe('miss: stale');
    expect(await isolate('engine-soft').read(key)).toBe('miss: stale');
  });

  test('does not hide an older hard one, nor does a newer hard one leave it stale', async () => {
    const key = newKey();
    const one = await stored(key);
    await one.purge(tagTarget('user:42'), key, 'hard');
    await one.purge(tagTarget('user:42'), key, 'soft');
    expect(await one.read(key)).toBe('miss: purged');
    const other = newKey();
    const two = await stored(other);
    await two.purge(tagTarget('user:42'), other, 'soft');
    await two.purge(tagTarget('user:42'), other, 'hard');
    expect(await two.read(other)).toBe('miss: purged');
  });
});

describe('marks that were trimmed', () => {
  test('of keys: copies from before them are not served, the entry in Redis is', async () => {
    const key = newKey();
    const trimming = { copiesMs: 0, cap: 32 };
    const one = await stored(key, isolate('engine', trimming));
    const far = isolate('engine-trimmed', trimming);
    expect(await far.read(key)).toBe('redis: old');
    // Two marks of other keys: the later one trims the earlier, and raises the key floor above our entry.
    for (const name of ['x', 'y']) await one.purge(keyTarget(name), key);
    far.advance(COHERENCE_MS);
    for (const reader of [one, far, isolate('engine', trimming)])
      expect(await reader.read(key)).toBe('redis: old');
    // It was not brought nearer: there it would never be served.
    expect(await far.read(key)).toBe('redis: old');
  });

  test('of a key itself: its old copy is not served, and nothing stands in Redis', async () => {
    const key = newKey();
    const trimming = { copiesMs: 0, cap: 32 };
    const one = await stored(key, isolate('engine', trimming));
    const two = isolate('engine', trimming);
    expect(await two.read(key)).toBe('regional: old');
    for (const name of ['n:users:42', 'x', 'y']) await one.purge(keyTarget(name), key);
    two.advance(COHERENCE_MS);
    for (const reader of [one, two, isolate('engine', trimming)])
      expect(await reader.read(key)).toMatch(/^miss/);
  });

  test('of tags: everything from before them is a miss', async () => {
    const key = newKey();
    const trimming = { entriesMs: 0, cap: 32 };
    const one = await stored(key, isolate('engine', trimming));
    const two = isolate('engine', trimming);
    expect(await two.read(key)).toBe('regional: old');
    for (const name of ['user:42', 'x', 'y']) await one.purge(tagTarget(name), key);
    two.advance(COHERENCE_MS);
    for (const reader of [one, two, isolate('engine', trimming), isolate('engine-t', trimming)])
      expect(await reader.read(key)).toMatch(/^miss/);
  });

  test('a load that began before the floor was raised is stored nowhere that anybody reads', async () => {
    const key = newKey();
    const trimming = { entriesMs: 0, cap: 32 };
    const [loader, purger] = [isolate('engine', trimming), isolate('engine', trimming)];
    const finish = await loader.beginLoad(key);
    for (const name of ['user:42', 'x', 'y']) await purger.purge(tagTarget(name), key);
    await finish(value('old'));
    expect(await purger.read(key)).toMatch(/^miss/);
    expect(await isolate().read(key)).toMatch(/^miss/);
    loader.advance(COHERENCE_MS);
    expect(await loader.read(key)).toMatch(/^miss/);
  });
});

describe('a view that has no room for all marks', () => {
  const SMALL = 40_000;
  const forgetful = (): EngineIsolate =>
    engineIsolate(endpoint, KEEP_ALL, COHERENCE_MS, 'engine', SMALL);
  /** More than a quarter of that. */
  const others = (make: (name: string) => Target) =>
    Array.from({ length: 100 }, (_, at) => make(`other:${at}`));

  test.each(targets)('still serves nothing from before a purge of %s', async (target) => {
    const key = newKey();
    const one = await stored(key, forgetful());
    const purger = isolate();
    await purger.purge(target, key);
    for (const make of [keyTarget, tagTarget])
      for (const other of others(make)) await purger.purge(other, key);
    one.advance(COHERENCE_MS);
    expect(await one.read(key)).toMatch(/^miss/);
    expect(await forgetful().read(key)).toMatch(/^miss/);
    // And what is loaded from now on is served.
    expect(await (await one.beginLoad(key))(value('new'))).toBe('stored');
    expect(await one.read(key)).toBe('memory: new');
    expect(await forgetful().read(key)).toBe('regional: new');
  });

  test('forgets marks of keys first: the entry in Redis is served, its copies are not', async () => {
    const key = newKey();
    const one = await stored(key, forgetful());
    const purger = isolate();
    for (const other of others(keyTarget)) await purger.purge(other, key);
    one.advance(COHERENCE_MS);
    expect(await one.read(key)).toBe('redis: old');
    expect(await purger.read(key)).toBe('regional: old');
  });
});

describe('two loads of one key', () => {
  test('in one isolate: the older one, which ends later, replaces the newer one nowhere', async () => {
    const key = newKey();
    const one = isolate();
    const finishOlder = await one.beginLoad(key);
    await one.purge(tagTarget('something else'), key);
    const finishNewer = await one.beginLoad(key);
    expect(await finishNewer(value('newer'))).toBe('stored');
    await endpoint.resetCounts();
    expect(await finishOlder(value('older'))).toBe('newer');
    // Not even offered to Redis, whose refusal may be lost.
    expect((await endpoint.counts()).requests).toBe(0);
    expect(await one.read(key)).toBe('memory: newer');
    expect(await isolate().read(key)).toBe('regional: newer');
    expect(await isolate('engine-older').read(key)).toBe('redis: newer');
  });

  test('in one isolate, of the same knowledge: the one that ends later stands', async () => {
    const key = newKey();
    const one = isolate();
    const finishes = [await one.beginLoad(key), await one.beginLoad(key)];
    for (const [at, finish] of finishes.entries())
      expect(await finish({ ...value(`load ${at}`), loadMs: 1000 })).toBe('stored');
    expect(await one.read(key)).toBe('memory: load 1');
    expect(await isolate('engine-equal').read(key)).toBe('redis: load 1');
  });

  test('the one that knows more stands, whichever ends first', async () => {
    const key = newKey();
    const [slow, fast] = [isolate(), isolate()];
    const finishSlow = await slow.beginLoad(key);
    await fast.purge(tagTarget('something else'), key);
    const finishFast = await fast.beginLoad(key);
    await finishFast(value('newer'));
    await finishSlow(value('older'));
    expect(await isolate('engine-two').read(key)).toBe('redis: newer');
    expect(await fast.read(key)).toBe('memory: newer');
    // What others do not see, the loser does not keep either.
    expect(await slow.read(key)).not.toContain('older');
  });
});
