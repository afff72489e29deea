import { describe, expect, test } from 'vitest';
import type { SupersedeOutcome } from '../../../src/authority/authority.ts';
import type { Stamp } from '../../../src/codec/stamp.ts';
import { AuthorityUnavailable, OutcomeUnknown } from '../../../src/errors.ts';
import { stampOf, supersede } from '../../../src/engine/supersede.ts';
import { prefixTarget, tagTarget, TENANT_TARGET } from '../../../src/tenant/target.ts';
import { turn } from '../support/runtime.ts';
import { gate, never } from './timeline.ts';
import {
  acme,
  counting,
  draftOf,
  key,
  keys,
  preparedText,
  textOf,
  world,
  type Isolate,
  type Making,
} from './world.ts';

const put = async (
  here: Isolate,
  text: string,
  making: Making = {},
  knownAs?: Stamp,
): Promise<SupersedeOutcome | undefined> => {
  const draft = draftOf(here.runtime.now(), text, making);
  const setting = { key, draft, prepared: preparedText(text), lifetimes: undefined };
  const [outcome] = await supersede(here.parts, [setting], knownAs, here.runtime);
  return outcome;
};

describe('a set', () => {
  test('stands in place of what anybody holds', async () => {
    const { time, isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    await here.obtain(() => 'old');
    await here.settle();
    await elsewhere.obtain(never);
    expect(await put(here, 'set')).toMatchObject({ stored: true });
    expect(await here.obtain(never)).toBe('set');
    await time.advance(1000);
    expect(await elsewhere.obtain(never)).toBe('set');
  });

  test('during a load wins; who asked before gets the load’s value, who asks after gets the set one', async () => {
    const { isolate } = world();
    const here = isolate();
    const old = gate<string>();
    const before = here.obtain(() => old.opened);
    await turn();
    await put(here, 'set');
    const { load, calls } = counting();
    expect(await here.obtain(load)).toBe('set');
    old.open('old');
    expect(await before).toBe('old');
    await here.settle();
    expect(await here.obtain(load)).toBe('set');
    expect(await isolate().obtain(load)).toBe('set');
    expect(calls).toHaveLength(0);
  });

  test('during a load wins here also while the authority has not refused the load yet', async () => {
    const refusing = gate();
    const { isolate } = world();
    const here = isolate({
      wrap: (real) => ({
        commit: async (writes) => {
          await refusing.opened;
          return real.commit(writes);
        },
      }),
    });
    const old = gate<string>();
    const before = here.obtain(() => old.opened);
    await turn();
    await put(here, 'set');
    old.open('old');
    await before;
    expect(await here.obtain(never)).toBe('set');
    refusing.open();
    await here.settle();
    expect(await here.obtain(never)).toBe('set');
  });

  test('in another isolate during a load wins as well', async () => {
    const { isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    const old = gate<string>();
    const before = here.obtain(() => old.opened);
    await turn();
    await put(elsewhere, 'set');
    old.open('old');
    expect(await before).toBe('old');
    await here.settle();
    expect(await here.obtain(never)).toBe('set');
  });

  test('is not undone here by a read that was sent before it and is answered after it', async () => {
    const slow = gate();
    let held = false;
    const { isolate } = world();
    await isolate().obtain(() => 'old');
    const here = isolate({
      wrap: (real) => ({
        read: async (...args) => {
          const answer = await real.read(...args);
          if (held && args[1].length > 0) await slow.opened;
          return answer;
        },
      }),
    });
    await here.parts.coherence.check(acme, here.runtime);
    held = true;
    const before = here.obtain(never);
    await turn();
    await put(here, 'set');
    held = false;
    slow.open();
    expect(await before).toBe('set');
    await here.settle();
    expect(await here.obtain(never)).toBe('set');
  });

  test('is not undone here by the answer to an older one that arrives after it', async () => {
    const slow = gate();
    let sets = 0;
    const { isolate } = world();
    const here = isolate({
      wrap: (real) => ({
        supersede: async (writes) => {
          sets += 1;
          const mine = sets;
          const outcomes = await real.supersede(writes);
          if (mine === 1) await slow.opened;
          return outcomes;
        },
      }),
    });
    await here.parts.coherence.check(acme, here.runtime);
    const first = put(here, 'first');
    await turn();
    await put(here, 'second');
    slow.open();
    await first;
    expect(await here.obtain(never)).toBe('second');
  });

  const hits = [
    ['its tag', tagTarget('team:x')],
    ['a prefix', prefixTarget('n:users')],
    ['the tenant', TENANT_TARGET],
  ] as const;
  test.for(hits)('computed before a purge of %s is not stored', async ([, target]) => {
    const { isolate, store } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    await here.obtain(() => 'old', { tags: ['team:x'] });
    const stamp = await stampOf(here.parts, key, here.runtime);
    await elsewhere.purge([target]);
    expect(await put(here, 'set', { tags: ['team:x'] }, stamp)).toEqual({
      stored: false,
      reason: 'superseded',
    });
    expect(here.count('set_dropped', 'superseded')).toBe(1);
    expect(here.memory.entries).toBe(0);
    expect([...store.copies.values()].map(({ entry }) => textOf(entry))).not.toContain('set');
  });

  test('without a stamp takes what is known now, which a poll renews when it is too old', async () => {
    const { time, isolate } = world();
    const [here, elsewhere] = [isolate(), isolate()];
    await here.obtain(() => 'old', { tags: ['team:x'] });
    await here.settle();
    await elsewhere.purge([tagTarget('team:x')]);
    await time.advance(1000);
    expect(await put(here, 'set', { tags: ['team:x'] })).toMatchObject({ stored: true });
  });
});

describe('a set that fails', () => {
  test('with an unknown outcome drops the copy that stood here, and tells the caller', async () => {
    const { isolate } = world();
    const here = isolate({
      wrap: (real) => ({
        supersede: async (writes) => {
          await real.supersede(writes);
          throw new OutcomeUnknown('reply lost');
        },
      }),
    });
    await here.obtain(() => 'old');
    await here.settle();
    await expect(put(here, 'set')).rejects.toThrow(OutcomeUnknown);
    expect(here.memory.entries).toBe(0);
    expect(here.asked.filter((name) => name === 'supersede')).toHaveLength(1);
    expect(await here.obtain(never)).toBe('set');
    expect(here.count('error')).toBe(1);
  });

  test('because nothing could be sent changes nothing for others', async () => {
    const { isolate } = world();
    const here = isolate({
      wrap: () => ({ supersede: () => Promise.reject(new AuthorityUnavailable('down')) }),
    });
    await here.obtain(() => 'old');
    await here.settle();
    await expect(put(here, 'set')).rejects.toThrow(AuthorityUnavailable);
    expect(await isolate().obtain(never)).toBe('old');
  });

  test('without a known ledger is rejected before anything is sent', async () => {
    const { isolate } = world();
    const here = isolate({
      wrap: () => ({ read: () => Promise.reject(new AuthorityUnavailable('down')) }),
    });
    await expect(put(here, 'set')).rejects.toThrow(AuthorityUnavailable);
    expect(here.asked).not.toContain('supersede');
  });
});

test('many are set in one request, each with an outcome of its own', async () => {
  const { isolate } = world();
  const [here, elsewhere] = [isolate(), isolate()];
  const stamp = await stampOf(here.parts, key, here.runtime);
  await elsewhere.purge([tagTarget('b')]);
  here.asked.length = 0;
  const settings = ['a', 'b', 'c'].map((name) => ({
    key: keys.key(acme, `n:users:${name}`),
    draft: draftOf(here.runtime.now(), name, { tags: [name] }),
    prepared: preparedText(name),
    lifetimes: undefined,
  }));
  const outcomes = await supersede(here.parts, settings, stamp, here.runtime);
  expect(outcomes.map(({ stored }) => stored)).toEqual([true, false, true]);
  expect(here.asked).toEqual(['supersede']);
  expect(await supersede(here.parts, [], undefined, here.runtime)).toEqual([]);
});
