import { describe, expect, test } from 'vitest';
import { disagreementsOf } from '../../../src/engine/disagreement.ts';
import { inspect } from '../../../src/engine/inspect.ts';
import type { InspectedHeld, Outlook } from '../../../src/engine/judgement.ts';
import { touch } from '../../../src/engine/touch.ts';
import type { EntryDraft } from '../../../src/codec/entry.ts';
import type { Stamp } from '../../../src/codec/stamp.ts';
import { tagTarget } from '../../../src/tenant/target.ts';
import type { TenantId } from '../../../src/tenant/tenant-id.ts';
import type { Copy } from '../../../src/tiers/tier.ts';
import { tenantId } from '../support/tenants.ts';
import {
  acme,
  COHERENCE_MS,
  draftOf,
  key,
  keys as space,
  MINUTE,
  world,
  type Isolate,
  type Making,
} from './world.ts';

const TAG = tagTarget('team:1');
const TAGGED: Making = { tags: ['team:1'] };

/** Two isolates, the first of which has loaded the key and holds a copy. */
async function two(making: Making = TAGGED) {
  const { time, store, isolate, authority } = world();
  const [here, there] = [isolate(), isolate()];
  await here.obtain(() => 'value', making);
  await here.settle();
  // The other one knows the ledger.
  await there.obtain(() => 'other', TAGGED);
  await there.settle();
  return { time, store, here, there, authority };
}

/** What the isolate says of the key, the tier and the reason alone. */
async function reasons(isolate: Isolate): Promise<readonly string[]> {
  const { keys } = await inspect(isolate.parts, acme, [key], isolate.runtime);
  return disagreementsOf(keys[0]?.tiers ?? [], 'redis').map(
    ({ tier, reason, defect }) => `${tier}: ${reason}${defect ? '!' : ''}`,
  );
}

function copyIn(isolate: Isolate): Copy {
  const copy = isolate.memory.peek(key);
  if (!copy) throw new Error('There is no copy in memory.');
  return copy;
}

/** Puts another copy into memory, past everything that the engine does. */
function plant(isolate: Isolate, changes: Partial<Copy>, stamp?: Stamp): void {
  const copy = copyIn(isolate);
  const entry = stamp ? { ...copy.entry, stamp } : copy.entry;
  isolate.memory.put({ ...copy, entry, ...changes }, isolate.runtime.now());
}

describe('what disagrees', () => {
  test('nothing, when all is well', async () => {
    const { here, there } = await two();
    expect(await reasons(here)).toEqual([]);
    expect(await reasons(there)).toEqual([]);
  });

  test('a purge that this isolate has not seen yet: within the bound', async () => {
    const { here, there, time } = await two();
    await there.purge([TAG]);
    await time.advance(COHERENCE_MS - 1);
    expect(await reasons(here)).toEqual(['memory: stale-within-bound']);
  });

  test('nothing once the bound has passed: a reader waits for a poll', async () => {
    const { here, there, time } = await two();
    await there.purge([TAG]);
    await time.advance(COHERENCE_MS);
    expect(await reasons(here)).toEqual([]);
  });

  test('a soft purge counts as long as the copy is served as fresh, and no longer', async () => {
    const { here, there } = await two({ ...TAGGED, swr: MINUTE });
    await there.purge([TAG], 'soft');
    expect(await reasons(here)).toEqual(['memory: stale-within-bound']);
    expect(await reasons(here)).toEqual([]);
  });

  test('a copy of another ledger is served by nobody, and disagrees with nothing', async () => {
    const { here } = await two();
    plant(here, { heldAt: 0 }, { ...copyIn(here).entry.stamp, epoch: 'f'.repeat(32) });
    expect(await reasons(here)).toEqual([]);
  });

  test('a copy with a newer stamp than its entry, which a purge has hit: a defect', async () => {
    const { here, there } = await two();
    const { stamp } = copyIn(here).entry;
    const seq = await there.purge([TAG]);
    plant(here, {}, { ...stamp, asOf: seq });
    expect(await reasons(here)).toEqual(['memory: stale-beyond-bound!']);
  });

  test('a copy with a newer stamp than its entry, which no purge has hit: a defect all the same', async () => {
    const { here, there } = await two();
    const { stamp } = copyIn(here).entry;
    const seq = await there.purge([tagTarget('another')]);
    plant(here, {}, { ...stamp, asOf: seq });
    expect(await reasons(here)).toEqual(['memory: restamped!']);
  });

  test('a copy that counts as valid by what was remembered, although the isolate knows the purge: a defect', async () => {
    const { here, there } = await two();
    await there.purge([TAG]);
    await here.parts.coherence.read(acme, [], here.runtime);
    plant(here, { heldAt: here.parts.coherence.view(acme).generation });
    expect(await reasons(here)).toEqual(['memory: stale-beyond-bound!']);
  });

  test('a view that missed a purge for good, whatever it is polled from: a defect', async () => {
    const { time, isolate, authority } = world();
    let lies = false;
    const here = isolate({
      wrap: () => ({
        read: async (tenant, keys, since, heads) => {
          const reply = await authority.read(tenant, keys, since, heads);
          const { ledger } = reply;
          if (!lies || !ledger || since === 0) return reply;
          const marks = ledger.marks.map((mark) => ({ ...mark, target: tagTarget('else') }));
          return { ...reply, ledger: { ...ledger, marks } };
        },
      }),
    });
    const there = isolate();
    await here.obtain(() => 'value', TAGGED);
    await here.settle();
    lies = true;
    await there.purge([TAG]);
    await time.advance(COHERENCE_MS);
    // Both would be served; the whole ledger, which it is held against, has the purge.
    expect(await reasons(here)).toEqual([
      'memory: stale-beyond-bound!',
      'redis: stale-beyond-bound!',
    ]);
  });

  test('an entry that the authority has lost is missing, and harmless', async () => {
    const { here, store } = await two();
    store.copies.clear();
    expect(await reasons(here)).toEqual(['redis: missing']);
  });

  test('an entry that is of no use any more is as good as none', async () => {
    const { here, there, store, time } = await two();
    const stored = store.copies.get(key.name);
    if (!stored) throw new Error('not stored');
    const seq = await there.purge([TAG]);
    const { epoch } = stored.entry.stamp;
    // Loaded anew here, and its commit is still under way.
    const entry = { ...draftOf(time.now(), 'anew', TAGGED), stamp: { epoch, asOf: seq } };
    plant(here, { entry, heldAt: 0, prepared: undefined });
    expect(await reasons(here)).toEqual(['redis: missing']);
  });

  test('another load of the same value in both is ordinary', async () => {
    const { here, store, time } = await two();
    const stored = store.copies.get(key.name);
    if (!stored) throw new Error('not stored');
    await time.advance(10);
    const draft = draftOf(time.now(), 'another', TAGGED);
    const entry = { ...draft, stamp: stored.entry.stamp };
    store.put({ ...stored, entry, until: entry.expiresAt }, time.now());
    expect(await reasons(here)).toEqual(['memory: another-load']);
  });

  test('an entry that was touched is the same load, whatever its times are now', async () => {
    const { here, there, time } = await two();
    const later = time.now() + 10 * MINUTE;
    const times = {
      freshUntil: later,
      staleUntil: later,
      staleIfErrorUntil: later,
      expiresAt: later,
    };
    expect(await touch(there.parts, key, () => times, there.runtime)).toBe('stored');
    expect(await reasons(here)).toEqual([]);
  });

  test('what is over, or purged and known as such, is nobody’s matter', async () => {
    const { here, time } = await two();
    await here.purge([TAG]);
    expect(await reasons(here)).toEqual([]);
    await time.advance(20 * MINUTE);
    expect(await reasons(here)).toEqual([]);
  });
});

describe('a replica that lags', () => {
  /** An isolate that has loaded the key, and whose polls may be made to end where the ledger ended then. */
  async function lagging() {
    const { time, isolate, authority } = world();
    let lag: 'polls' | 'whole' | 'lost' | undefined;
    let then = 0;
    const here = isolate({
      wrap: () => ({
        read: async (tenant, of, since, heads) => {
          const reply = await authority.read(tenant, of, since, heads);
          const { ledger } = reply;
          if (!ledger || (lag === 'polls' ? since === 0 : since > 0)) return reply;
          if (lag === 'lost') return { ...reply, ledger: undefined };
          if (lag === 'whole') return { ...reply, ledger: { ...ledger, epoch: 'f'.repeat(32) } };
          const marks = ledger.marks.filter(({ seq }) => lag === undefined || seq <= then);
          return { ...reply, ledger: { ...ledger, marks } };
        },
      }),
    });
    const there = isolate();
    // So that a poll ends at a mark, and is not doubtful by itself.
    then = await there.purge([tagTarget('another')]);
    await here.obtain(() => 'value', TAGGED);
    await here.settle();
    return { time, here, there, lags: (what: typeof lag) => (lag = what) };
  }

  test('a purge that its polls do not tell yet is within the bound, or lags: no defect', async () => {
    const { here, there, lags } = await lagging();
    lags('polls');
    await there.purge([TAG]);
    expect(await reasons(here)).toEqual(['memory: stale-within-bound', 'redis: replica-lag']);
    // The primary was asked: this isolate knows now, whatever its replica says.
    expect(await reasons(here)).toEqual([]);
  });

  test('one that they do not tell when the bound has passed, either', async () => {
    const { here, there, time, lags } = await lagging();
    lags('polls');
    await there.purge([TAG]);
    await time.advance(COHERENCE_MS);
    here.asked.length = 0;
    expect(await reasons(here)).toEqual(['memory: replica-lag', 'redis: replica-lag']);
    expect(here.asked).toEqual(['examine', 'read', 'read', 'mark']);
  });

  test.each(['whole', 'lost'] as const)(
    'an answer with the %s ledger that knows less than this isolate accuses nobody',
    async (what) => {
      const { here, lags } = await lagging();
      lags(what);
      expect(await reasons(here)).toEqual([]);
    },
  );
});

describe('an isolate that serves many tenants', () => {
  const tenants = ['acme', 'b', 'c', 'd', 'e'].map(tenantId);

  async function many() {
    const { time, isolate, authority } = world();
    let hidden: TenantId | undefined;
    const here = isolate({
      wrap: () => ({
        heads: async (since) => {
          const reply = await authority.heads(since);
          if (!reply || !hidden) return reply;
          const moved = new Map(reply.moved);
          moved.delete(hidden);
          return { ...reply, moved };
        },
      }),
    });
    const there = isolate();
    const readAll = async (): Promise<void> => {
      for (const tenant of tenants)
        await here.obtain(() => 'value', TAGGED, space.key(tenant, 'n:users:1'));
      await here.settle();
    };
    await readAll();
    // To where all of them are covered by the heads.
    for (let bound = 0; bound < 2; bound += 1) {
      await time.advance(COHERENCE_MS);
      here.asked.length = 0;
      await readAll();
    }
    expect(here.asked).toEqual(['heads']);
    const { checkedAt, polledAt } = here.parts.coherence.view(acme);
    expect(checkedAt).toBeGreaterThan(polledAt);
    return { time, here, there, readAll, hides: (tenant: TenantId) => (hidden = tenant) };
  }

  test('a view that the heads have checked counts as checked then, and a later purge is within the bound', async () => {
    const { here, there, time } = await many();
    await there.purge([TAG]);
    await time.advance(COHERENCE_MS - 1);
    const { checkedAt } = here.parts.coherence.view(acme);
    const { known, keys: found } = await inspect(here.parts, acme, [key], here.runtime);
    expect(known).toEqual({ checkedAt, fresh: true });
    expect(disagreementsOf(found[0]?.tiers ?? [], 'redis')).toMatchObject([
      { tier: 'memory', reason: 'stale-within-bound', defect: false },
    ]);
  });

  test('after the bound a reader would ask: nothing disagrees', async () => {
    const { here, there, time, readAll } = await many();
    await there.purge([TAG]);
    await time.advance(COHERENCE_MS);
    expect(await reasons(here)).toEqual([]);
    await time.advance(COHERENCE_MS);
    await readAll();
    expect(await reasons(here)).toEqual([]);
  });

  test('heads that keep a purge from a view: a defect, although its own ledger was polled before', async () => {
    const { here, there, time, readAll, hides } = await many();
    hides(acme);
    await there.purge([TAG]);
    await there.parts.coherence.mark(tenants[1] ?? acme, [TAG], 'hard', there.runtime);
    await time.advance(COHERENCE_MS);
    await readAll();
    expect(here.asked.filter((one) => one === 'mark')).toEqual([]);
    expect(await reasons(here)).toEqual(['memory: stale-beyond-bound!']);
  });
});

describe('bounds are told apart by the order of the authority, not by a clock', () => {
  const unseen: Outlook = { served: undefined, knownTo: undefined };
  const fresh = (knownTo: number | undefined): Outlook => ({ served: 'fresh', knownTo });
  const stale: Outlook = { served: 'stale', knownTo: 9 };
  const held = (judged: Partial<InspectedHeld['judged']>): InspectedHeld => ({
    tier: 'memory',
    state: 'held',
    entry: { ...draftOf(0, ''), stamp: { epoch: 'a'.repeat(32), asOf: 1 } },
    bytes: 0,
    digest: undefined,
    value: undefined,
    until: undefined,
    servedBy: () => undefined,
    judged: {
      verdict: 'invalid',
      cause: { by: 'mark', target: '*', mode: 'hard', seq: 10 },
      state: 'purged',
      before: fresh(9),
      polled: unseen,
      after: undefined,
      ...judged,
    },
  });

  test.each([
    ['the view ended before the purge', {}, 'stale-within-bound'],
    ['the view was of no ledger', { before: fresh(undefined) }, 'stale-within-bound'],
    ['another epoch', { cause: { by: 'epoch' }, before: fresh(99) }, 'stale-within-bound'],
    ['the view claimed to know the purge', { before: fresh(10) }, 'stale-beyond-bound'],
    ['it is served whatever the primary says', { after: 'fresh' }, 'stale-beyond-bound'],
    ['stale after a hard purge', { before: stale }, 'stale-within-bound'],
    ['stale after a soft purge', { verdict: 'stale', before: stale }, undefined],
    ['not served', { before: unseen }, undefined],
    ['a poll did not tell the purge', { before: unseen, polled: fresh(9) }, 'replica-lag'],
    ['nor did one within the bound', { polled: fresh(9) }, 'stale-within-bound'],
    ['a poll claimed to tell it', { before: unseen, polled: fresh(10) }, 'stale-beyond-bound'],
    ['a poll told it', { before: unseen, polled: { ...unseen, knownTo: 10 } }, undefined],
  ] as const)('%s: %s', (_, judged, reason) => {
    expect(disagreementsOf([held(judged)], 'redis').map((one) => one.reason)).toEqual(
      reason === undefined ? [] : [reason],
    );
  });

  test('what could not be asked is no disagreement', () => {
    expect(
      disagreementsOf(
        [
          { tier: 'memory', state: 'absent' },
          { tier: 'regional', state: 'unavailable' },
          { tier: 'custom', state: 'left-out' },
          { tier: 'redis', state: 'absent' },
        ],
        'redis',
      ),
    ).toEqual([]);
  });
});

describe('two copies of one load', () => {
  const draft = { ...draftOf(5, 'value', TAGGED, 7), etag: '"a"' };
  const held = (
    tier: string,
    asOf: number,
    changes: Partial<EntryDraft> = {},
    digest: string | undefined = 'a',
  ): InspectedHeld => ({
    tier,
    state: 'held',
    entry: { ...draft, ...changes, stamp: { epoch: 'a'.repeat(32), asOf } },
    bytes: 5,
    digest,
    value: undefined,
    until: undefined,
    servedBy: () => 'fresh',
    judged: {
      verdict: 'valid',
      cause: undefined,
      state: 'fresh',
      before: { served: 'fresh', knownTo: 9 },
      polled: { served: 'fresh', knownTo: 9 },
      after: 'fresh',
    },
  });
  const reasonsOf = (copy: InspectedHeld, shared: InspectedHeld): readonly string[] =>
    disagreementsOf([copy, shared], 'redis').map(({ reason }) => reason);

  test.each<[string, Partial<EntryDraft>]>([
    ['when it was made', { createdAt: 6 }],
    ['the end of its life', { lifeUntil: 6 }],
    ['how long it was loaded', { loadMs: 6 }],
    ['its entity tag', { etag: '"b"' }],
    ['whether it has an entity tag', { etag: undefined }],
  ])('have in common %s', (_, changes) => {
    expect(reasonsOf(held('memory', 9, changes), held('redis', 8))).toEqual(['another-load']);
  });

  test('and their bytes, where both are known', () => {
    const shared = held('redis', 8);
    expect(reasonsOf(held('memory', 9, {}, 'b'), shared)).toEqual(['another-load']);
    expect(reasonsOf(held('memory', 9, {}, 'a'), shared)).toEqual(['restamped']);
    const decoded = { ...held('memory', 9), digest: undefined };
    expect(reasonsOf(decoded, shared)).toEqual(['restamped']);
    expect(reasonsOf(held('memory', 9), { ...shared, digest: undefined })).toEqual(['restamped']);
  });

  test('may differ in times that a touch moves, and a copy may know less', () => {
    const touched = { freshUntil: 1, staleUntil: 2, staleIfErrorUntil: 3, expiresAt: 4 };
    expect(reasonsOf(held('memory', 9, touched), held('redis', 8))).toEqual(['restamped']);
    expect(reasonsOf(held('memory', 8), held('redis', 8))).toEqual([]);
    expect(reasonsOf(held('memory', 7), held('redis', 8))).toEqual([]);
  });
});

describe('an inspection', () => {
  test('neither promotes nor counts nor refreshes, and leaves the isolate as it was', async () => {
    const { here, there } = await two();
    const other = here.events.length;
    there.memory.delete(key);
    const heldAt = copyIn(here).heldAt;
    await inspect(here.parts, acme, [key], here.runtime);
    await inspect(there.parts, acme, [key], there.runtime);
    expect(here.events).toHaveLength(other);
    expect(there.memory.peek(key)).toBeUndefined();
    expect(copyIn(here).heldAt).toBe(heldAt);
  });

  test('leaves to readers what a copy remembers, also of a purge that it has not been judged by', async () => {
    const { here } = await two();
    const { heldAt } = copyIn(here);
    await here.purge([tagTarget('another')]);
    expect(here.parts.coherence.view(acme).generation).not.toBe(heldAt);
    const found = await inspect(here.parts, acme, [key], here.runtime);
    expect(found.keys[0]?.tiers[0]).toMatchObject({ judged: { after: 'fresh' } });
    expect(copyIn(here).heldAt).toBe(heldAt);
  });

  test('costs three requests of the authority for one key, whatever is known', async () => {
    const { here } = await two();
    here.asked.length = 0;
    await inspect(here.parts, acme, [key], here.runtime);
    expect(here.asked).toEqual(['examine', 'read', 'read']);
  });

  test('holds values only when they are asked for, and never those that memory does not have', async () => {
    const { here } = await two();
    const without = await inspect(here.parts, acme, [key], here.runtime);
    const values = await inspect(here.parts, acme, [key], here.runtime, { values: true });
    const of = (found: typeof values) =>
      found.keys[0]?.tiers.map((one) => (one.state === 'held' ? one.value?.length : one.state));
    expect(of(without)).toEqual([undefined, undefined]);
    expect(of(values)).toEqual([undefined, 5]);
  });

  test('a tier that fails is unavailable, and one that was left out says so', async () => {
    const broken = {
      name: 'custom',
      local: false,
      lifetimeMs: 1e9,
      get: () => Promise.reject(new Error('broken')),
      put: () => undefined,
      delete: () => undefined,
    };
    const { isolate } = world();
    const here = isolate({ tiers: (memory) => [memory, broken] });
    const states = async (outside: number) =>
      (await inspect(here.parts, acme, [key], here.runtime, { outside })).keys[0]?.tiers.map(
        ({ state }) => state,
      );
    expect(await states(1)).toEqual(['absent', 'unavailable', 'absent']);
    expect(await states(0)).toEqual(['absent', 'left-out', 'absent']);
  });
});
