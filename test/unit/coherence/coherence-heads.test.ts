import { describe, expect, test } from 'vitest';
import type { Authority, ReadReply } from '../../../src/authority/authority.ts';
import { InIsolateAuthority } from '../../../src/authority/in-isolate.ts';
import { Coherence } from '../../../src/coherence/coherence.ts';
import type { TenantId } from '../../../src/tenant/tenant-id.ts';
import { MapStore } from '../../support/entry-store.ts';
import { manualRuntime, type ManualRuntime } from '../support/runtime.ts';
import { tenantId } from '../support/tenants.ts';
import { keys } from './isolate.ts';

const BOUND_MS = 1000;
const retention = { entriesMs: 1e9, copiesMs: 1e9, cap: 1000 };
const tenants = Array.from({ length: 20 }, (_, at) => tenantId(`t${at}`));
const [first, second, third] = tenants as [TenantId, TenantId, TenantId];

interface World {
  readonly runtime: ManualRuntime;
  readonly coherence: Coherence;
  /** What other isolates do. */
  readonly others: InIsolateAuthority;
  /** The reads of this isolate: whose ledger, and whether the heads came along. */
  readonly reads: { readonly tenant: TenantId; readonly heads: boolean }[];
  /** Checks each of the tenants, as requests that come one after the other. */
  readonly checkAll: () => Promise<void>;
  /** Moves time past the bound, and what each view then knows after one request of the first tenant. */
  readonly afterBound: () => Promise<void>;
  readonly isFresh: (tenant: TenantId) => boolean;
}

/** One isolate that has a view of many tenants, over an authority that others use as well. */
async function world(
  change: (reply: ReadReply, tenant: TenantId) => ReadReply = (reply) => reply,
  { coherenceMs = BOUND_MS } = {},
): Promise<World> {
  const runtime = manualRuntime();
  const others = new InIsolateAuthority(runtime, { store: new MapStore(), keys, retention });
  const reads: World['reads'] = [];
  const authority: Authority = Object.assign(Object.create(others) as Authority, {
    name: 'redis',
    local: false,
    read: async (...[tenant, ...rest]: Parameters<Authority['read']>): Promise<ReadReply> => {
      reads.push({ tenant, heads: rest[2] !== undefined });
      return change(await others.read(tenant, ...rest), tenant);
    },
    confirm: others.confirm.bind(others),
    mark: others.mark.bind(others),
    markEverything: others.markEverything.bind(others),
  });
  const coherence = new Coherence({
    authority,
    coherenceMs,
    maxUnverifiedMs: 30_000,
    viewBytes: 1e6,
    pollWaitMs: 350,
    sink: () => undefined,
  });
  const made: World = {
    runtime,
    coherence,
    others,
    reads,
    checkAll: async () => {
      for (const tenant of tenants) {
        const view = coherence.view(tenant);
        if (!coherence.isFresh(view, runtime.now())) await coherence.check(tenant, runtime);
      }
    },
    afterBound: async () => {
      await runtime.advance(coherenceMs);
      await coherence.check(first, runtime);
    },
    isFresh: (tenant) => coherence.isFresh(coherence.view(tenant), runtime.now()),
  };
  // Twice: once as somebody new, and once to stand where the heads are.
  await made.checkAll();
  await runtime.advance(coherenceMs);
  await made.checkAll();
  reads.length = 0;
  return made;
}

describe('heads', () => {
  test('of many tenants one poll a bound tells that none has changed', async () => {
    const { runtime, reads, checkAll } = await world();
    for (let bound = 0; bound < 10; bound += 1) {
      await runtime.advance(BOUND_MS);
      await checkAll();
    }
    expect(reads).toEqual(Array.from({ length: 10 }, () => ({ tenant: first, heads: true })));
  });

  test('only the ledgers are polled that have changed', async () => {
    const { runtime, reads, others, coherence, checkAll } = await world();
    await others.mark(second, ['t:a'], 'hard', undefined);
    await runtime.advance(BOUND_MS);
    await checkAll();
    expect(reads.map(({ tenant }) => tenant)).toEqual([first, second]);
    expect(coherence.view(second).marks.has('t:a')).toBe(true);
  });

  test('many requests at once share the poll', async () => {
    const { runtime, reads, coherence } = await world();
    await runtime.advance(BOUND_MS);
    await Promise.all(tenants.map((tenant) => coherence.check(tenant, runtime)));
    expect(reads).toEqual([{ tenant: first, heads: true }]);
  });

  test('few tenants, and a bound of 0, ask without them', async () => {
    const none = await world(undefined, { coherenceMs: 0 });
    await none.checkAll();
    expect(none.reads).toHaveLength(tenants.length);
    expect(none.reads.some(({ heads }) => heads)).toBe(false);
  });

  test('an own purge and what others purged meanwhile leave no gap', async () => {
    const { runtime, others, coherence, afterBound, isFresh } = await world();
    await others.mark(second, ['t:a'], 'hard', undefined);
    const { seq } = await coherence.mark(second, ['t:b'], 'hard', runtime);
    await afterBound();
    expect(isFresh(second)).toBe(true);
    expect(coherence.view(second)).toMatchObject({ seen: seq });
    expect([...coherence.view(second).marks.keys()]).toEqual(['t:a', 't:b']);
  });

  test('an own set hides nobody’s purge: its ledger is polled', async () => {
    const { others, coherence, afterBound, isFresh } = await world();
    const { epoch } = coherence.view(second);
    await others.mark(second, ['t:a'], 'hard', undefined);
    const { seq } = await others.mark(second, ['k:e:a'], 'hard', undefined);
    coherence.noteSet(keys.key(second, 'e:a'), { epoch, asOf: seq });
    await afterBound();
    expect(isFresh(second)).toBe(false);
  });

  test('that are lost prove nothing: every ledger is polled again, once', async () => {
    let lost = false;
    const { runtime, reads, others, checkAll, coherence } = await world((reply) =>
      lost ? { ...reply, heads: undefined } : reply,
    );
    await others.mark(second, ['t:a'], 'hard', undefined);
    lost = true;
    await runtime.advance(BOUND_MS);
    await checkAll();
    expect(reads.map(({ tenant }) => tenant)).toEqual(tenants);
    expect(coherence.view(second).marks.has('t:a')).toBe(true);
    lost = false;
    await runtime.advance(BOUND_MS);
    await checkAll();
    await runtime.advance(BOUND_MS);
    reads.length = 0;
    await checkAll();
    expect(reads).toHaveLength(1);
  });

  test.each([
    ['another epoch', { epoch: 'f'.repeat(32), since: 0, complete: false }],
    ['an end before what is known', { seen: 1 }],
    ['more changes than are told', { complete: false }],
  ])('%s: no view is taken for unmoved', async (_, wrong) => {
    let broken = false;
    const { afterBound, isFresh } = await world((reply) =>
      broken && reply.heads
        ? { ...reply, heads: { ...reply.heads, moved: new Map(), ...wrong } }
        : reply,
    );
    broken = true;
    await afterBound();
    expect(tenants.filter(isFresh)).toEqual([first]);
  });

  test('a change that was told once, and whose ledger nobody has polled since, is not forgotten', async () => {
    const { others, afterBound, isFresh } = await world();
    await others.mark(second, ['t:a'], 'hard', undefined);
    await others.mark(third, ['t:a'], 'hard', undefined);
    for (let bound = 0; bound < 3; bound += 1) {
      await afterBound();
      expect(tenants.filter((tenant) => !isFresh(tenant))).toEqual([second, third]);
    }
  });

  test('other ones prove nothing about views from before, whatever their numbers', async () => {
    let other = false;
    const { others, afterBound, isFresh, reads } = await world((reply) => {
      if (!other || !reply.heads) return reply;
      // As after a loss, by a clock that went back: no change is told to whoever stands there.
      const heads = { ...reply.heads, epoch: 'f'.repeat(32), own: 5, seen: 5, moved: new Map() };
      const known = reads.length > 1;
      return { ...reply, heads: { ...heads, since: known ? 5 : 0, complete: known } };
    });
    await others.mark(second, ['t:a'], 'hard', undefined);
    other = true;
    await afterBound();
    await afterBound();
    expect(reads).toHaveLength(2);
    expect(tenants.filter(isFresh)).toEqual([first]);
  });

  test('a head that the ledger does not show is a replica that lags: the primary is asked', async () => {
    let lagging = false;
    const { others, coherence, runtime } = await world((reply, tenant) =>
      lagging && tenant === second && reply.ledger
        ? {
            ...reply,
            ledger: {
              ...reply.ledger,
              marks: reply.ledger.marks.filter(({ target }) => target !== 't:new'),
            },
          }
        : reply,
    );
    await others.mark(second, ['t:old'], 'hard', undefined);
    await runtime.advance(BOUND_MS);
    await coherence.check(second, runtime);
    await others.mark(second, ['t:new'], 'hard', undefined);
    lagging = true;
    await runtime.advance(BOUND_MS);
    const view = await coherence.check(second, runtime);
    expect(view.marks.has('t:new')).toBe(true);
  });

  test('a late answer does not make a view younger than what it has learnt since', async () => {
    const { coherence, runtime, others, afterBound } = await world();
    await afterBound();
    const { checkedAt } = coherence.view(second);
    expect(checkedAt).toBe(runtime.now());
    await others.mark(second, ['t:a'], 'hard', undefined);
    await runtime.advance(1);
    await coherence.read(second, [], runtime);
    expect(coherence.view(second).checkedAt).toBe(checkedAt + 1);
  });
});
