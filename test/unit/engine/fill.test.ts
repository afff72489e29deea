import { describe, expect, it, test } from 'vitest';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { NOTHING, plainFace } from '../../../src/engine/face.ts';
import { fill } from '../../../src/engine/fill.ts';
import { lookup } from '../../../src/engine/lookup.ts';
import type { Stamp } from '../../../src/codec/stamp.ts';
import { acme, isolate, key, outsideTier, stampOf, textOf, type Isolate } from './isolate.ts';

const OTHER_EPOCH = 'f'.repeat(32);

/** Stamps from before and after a purge of something else. */
async function twoStamps({ coherence, runtime }: Isolate): Promise<{ old: Stamp; now: Stamp }> {
  await coherence.check(acme, runtime);
  const old = stampOf(coherence);
  await runtime.advance(5);
  await coherence.mark(acme, ['t:something else'], 'hard', runtime);
  return { old, now: stampOf(coherence) };
}

const inMemory = (one: Isolate): string | undefined =>
  textOf(one.memory.get(key, one.runtime.now())?.entry);

describe('a load that ends when memory holds', () => {
  test('a newer one: nothing is stored, nothing is committed, and that is said', async () => {
    const outside = outsideTier();
    const one = isolate({ outside: [outside] });
    const { old, now } = await twoStamps(one);
    const { runtime, parts, memory, asked, events } = one;
    const at = runtime.now();
    expect(
      fill(
        parts,
        { key, draft: one.draft('newer'), prepared: NOTHING, stamp: now, startedAt: at },
        runtime,
      ),
    ).toBe('stored');
    await runtime.settle();
    const held = memory.get(key, at);
    asked.length = 0;
    outside.asked.length = 0;
    events.length = 0;
    const behind = runtime.behind.length;

    const late = { key, draft: one.draft('older'), prepared: NOTHING, stamp: old, startedAt: at };
    expect(fill(parts, late, runtime)).toBe('newer');
    expect(memory.get(key, at)).toBe(held);
    expect(runtime.behind).toHaveLength(behind);
    expect(asked).toEqual([]);
    expect(outside.asked).toEqual([]);
    expect(events).toEqual([{ type: 'set_dropped', tenant: 'acme', key: 'e:a', reason: 'newer' }]);
  });

  test('a newer one whose commit was lost: the reader keeps the newer value', async () => {
    let failing = true;
    const one = isolate({
      wrap: (authority) => ({
        commit: (...args) =>
          failing
            ? Promise.reject(new AuthorityUnavailable('The reply was lost.'))
            : authority.commit(...args),
      }),
    });
    const { old, now } = await twoStamps(one);
    const { runtime, parts } = one;
    const startedAt = runtime.now();
    fill(
      parts,
      { key, draft: one.draft('newer'), prepared: NOTHING, stamp: now, startedAt },
      runtime,
    );
    await runtime.settle();
    failing = false;
    fill(
      parts,
      { key, draft: one.draft('older'), prepared: NOTHING, stamp: old, startedAt },
      runtime,
    );
    await runtime.settle();
    const found = await lookup(parts, key, plainFace, runtime);
    expect(textOf(found.found ? found.entry : undefined)).toBe('newer');
  });

  it.each<
    [
      string,
      (stamps: { old: Stamp; now: Stamp }) => Stamp,
      keyof Awaited<ReturnType<typeof twoStamps>>,
    ]
  >([
    ['an older one', ({ old }) => old, 'now'],
    ['one that knew as much', ({ now }) => now, 'now'],
    [
      'one of another epoch, however new',
      ({ now }) => ({ epoch: OTHER_EPOCH, asOf: now.asOf + 99 }),
      'old',
    ],
  ])('%s: it takes its place', async (_what, present, stamp) => {
    const one = isolate();
    const stamps = await twoStamps(one);
    const { runtime, parts, memory } = one;
    const at = runtime.now();
    const entry = one.entry(present(stamps), 'present');
    memory.put({ key, entry, until: at + 1000, heldAt: 0, prepared: NOTHING }, at);
    const load = {
      key,
      draft: one.draft('late'),
      prepared: NOTHING,
      stamp: stamps[stamp],
      startedAt: at,
    };
    expect(fill(parts, load, runtime)).toBe('stored');
    await runtime.settle();
    expect(inMemory(one)).toBe('late');
    expect(one.asked).toContain('commit');
  });

  test('a newer one whose time is over: it is as good as none', async () => {
    const one = isolate();
    const { old, now } = await twoStamps(one);
    const { runtime, parts, memory } = one;
    const at = runtime.now();
    memory.put(
      { key, entry: one.entry(now, 'present'), until: at + 10, heldAt: 0, prepared: NOTHING },
      at,
    );
    await runtime.advance(10);
    const load = { key, draft: one.draft('late'), prepared: NOTHING, stamp: old, startedAt: at };
    expect(fill(parts, load, runtime)).toBe('stored');
    expect(inMemory(one)).toBe('late');
    await runtime.settle();
  });

  test('a newer one of another key: that is nothing to it', async () => {
    const one = isolate();
    const { old, now } = await twoStamps(one);
    const { runtime, parts, memory } = one;
    const at = runtime.now();
    const other = { ...key, key: 'e:b', name: `${key.name}b`, fullName: `${key.fullName}b` };
    memory.put(
      { key: other, entry: one.entry(now), until: at + 1000, heldAt: 0, prepared: NOTHING },
      at,
    );
    const load = { key, draft: one.draft('late'), prepared: NOTHING, stamp: old, startedAt: at };
    expect(fill(parts, load, runtime)).toBe('stored');
    await runtime.settle();
  });
});

test('tiers outside the isolate are not asked whether they hold a newer one', async () => {
  const outside = outsideTier();
  const one = isolate({ outside: [outside] });
  const { old } = await twoStamps(one);
  const load = {
    key,
    draft: one.draft(),
    prepared: NOTHING,
    stamp: old,
    startedAt: one.runtime.now(),
  };
  expect(fill(one.parts, load, one.runtime)).toBe('stored');
  await one.runtime.settle();
  expect(outside.asked).toEqual(['put']);
});

test('a load that a purge has invalidated is stored nowhere', async () => {
  const outside = outsideTier();
  const one = isolate({ outside: [outside] });
  const { old } = await twoStamps(one);
  const { runtime, parts } = one;
  const draft = one.draft('late', { tags: ['something else'] });
  const load = { key, draft, prepared: NOTHING, stamp: old, startedAt: runtime.now() };
  one.asked.length = 0;
  expect(fill(parts, load, runtime)).toBe('purged');
  await runtime.settle();
  expect([inMemory(one), outside.asked, one.asked]).toEqual([undefined, [], []]);
});

test('what the authority refuses is taken out of every tier again', async () => {
  const outside = outsideTier();
  const one = isolate({ outside: [outside] });
  const { now } = await twoStamps(one);
  const { runtime, parts, authority, events } = one;
  await runtime.advance(5);
  // A purge of the key by somebody else, which this isolate has not heard of.
  await authority.mark(acme, ['k:e:a'], 'hard', undefined);
  const load = { key, draft: one.draft(), prepared: NOTHING, stamp: now, startedAt: runtime.now() };
  expect(fill(parts, load, runtime)).toBe('stored');
  expect(inMemory(one)).toBe('value');
  await runtime.settle();
  expect(inMemory(one)).toBeUndefined();
  expect(outside.asked).toEqual(['put', 'delete']);
  expect(events).toContainEqual({
    type: 'set_dropped',
    tenant: 'acme',
    key: 'e:a',
    reason: 'purged',
  });
});
