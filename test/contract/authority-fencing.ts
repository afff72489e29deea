import { describe, expect, test } from 'vitest';
import type { Stamp } from '../../src/codec/stamp.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { commit, entryAt, lease, opened, type MakeWorld } from './authority-world.ts';

/** What a lease is worth when its load is stored, and what is read with it. */
export function describeFencing(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: fencing`, () => {
    async function leased(ttlMs = 60_000) {
      const { authority } = make();
      const key = keyOf(newTenant(), 'a');
      const { epoch, seen } = await opened(authority, key.tenant);
      expect(await lease(authority, key, 'mine', ttlMs)).toBe(true);
      return { authority, key, stamp: { epoch, asOf: seen } };
    }

    test('what was loaded under a lease is stored, and the lease given back', async () => {
      const { authority, key, stamp } = await leased();
      expect(await commit(authority, key, entryOf('a', stamp), 'mine')).toBe('stored');
      expect(text(await entryAt(authority, key))).toBe('a');
      expect(await lease(authority, key, 'next', 60_000)).toBe(true);
    });

    test.each<[string, (stamp: Stamp, seq: number) => Stamp]>([
      ['epoch', ({ asOf }) => ({ epoch: 'f'.repeat(32), asOf })],
      ['floor', ({ epoch, asOf }) => ({ epoch, asOf: asOf - 1 })],
      ['purged', ({ epoch }, seq) => ({ epoch, asOf: seq - 1 })],
    ])('a load that is dropped (%s) gives its lease back as well', async (outcome, stampOf) => {
      const { authority, key, stamp } = await leased();
      const { seq } = await authority.mark(key.tenant, [keyTarget('a')], 'hard', undefined);
      const entry = entryOf('a', stampOf(stamp, seq));
      expect(await commit(authority, key, entry, 'mine')).toBe(outcome);
      expect(await lease(authority, key, 'next', 60_000)).toBe(true);
    });

    test('a load that is dropped because a newer entry stands gives it back as well', async () => {
      const { authority, key, stamp } = await leased();
      const { seq } = await authority.mark(key.tenant, [tagTarget('t')], 'hard', undefined);
      const newer = entryOf('newer', { ...stamp, asOf: seq });
      expect(await commit(authority, key, newer)).toBe('stored');
      expect(await commit(authority, key, entryOf('a', stamp), 'mine')).toBe('newer');
      expect(await lease(authority, key, 'next', 60_000)).toBe(true);
    });

    test('without a lease a load is stored whoever has it, and takes it from nobody', async () => {
      const { authority, key, stamp } = await leased();
      expect(await commit(authority, key, entryOf('a', stamp))).toBe('stored');
      expect(await commit(authority, key, entryOf('b', stamp), 'mine')).toBe('stored');
    });

    test('under the lease of another nothing is stored, and that one keeps it', async () => {
      const { authority, key, stamp } = await leased();
      expect(await commit(authority, key, entryOf('a', stamp), 'another')).toBe('fenced');
      expect(await entryAt(authority, key)).toBeUndefined();
      expect(await commit(authority, key, entryOf('b', stamp), 'mine')).toBe('stored');
    });

    test('a lease of another key is none of this one', async () => {
      const { authority, key, stamp } = await leased();
      const other = keyOf(key.tenant, 'b');
      expect(await commit(authority, other, entryOf('b', stamp), 'mine')).toBe('fenced');
      expect(await entryAt(authority, other)).toBeUndefined();
    });

    test('under a lease that was released nothing is stored', async () => {
      const { authority, key, stamp } = await leased();
      await authority.release(key, 'mine');
      expect(await commit(authority, key, entryOf('a', stamp), 'mine')).toBe('fenced');
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('a token is good for one write; taken again, for one more', async () => {
      const { authority, key, stamp } = await leased();
      expect(await commit(authority, key, entryOf('a', stamp), 'mine')).toBe('stored');
      expect(await commit(authority, key, entryOf('b', stamp), 'mine')).toBe('fenced');
      expect(await lease(authority, key, 'mine', 60_000)).toBe(true);
      expect(await lease(authority, key, 'mine', 60_000)).toBe(false);
      expect(await commit(authority, key, entryOf('c', stamp), 'mine')).toBe('stored');
      expect(text(await entryAt(authority, key))).toBe('c');
    });

    test('under a lease that has expired nothing is stored, whether somebody took it or nobody', async () => {
      const { authority, key, stamp } = await leased(40);
      const other = keyOf(key.tenant, 'b');
      expect(await lease(authority, other, 'mine', 40)).toBe(true);
      await expect
        .poll(() => lease(authority, other, 'next', 60_000), { timeout: 10_000 })
        .toBe(true);
      for (const at of [key, other])
        expect(await commit(authority, at, entryOf('late', stamp), 'mine')).toBe('fenced');
      expect(await entryAt(authority, key)).toBeUndefined();
      expect(await commit(authority, other, entryOf('new', stamp), 'next')).toBe('stored');
    });

    test('the answer to a lease holds the entry and the ledger, whether it was taken or not', async () => {
      const { authority } = make();
      const key = keyOf(newTenant(), 'a');
      const { epoch, seen } = await opened(authority, key.tenant);
      const { seq } = await authority.mark(key.tenant, [tagTarget('t')], 'hard', undefined);
      await commit(authority, key, entryOf('a', { epoch, asOf: seen }));
      for (const acquired of [true, false]) {
        const all = await authority.lease(key, `${acquired}`, 60_000, 0);
        expect({ ...all, entries: all.entries.map(text) }).toEqual({
          acquired,
          entries: ['a'],
          ledger: (await authority.read(key.tenant, [], 0)).ledger,
        });
      }
      const later = await authority.lease(key, 'third', 60_000, seq + 1);
      expect(later.ledger).toMatchObject({ since: seq + 1, epoch, marks: [] });
    });

    test('a lease of a tenant of which nobody has written finds no entry and no ledger', async () => {
      const { authority } = make();
      const reply = await authority.lease(keyOf(newTenant(), 'a'), 'token', 60_000, 0);
      expect(reply).toEqual({ acquired: true, entries: [undefined], ledger: undefined });
    });

    test('whoever gets the lease after somebody sees what that one has stored', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const stamp = { epoch, asOf: seen };

      /** The value that the holder of `token` finds when the lease is theirs at last. */
      async function wait(key: CacheKey, token: string): Promise<string | undefined> {
        const endsAt = Date.now() + 10_000;
        while (Date.now() < endsAt) {
          const { acquired, entries } = await authority.lease(key, token, 60_000, 0);
          if (acquired) return text(entries[0]);
        }
        throw new Error('The lease was never given back.');
      }
      for (let round = 0; round < 20; round += 1) {
        const key = keyOf(tenant, ['k', String(round)]);
        await lease(authority, key, 'first', 60_000);
        const waiting = wait(key, 'second');
        // Stored and given back in one step, or in two.
        const fenced = round % 2 === 0 ? 'first' : undefined;
        await commit(authority, key, entryOf(`value ${round}`, stamp), fenced);
        if (!fenced) await authority.release(key, 'first');
        expect(await waiting).toBe(`value ${round}`);
      }
    });
  });
}
