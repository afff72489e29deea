import { describe, expect, test } from 'vitest';
import { memory, regional } from '../../src/index.ts';
import { deployLibrary, numbered, type LibraryIsolate, type Value } from '../support/library.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 10_000;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();

const value: Value = { text: 'loaded', tags: ['a', 'b', 'c'] };
const load = (): Promise<Value> => Promise.resolve(value);

/** A deployment whose tenant has a ledger, on a server that knows the scripts: as it is from its second request on. */
async function deployed() {
  const library = deployLibrary(endpoint, { coherenceMs: COHERENCE_MS });
  const first = library.isolate();
  await first.values.getOrSet('warm-up', load);
  await first.values.set('warm-up', value);
  await first.values.delete('warm-up');
  await first.settled();
  return library;
}

/** What `work` sends to Redis, also behind the answer. */
async function sent(
  isolate: LibraryIsolate,
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  await endpoint.resetCounts();
  await work();
  await isolate.settled();
  const { requests, byCommand } = await endpoint.counts();
  return { requests, ...byCommand };
}

const NOTHING = { requests: 0 };
const ONE_READ = { requests: 1, MGET: 1, ZRANGE: 1 };
const ONE_POLL = { requests: 1, ZRANGE: 1 };
const ONE_WRITE = { requests: 1, EVALSHA: 1 };
const READ_AND_WRITE = { requests: 2, MGET: 1, ZRANGE: 1, EVALSHA: 1 };

describe('one key', () => {
  test('a cold getOrSet that misses is one read and one write', async () => {
    const here = (await deployed()).isolate();
    expect(await sent(here, () => here.values.getOrSet('cold', load))).toEqual(READ_AND_WRITE);
    // The ledger is known now: it is the same.
    expect(await sent(here, () => here.values.getOrSet('next', load))).toEqual(READ_AND_WRITE);
  });

  test('with a lease it is one more, and the lease is given back by the write', async () => {
    const library = await deployed();
    const here = library.isolate();
    const leases = () => endpoint.command('KEYS', `*:t:${library.tenant}:~lease:*`);
    let during: unknown;
    const loading = async (): Promise<Value> => {
      during = await leases();
      return value;
    };
    // The look at the lease is a request of the test's own.
    const counted = await sent(here, () => here.leased.getOrSet('cold', loading));
    expect(during).toHaveLength(1);
    expect(counted).toEqual({ requests: 4, KEYS: 1, SET: 1, MGET: 2, ZRANGE: 2, EVALSHA: 1 });
    expect(await leases()).toEqual([]);
  });

  test('the first request ever of a tenant is one more: the one that makes its ledger', async () => {
    await deployed();
    const here = deployLibrary(endpoint).isolate();
    expect(await sent(here, () => here.values.getOrSet('first', load))).toEqual({
      ...READ_AND_WRITE,
      requests: 3,
      EVALSHA: 2,
    });
  });

  test('a hit in memory within the bound is none, by whichever method', async () => {
    const here = (await deployed()).isolate();
    await here.values.getOrSet('kept', load);
    await here.settled();
    clock.advance(COHERENCE_MS / 2 - 1);
    const reads = async (): Promise<void> => {
      const fail = (): never => {
        throw new Error('It was loaded again.');
      };
      expect(await here.values.getOrSet('kept', fail)).toEqual(value);
      expect(await here.values.get('kept')).toEqual(value);
      expect(await here.values.has('kept')).toBe(true);
      expect(await here.values.entry('kept')).toMatchObject({ value, tier: 'memory' });
      expect(await here.values.getMany(['kept', 'kept'])).toEqual([value, value]);
      expect(await here.values.getOrSetMany(['kept'], fail)).toEqual([value]);
    };
    expect(await sent(here, reads)).toEqual(NOTHING);
  });

  test('a hit past half of the bound is one poll behind the answer, one past the bound a poll before it', async () => {
    const here = (await deployed()).isolate();
    await here.values.getOrSet('kept', load);
    await here.settled();
    for (const passed of [COHERENCE_MS / 2, COHERENCE_MS]) {
      clock.advance(passed);
      expect(await sent(here, () => here.values.get('kept'))).toEqual(ONE_POLL);
    }
  });

  test('a hit that comes from Redis in a second isolate is one, whatever its tags, and then none', async () => {
    const library = await deployed();
    const [one, two] = [library.isolate(), library.isolate()];
    await one.values.getOrSet('shared', load);
    await one.settled();
    const read = async (): Promise<void> => {
      expect(await two.values.getOrSet('shared', () => ({ text: 'again' }))).toEqual(value);
    };
    expect(await sent(two, read)).toEqual(ONE_READ);
    expect(await sent(two, read)).toEqual(NOTHING);
  });

  test('a hit in the regional cache by a second isolate is one poll', async () => {
    const library = deployLibrary(endpoint, {
      coherenceMs: COHERENCE_MS,
      tiers: [memory(), regional()],
    });
    centres.enter('one');
    const [one, two, three] = [library.isolate(), library.isolate(), library.isolate()];
    await one.values.getOrSet('near', load);
    await one.settled();
    expect(await sent(two, () => two.values.getOrSet('near', load))).toEqual(ONE_POLL);
    centres.enter('another');
    expect(await sent(three, () => three.values.getOrSet('near', load))).toEqual(ONE_READ);
  });

  test('a miss of get, has and entry is one read', async () => {
    const library = await deployed();
    for (const method of ['get', 'has', 'entry'] as const) {
      const here = library.isolate();
      expect(await sent(here, () => here.values[method]('nowhere'))).toEqual(ONE_READ);
    }
  });

  test('set is one, however often; a purge and delete are one, whatever they hit', async () => {
    const here = (await deployed()).isolate();
    await here.values.get('something');
    const set = async (): Promise<void> => {
      expect(await here.values.set('set', value)).toEqual({ stored: true });
    };
    expect(await sent(here, set)).toEqual(ONE_WRITE);
    expect(await sent(here, set)).toEqual(ONE_WRITE);
    expect(await sent(here, () => here.values.get('set'))).toEqual(NOTHING);
    expect(await sent(here, () => here.values.delete('set'))).toEqual(ONE_WRITE);
    expect(
      await sent(here, () => here.purge({ tags: ['a', 'b'], prefixes: ['n:values'], all: true })),
    ).toEqual(ONE_WRITE);
  });

  test('delete and a purge by an isolate that has read nothing are one as well', async () => {
    const library = await deployed();
    const [one, two] = [library.isolate(), library.isolate()];
    expect(await sent(one, () => one.values.delete('set'))).toEqual(ONE_WRITE);
    expect(await sent(two, () => two.values.purge({ tags: ['a'] }))).toEqual(ONE_WRITE);
  });

  test('set by an isolate whose view is past its bound asks first what is known by now', async () => {
    const here = (await deployed()).isolate();
    expect(await sent(here, () => here.values.set('set', value))).toMatchObject({ requests: 2 });
    expect(await sent(here, () => here.values.set('set', value))).toEqual(ONE_WRITE);
  });
});

describe('a hundred keys', () => {
  const entries = numbered(100);
  const keys = entries.map(([key]) => key);
  const values = entries.map(([, one]) => one);

  test('setMany is one, and each of them is stored', async () => {
    const library = await deployed();
    const here = library.isolate();
    await here.values.get('something');
    const set = async (): Promise<void> => {
      const results = await here.values.setMany(entries);
      expect(results).toEqual(keys.map(() => ({ stored: true })));
    };
    expect(await sent(here, set)).toEqual({ requests: 1, EVALSHA: 100 });
    expect(await library.isolate().values.getMany(keys)).toEqual(values);
  });

  test('getMany is one when all come from Redis, none after that, and one when there is nothing', async () => {
    const library = await deployed();
    const [one, two] = [library.isolate(), library.isolate()];
    await one.values.setMany(entries);
    const read = async (): Promise<void> => {
      expect(await two.values.getMany(keys)).toEqual(values);
    };
    expect(await sent(two, read)).toEqual(ONE_READ);
    expect(await sent(two, read)).toEqual(NOTHING);
    const three = library.isolate();
    const none = keys.map((key) => `other:${key}`);
    expect(await sent(three, () => three.values.getMany(none))).toEqual(ONE_READ);
  });

  test('getMany with half of them in memory is one, within the bound and past it', async () => {
    const library = await deployed();
    const [one, two] = [library.isolate(), library.isolate()];
    await one.values.setMany(entries);
    await two.values.getMany(keys.slice(0, 50));
    const read = async (): Promise<void> => {
      expect(await two.values.getMany(keys)).toEqual(values);
    };
    clock.advance(COHERENCE_MS);
    expect(await sent(two, read)).toEqual(ONE_READ);
    const three = library.isolate();
    await three.values.getMany(keys.slice(0, 50));
    expect(await sent(three, () => three.values.getMany(keys))).toEqual(ONE_READ);
  });

  test.each(['values', 'leased'] as const)(
    'getOrSetMany is one read and one write (%s), and the loader gets exactly the missing ones',
    async (name) => {
      const library = await deployed();
      const [one, two] = [library.isolate(), library.isolate()];
      const asked: unknown[] = [];
      const loadMany = (missing: readonly unknown[]): readonly Value[] => {
        asked.push(missing);
        return missing.map((key) => values[keys.indexOf(String(key))] ?? { text: 'unknown' });
      };
      const cold = async (): Promise<void> => {
        expect(await one[name].getOrSetMany(keys, loadMany)).toEqual(values);
      };
      expect(await sent(one, cold)).toEqual({ ...READ_AND_WRITE, EVALSHA: 100 });
      expect(asked).toEqual([keys]);
      const more = [...keys, 'more:1', 'more:2'];
      expect(await sent(two, () => two[name].getOrSetMany(more, loadMany))).toEqual({
        ...READ_AND_WRITE,
        EVALSHA: 2,
      });
      expect(asked).toEqual([keys, ['more:1', 'more:2']]);
      expect(await sent(two, () => two[name].getOrSetMany(more, loadMany))).toEqual(NOTHING);
    },
  );
});

describe('a thousand at once', () => {
  const callers = <T>(call: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: 1000 }, call));

  test.each(['values', 'leased'] as const)(
    'getOrSet of one cold key is one load (%s), and all get its value',
    async (name) => {
      const here = (await deployed()).isolate();
      let loads = 0;
      const slow = async (): Promise<Value> => {
        loads += 1;
        await new Promise((resolve) => void setTimeout(resolve, 50));
        return value;
      };
      const all = async (): Promise<void> => {
        const served = await callers(() => here[name].getOrSet('cold', slow));
        expect(new Set(served.map(({ text }) => text))).toEqual(new Set([value.text]));
      };
      const { requests } = await sent(here, all);
      expect.soft(loads).toBe(1);
      expect.soft(requests).toBe(name === 'leased' ? 3 : 2);
    },
  );

  test('a loader that fails is called once, and all hear of it', async () => {
    const here = (await deployed()).isolate();
    let loads = 0;
    const fails = async (): Promise<Value> => {
      loads += 1;
      await new Promise((resolve) => void setTimeout(resolve, 50));
      throw new Error('no origin');
    };
    const heard = await callers(() =>
      here.values.getOrSet('cold', fails).catch((error: unknown) => String(error)),
    );
    expect(new Set(heard)).toEqual(new Set(['Error: no origin']));
    expect(loads).toBe(1);
  });
});
