import { describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { tagTarget } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { lookAll, named, noting, obtainAll } from './batch.ts';
import { gate, never } from './timeline.ts';
import { MINUTE, world, type Isolate } from './world.ts';

const down = (): Promise<never> => Promise.reject(new AuthorityUnavailable('down'));
const requests = (here: Isolate): string[] => here.asked.splice(0);

describe('looking many up', () => {
  test('asks once for all that this isolate does not hold, whatever is missing', async () => {
    const { isolate, time } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    const hundred = Array.from({ length: 100 }, (_, at) => `${at}`);
    await obtainAll(elsewhere, hundred.slice(0, 60), noting().load, { tags: ['a', 'b', 'c'] });
    await elsewhere.settle();
    requests(here);
    const first = await lookAll(here, hundred);
    expect(first.slice(0, 60)).toEqual(hundred.slice(0, 60));
    expect(new Set(first.slice(60))).toEqual(new Set(['absent']));
    expect(requests(here)).toEqual(['read']);
    await lookAll(here, hundred.slice(0, 60));
    expect(requests(here)).toEqual([]);
    // Past the bound, what is held takes one poll, which a read of the missing ones brings along.
    await time.advance(1000);
    await lookAll(here, hundred.slice(0, 60));
    expect(requests(here)).toEqual(['read']);
    await time.advance(1000);
    await lookAll(here, hundred);
    expect(requests(here)).toEqual(['read']);
  });

  test('asks once past the bound also when some of what is held is past its ttl', async () => {
    const { isolate, time } = world();
    const here = isolate();
    await obtainAll(here, ['stale'], noting().load, { ttl: 500, sie: MINUTE });
    await here.settle();
    await time.advance(1000);
    requests(here);
    expect(await lookAll(here, ['stale', 'absent'])).toEqual(['stale', 'absent']);
    expect(requests(here)).toEqual(['read']);
  });

  test('more than 500 keys take a request for each 500', async () => {
    const { isolate } = world();
    const here = isolate();
    await isolate().obtain(() => 'makes the ledger');
    await lookAll(
      here,
      Array.from({ length: 1001 }, (_, at) => `${at}`),
    );
    expect(requests(here)).toEqual(['read', 'read', 'read']);
    expect(await lookAll(here, [])).toEqual([]);
    expect(requests(here)).toEqual([]);
  });

  test('honours a purge that the read itself brought, also for what this isolate holds', async () => {
    const { isolate, time } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    await obtainAll(here, ['a', 'b'], noting().load, { tags: ['x'] });
    await here.settle();
    await elsewhere.purge([tagTarget('x')]);
    await time.advance(1000);
    expect(await lookAll(here, ['a', 'b', 'c'])).toEqual(['purged', 'purged', 'absent']);
  });

  test('without an answer serves what is held as long as it may, unverified', async () => {
    const { isolate, time } = world();
    let broken = false;
    const here = isolate({
      wrap: (real) => ({ read: (...args) => (broken ? down() : real.read(...args)) }),
    });
    await obtainAll(here, ['a'], noting().load);
    await here.settle();
    broken = true;
    await time.advance(2000);
    expect(await lookAll(here, ['a', 'b'])).toEqual(['a', 'unavailable']);
    expect(here.events.findLast(({ type }) => type === 'hit')).toMatchObject({ verified: false });
    await time.advance(30_000);
    expect(await lookAll(here, ['a'])).toEqual(['unavailable']);
  });
});

describe('obtaining many', () => {
  test('loads exactly the missing ones, in order, in one call, and stores them in one request', async () => {
    const { isolate } = world();
    const here = isolate();
    await obtainAll(here, ['b', 'd'], noting('old ').load);
    await here.settle();
    requests(here);
    const { load, calls } = noting();
    expect(await obtainAll(here, ['e', 'b', 'a', 'd', 'c'], load)).toEqual([
      'e',
      'old b',
      'a',
      'old d',
      'c',
    ]);
    await here.settle();
    expect(calls).toEqual([['e', 'a', 'c']]);
    expect(requests(here)).toEqual(['read', 'commit']);
    expect(await lookAll(isolate(), ['a', 'b', 'c', 'd', 'e'])).toEqual([
      'a',
      'old b',
      'c',
      'old d',
      'e',
    ]);
  });

  test('joins what is being loaded, by one or by many, and loads the rest', async () => {
    const { isolate } = world();
    const here = isolate();
    const [one, many] = [gate<string>(), gate()];
    const single = here.obtain(() => one.opened, {}, named(['a'])[0]);
    const batch = obtainAll(here, ['b', 'c'], async (names) => {
      await many.opened;
      return names;
    });
    await turn();
    const { load, calls } = noting('mine ');
    const third = obtainAll(here, ['a', 'b', 'd'], load);
    const lone = here.obtain(never, {}, named(['c'])[0]);
    await turn();
    expect(calls).toEqual([['d']]);
    one.open('a by one');
    many.open();
    expect(await single).toBe('a by one');
    expect(await batch).toEqual(['b', 'c']);
    expect(await third).toEqual(['a by one', 'b', 'mine d']);
    expect(await lone).toBe('c');
    expect(calls).toEqual([['d']]);
  });

  test('a key without a value stays undefined and is not stored', async () => {
    const { isolate, store } = world();
    const here = isolate();
    expect(await obtainAll(here, ['a', 'b'], () => ['a', undefined])).toEqual(['a', undefined]);
    await here.settle();
    expect(store.copies.size).toBe(1);
    expect(here.parts.flights.size).toBe(0);
  });

  test('those who ask after a purge do not get what was being loaded before it', async () => {
    const { isolate } = world();
    const here = isolate();
    const slow = gate<readonly string[]>();
    const making = { tags: ['x'] };
    const before = obtainAll(here, ['a', 'b'], () => slow.opened, making);
    await turn();
    await here.purge([tagTarget('x')]);
    const after = obtainAll(here, ['a', 'b'], noting('new ').load, making);
    await turn();
    slow.open(['old a', 'old b']);
    expect(await before).toEqual(['old a', 'old b']);
    expect(await after).toEqual(['new a', 'new b']);
    await here.settle();
    expect(await lookAll(here, ['a', 'b'])).toEqual(['new a', 'new b']);
    expect(await lookAll(isolate(), ['a', 'b'])).toEqual(['new a', 'new b']);
  });

  test('what another caller has loaded while this one read is not loaded again', async () => {
    const { isolate } = world();
    const slow = gate();
    let reads = 0;
    const here = isolate({
      wrap: (real) => ({
        read: async (...args) => {
          reads += 1;
          const mine = reads;
          const answer = await real.read(...args);
          if (mine === 2) await slow.opened;
          return answer;
        },
      }),
    });
    const { load, calls } = noting();
    const first = obtainAll(here, ['a'], load);
    const second = obtainAll(here, ['a'], load);
    await first;
    await here.settle();
    slow.open();
    expect(await second).toEqual(['a']);
    expect(calls).toEqual([['a']]);
  });
});
