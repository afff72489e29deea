import { afterEach, describe, expect, test } from 'vitest';
import { AuthorityUnavailable, OutcomeUnknown } from '../../src/index.ts';
import type { EndpointFaults } from '../support/control.ts';
import {
  deployLibrary,
  type Library,
  type LibraryIsolate,
  type Value,
} from '../support/library.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 5000;
const MAX_UNVERIFIED_MS = 20_000;
const REDIS_TIMEOUT_MS = 300;
/** Longer than a breaker ever stays open. */
const BREAKER_MS = 31_000;
/** Far above a few time limits, far below how long the faults last. */
const SOON_MS = 5000;

const { clock } = stage();
const endpoint = await endpointOfThisFile();
afterEach(() => endpoint.link('open'));

const deployed = (): Library =>
  deployLibrary(endpoint, {
    coherenceMs: COHERENCE_MS,
    maxUnverifiedMs: MAX_UNVERIFIED_MS,
    redisTimeout: REDIS_TIMEOUT_MS,
  });

const value: Value = { text: 'loaded', tags: ['a'] };
const load = (): Promise<Value> => Promise.resolve(value);
const loadMany = (missing: readonly unknown[]): readonly Value[] => missing.map(() => value);

const page = '<!doctype html><html><head><title>502</title></head><body>Bad gateway</body></html>';
const faults: readonly (readonly [string, EndpointFaults])[] = [
  ['resets every connection', { reset: true }],
  ['never answers', { hang: true }],
  ['answers past the time limit', { delayMs: 3 * REDIS_TIMEOUT_MS }],
  ['answers 500', { status: 500 }],
  ['answers 429', { status: 429 }],
  ['answers 401', { status: 401 }],
  ['answers 500 that is no JSON', { status: 500, body: 'oops' }],
  ['answers an HTML page with 200', { status: 200, body: page, contentType: 'text/html' }],
  ['answers an HTML page with 502', { status: 502, body: page, contentType: 'text/html' }],
  ['answers garbage', { status: 200, body: '\u0000\u0001 garbage \uFFFD' }],
  ['answers truncated JSON', { truncate: true }],
  ['answers JSON that was cut in two', { status: 200, body: '[{"result":["TCL1' }],
  ['answers nothing', { status: 200, body: '' }],
  ['answers null', { status: 200, body: 'null' }],
  ['answers an empty object', { status: 200, body: '{}' }],
  ['answers an empty list', { status: 200, body: '[]' }],
  ['answers fewer replies than commands', { status: 200, body: '[{"result":null}]' }],
  [
    'answers other types',
    { status: 200, body: '[{"result":7},{"result":{"a":1}},{"result":true}]' },
  ],
  [
    'answers lists of something else',
    { status: 200, body: '[{"result":[1,{},[]]},{"result":["x","y"]},{"result":[null]}]' },
  ],
  [
    'answers an error to each command',
    {
      status: 200,
      body: '[{"error":"WRONGTYPE Operation"},{"error":"OOM"},{"error":"LOADING"}]',
    },
  ],
];

/** Each way in which Redis may be of no use. */
const outages: readonly (readonly [string, () => Promise<void>])[] = [
  ...faults.map(([name, fault]) => [name, () => endpoint.setFaults(fault)] as const),
  ['is not behind its endpoint', () => endpoint.link('cut')],
  ['is stuck behind its endpoint', () => endpoint.link('paused')],
];

/** What a rejected promise rejects with. */
async function failure(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  return 'error' in outcome ? outcome.error : `It resolved with ${JSON.stringify(outcome.answer)}.`;
}

const isOneOf =
  (...classes: readonly (new (message: string) => Error)[]) =>
  (error: unknown): boolean =>
    classes.some((one) => error instanceof one);

async function recovered(library: Library, isolate: LibraryIsolate): Promise<void> {
  await endpoint.clearFaults();
  await endpoint.link('open');
  clock.advance(BREAKER_MS);
  expect(await isolate.values.getOrSet('recovered', load)).toEqual(value);
  await isolate.settled();
  const other = library.isolate();
  expect(await other.values.get('recovered')).toEqual(value);
}

describe.each(outages)('while Redis %s', (_, begin) => {
  test('a cold isolate hands on what loaders load, in time, and finds nothing', async () => {
    const library = deployed();
    await begin();
    const here = library.isolate();
    const started = performance.now();
    expect(await here.values.getOrSet('one', load)).toEqual(value);
    expect(await here.leased.getOrSet('two', load)).toEqual(value);
    expect(await here.values.getOrSetMany(['three', 'four'], loadMany)).toEqual([value, value]);
    expect(await here.values.get('five')).toBeUndefined();
    expect(await here.values.getMany(['six', 'seven'])).toEqual([undefined, undefined]);
    expect(await here.values.has('eight')).toBe(false);
    expect(await here.values.entry('nine')).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    expect(here.events.map(({ type }) => type)).toContain('error');
    await here.settled();
    await recovered(library, here);
  });

  test('an isolate that knows the ledger keeps what loaders load, and past its bound serves it unverified', async () => {
    const library = deployed();
    const here = library.isolate();
    await here.values.getOrSet('known', load);
    await here.settled();
    await begin();
    for (const [name, key] of [
      ['values', 'one'],
      ['leased', 'two'],
    ] as const) {
      expect(await here[name].getOrSet(key, load)).toEqual(value);
      expect(await here[name].get(key)).toEqual(value);
    }
    const many = await here.values.getOrSetMany(['known', 'three'], loadMany);
    expect(many).toEqual([value, value]);
    clock.advance(COHERENCE_MS);
    for (const key of ['known', 'one', 'three']) {
      const fail = (): never => {
        throw new Error('It was loaded again.');
      };
      expect(await here.values.getOrSet(key, fail)).toEqual(value);
      expect(await here.values.getMany([key])).toEqual([value]);
      expect(await here.values.getOrSetMany([key], fail)).toEqual([value]);
      expect(await here.values.entry(key)).toMatchObject({ tier: 'memory', verified: false });
    }
    clock.advance(MAX_UNVERIFIED_MS);
    expect(await here.values.get('known')).toBeUndefined();
    expect(await here.values.getOrSet('known', load)).toEqual(value);
    await here.settled();
    await recovered(library, here);
  });

  test('writes and purges say that they failed, by an error of the contract, and reads go on', async () => {
    const library = deployed();
    const here = library.isolate();
    const stamped = await here.stamp();
    await here.values.set('known', value);
    await begin();
    const written = isOneOf(AuthorityUnavailable, OutcomeUnknown);
    const marked = isOneOf(AuthorityUnavailable);
    expect(await failure(here.values.set('known', value))).toSatisfy(written);
    expect(await failure(here.values.setMany([['a', value]]))).toSatisfy(written);
    const both = here.values.setMany(
      [
        ['a', value],
        ['b', value],
      ],
      { stamp: stamped },
    );
    expect(await failure(both)).toSatisfy(written);
    expect(await failure(here.values.delete('known'))).toSatisfy(marked);
    expect(await failure(here.values.purge({ keys: ['known'] }))).toSatisfy(marked);
    expect(await failure(here.purge({ tags: ['a'] }))).toSatisfy(marked);
    expect(await failure(here.purge({ all: true }))).toSatisfy(marked);
    expect(await failure(here.cache.purgeEverything())).toSatisfy(marked);
    clock.advance(COHERENCE_MS);
    expect(await failure(library.isolate().stamp())).toSatisfy(marked);
    const cold = library.isolate();
    expect(await failure(cold.values.set('known', value))).toSatisfy(written);
    expect(await failure(cold.values.touch('known'))).toSatisfy(written);
    expect(await here.values.getOrSet('known', load)).toEqual(value);
    await here.settled();
    await recovered(library, here);
  });
});

describe('the errors of a write', () => {
  test('say whether anything was sent', async () => {
    const here = deployed().isolate();
    await here.values.get('anything');
    await endpoint.setFaults({ hang: true });
    const unknown = await failure(here.values.set('key', value));
    expect(unknown).toBeInstanceOf(OutcomeUnknown);
    expect(unknown).toMatchObject({ code: 'outcome_unknown', retryable: false });
    // The breaker is open.
    await endpoint.resetCounts();
    const refused = await failure(here.values.set('key', value));
    expect(refused).toBeInstanceOf(AuthorityUnavailable);
    expect(refused).toMatchObject({ code: 'authority_unavailable', retryable: true });
    expect((await endpoint.counts()).requests).toBe(0);
  });

  test('of a purge: it is sent although the breaker is open', async () => {
    const here = deployed().isolate();
    await endpoint.setFaults({ hang: true });
    await here.values.get('anything');
    await endpoint.resetCounts();
    expect(await failure(here.values.delete('key'))).toBeInstanceOf(AuthorityUnavailable);
    expect((await endpoint.counts()).requests).toBe(1);
  });

  test('a set whose reply was lost leaves nothing older behind in its isolate', async () => {
    const here = deployed().isolate();
    await here.values.set('key', { text: 'old' });
    await endpoint.setFaults({ truncate: true, times: 1 });
    expect(await failure(here.values.set('key', { text: 'new' }))).toBeInstanceOf(OutcomeUnknown);
    expect(await here.values.get('key')).not.toEqual({ text: 'old' });
  });
});

describe('a Redis that is dead', () => {
  const requests = async (): Promise<number> => (await endpoint.counts()).requests;
  let number = 0;
  const key = (): string => `key:${(number += 1)}`;

  test('and silent costs one deadline once, then nothing until the probe, one by one; then it recovers by itself', async () => {
    const library = deployed();
    const here = library.isolate();
    await here.values.getOrSet('kept', load);
    await here.settled();
    clock.advance(COHERENCE_MS);
    await endpoint.setFaults({ hang: true });
    await endpoint.resetCounts();

    const started = performance.now();
    expect(await here.leased.getOrSet(key(), load)).toEqual(value);
    const once = performance.now() - started;
    expect(once).toBeGreaterThan(REDIS_TIMEOUT_MS * 0.9);
    expect(once).toBeLessThan(REDIS_TIMEOUT_MS * 2);
    await here.settled();
    expect(await requests()).toBe(1);
    expect(here.cache.stats().stores.at(-1)).toMatchObject({ name: 'redis', circuit: 'open' });

    const next = performance.now();
    for (let at = 0; at < 20; at += 1) {
      expect(await here.leased.getOrSet(key(), load)).toEqual(value);
      expect(await here.values.get('kept')).toEqual(value);
      await here.values.getOrSetMany([key(), key()], loadMany);
      await here.values.getMany([key(), key()]);
    }
    await here.settled();
    expect(await requests()).toBe(1);
    expect(performance.now() - next).toBeLessThan(REDIS_TIMEOUT_MS);

    for (const [probe, passed] of [1000, 2000, 4000].entries()) {
      clock.advance(passed);
      const many = Array.from({ length: 20 }, () => here.leased.getOrSet(key(), load));
      expect(await Promise.all(many)).toEqual(many.map(() => value));
      await here.settled();
      expect(await requests()).toBe(2 + probe);
      expect(await here.values.get('kept')).toEqual(value);
      expect(await requests()).toBe(2 + probe);
    }

    await endpoint.clearFaults();
    clock.advance(BREAKER_MS);
    expect(await here.values.getOrSet('back', load)).toEqual(value);
    await here.settled();
    expect(here.cache.stats().stores.at(-1)).toMatchObject({ circuit: 'closed' });
    expect(await library.isolate().values.get('back')).toEqual(value);
    const states = here.events.flatMap((event) => (event.type === 'circuit' ? [event.state] : []));
    const failed = ['half_open', 'open'];
    expect(states).toEqual(['open', ...failed, ...failed, ...failed, 'half_open', 'closed']);
  });

  test('a thousand callers at once wait for it no longer than one does', async () => {
    const thousand = async (): Promise<number> => {
      const here = deployed().isolate();
      const started = performance.now();
      const served = await Promise.all(
        Array.from({ length: 1000 }, () => here.values.getOrSet(key(), load)),
      );
      const took = performance.now() - started;
      expect(new Set(served.map(({ text }) => text))).toEqual(new Set([value.text]));
      await here.settled();
      return took;
    };
    // What a thousand cost on this machine, with or without waiting.
    const usual = await thousand();
    await endpoint.setFaults({ hang: true });
    expect((await thousand()) - usual).toBeLessThan(REDIS_TIMEOUT_MS * 3);
  });

  test('and quick to say so is left alone after a few requests', async () => {
    const here = deployed().isolate();
    await endpoint.setFaults({ reset: true });
    for (let at = 0; at < 10; at += 1) await here.values.getOrSet(key(), load);
    await here.settled();
    await endpoint.resetCounts();
    for (let at = 0; at < 20; at += 1) {
      expect(await here.values.getOrSet(key(), load)).toEqual(value);
      await here.values.getMany([key(), key()]);
    }
    await here.settled();
    expect(await requests()).toBe(0);
  });

  test('one slow answer among good ones does not open the breaker', async () => {
    const here = deployed().isolate();
    for (let at = 0; at < 10; at += 1) await here.values.get(key());
    await endpoint.setFaults({ hang: true, times: 1 });
    const slow = here.values.get(key());
    await expect.poll(requests, { timeout: 10_000 }).toBeGreaterThan(10);
    for (let at = 0; at < 5; at += 1) await here.values.get(key());
    expect(await slow).toBeUndefined();
    expect(here.cache.stats().stores.at(-1)).toMatchObject({ circuit: 'closed' });
  });
});

describe('what is stale and asked for as such', () => {
  const SWR = { ttl: '10s', staleWhileRevalidate: '1h' } as const;

  test.each([
    ['within the time that copies may be served unverified', 0, value],
    ['but not when that time ends while Redis is waited for', MAX_UNVERIFIED_MS, undefined],
  ])('is served without Redis, %s', async (_, passing, expected) => {
    const here = deployed().isolate();
    await here.values.set('a', value, SWR);
    clock.advance(15_000);
    await endpoint.setFaults({ hang: true });
    const reads = [
      here.values.get('a', { stale: true }),
      here.values.getMany(['a'], { stale: true }).then(([one]) => one),
    ];
    clock.advance(passing);
    for (const read of reads) expect(await read).toEqual(expected);
    await here.settled();
    const stale = here.events.filter(({ type }) => type === 'stale');
    expect(stale.map((event) => 'verified' in event && event.verified)).toEqual(
      expected ? [false, false] : [],
    );
  });
});
