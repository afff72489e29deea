import { describe, expect, test } from 'vitest';
import { InIsolateAuthority } from '../../src/authority/in-isolate.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import { entryOf, keyOf, keySpace, newTenant, text } from '../support/entries.ts';
import { MapStore } from '../support/entry-store.ts';
import { commit, entryAt, KEEP_ALL, lease, opened } from './authority-world.ts';
import { describeAuthority } from './authority.ts';

const HOUR_MS = 3_600_000;

describeAuthority('in the isolate, without Redis', (retention) => {
  let skew = 0;
  const source = {
    now: () => Date.now() + skew,
    randomId: () => crypto.randomUUID().replaceAll('-', ''),
  };
  const authority = new InIsolateAuthority(source, {
    store: new MapStore(),
    keys: keySpace,
    retention: { ...KEEP_ALL, ...retention },
  });
  return {
    authority,
    advance: (ms) => void (skew += ms),
    turnBack: async () => void (skew -= HOUR_MS),
    rollBack: 'a ledger in the memory of an isolate can be lost with it, never restored',
    otherProcess: 'a ledger in the memory of an isolate has no other process',
    async touchWhile(key, retime, meanwhile) {
      const calls: Promise<unknown>[] = [];
      // Nothing in the isolate waits: a call is over when it has answered its promise.
      const outcome = await authority.touch(key, (entry) => {
        calls.push(meanwhile());
        return retime(entry);
      });
      await Promise.all(calls);
      return outcome;
    },
  };
});

test('a message of which the marks fail is not remembered as done', async () => {
  let fails = true;
  class FailingStore extends MapStore {
    override delete(key: CacheKey): void {
      if (fails) throw new Error('Broken.');
      super.delete(key);
    }
  }
  const source = { now: () => Date.now(), randomId: () => crypto.randomUUID().replaceAll('-', '') };
  const authority = new InIsolateAuthority(source, {
    store: new FailingStore(),
    keys: keySpace,
    retention: KEEP_ALL,
  });
  const { tenant, key } = keyOf(newTenant(), 'a');
  const mark = () =>
    authority.mark(tenant, [keyTarget(key)], 'hard', undefined, { id: 'm', ttlMs: 60_000 });
  await expect(mark()).rejects.toThrow('Broken.');
  fails = false;
  expect(await mark()).toMatchObject({ repeated: false });
  expect(await mark()).toMatchObject({ repeated: true });
});

describe('what the isolate holds', () => {
  const world = (ledgerBytes?: number) => {
    const store = new MapStore();
    const source = {
      now: () => Date.now(),
      randomId: () => crypto.randomUUID().replaceAll('-', ''),
    };
    const authority = new InIsolateAuthority(source, {
      store,
      keys: keySpace,
      retention: KEEP_ALL,
      ...(ledgerBytes !== undefined && { ledgerBytes }),
    });
    return { authority, store };
  };

  test('an entry is put into the store as a copy that no view has looked at, and lives no longer than it may', async () => {
    const { authority, store } = world();
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(authority, key.tenant);
    const entry = entryOf('a', { epoch, asOf: seen });
    await commit(authority, key, entry);
    expect(store.copies.get(key.name)).toEqual({
      key,
      entry,
      until: entry.expiresAt,
      heldAt: 0,
      prepared: undefined,
    });
  });

  test('an entry that the store has lost is absent, and stands in the way of nothing', async () => {
    const { authority, store } = world();
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(authority, key.tenant);
    await commit(authority, key, entryOf('a', { epoch, asOf: seen + 1 }));
    store.delete(key);
    expect(await entryAt(authority, key)).toBeUndefined();
    expect(await authority.touch(key, (entry) => entry)).toBe('absent');
    expect(await commit(authority, key, entryOf('b', { epoch, asOf: seen }))).toBe('stored');
  });

  test('ledgers past their budget go, those that were asked for last stay, and a lost one is another epoch', async () => {
    const { authority } = world(10_000);
    const kept = newTenant();
    const lost = newTenant();
    const first = await opened(authority, lost);
    const key = keyOf(lost, 'a');
    await commit(authority, key, entryOf('a', { epoch: first.epoch, asOf: first.seen }));
    const { epoch } = await opened(authority, kept);
    for (let at = 0; at < 20; at += 1) {
      await opened(authority, newTenant());
      expect((await authority.read(kept, [], 0)).ledger?.epoch).toBe(epoch);
    }
    expect((await authority.read(lost, [], 0)).ledger).toBeUndefined();
    const next = await opened(authority, lost);
    expect(next.epoch).not.toBe(first.epoch);
    // The entry is of an epoch that no reader takes any more, and a load under it is not stored.
    expect((await entryAt(authority, key))?.stamp.epoch).toBe(first.epoch);
    const late = entryOf('b', { epoch: first.epoch, asOf: first.seen });
    expect(await commit(authority, key, late)).toBe('epoch');
  });

  test('a ledger is measured again when marks have come', async () => {
    const { authority } = world(20_000);
    const [big, small] = [newTenant(), newTenant()];
    await opened(authority, small);
    for (let at = 0; at < 60; at += 1)
      await authority.mark(big, [tagTarget(`${at}`.padEnd(100, '-'))], 'hard', undefined);
    expect((await authority.read(small, [], 0)).ledger).toBeUndefined();
  });

  test('leases are bounded: the oldest of very many goes, and what was loaded under it is not stored', async () => {
    const { authority } = world();
    const tenant = newTenant();
    const { epoch, seen } = await opened(authority, tenant);
    const key = keyOf(tenant, 'first');
    expect(await lease(authority, key, 'mine', 60_000)).toBe(true);
    for (let at = 0; at < 2000; at += 1)
      await lease(authority, keyOf(tenant, ['k', String(at)]), 'token', 60_000);
    const entry = entryOf('a', { epoch, asOf: seen });
    expect(await commit(authority, key, entry, 'mine')).toBe('fenced');
    expect(text(await entryAt(authority, key))).toBeUndefined();
  });
});
