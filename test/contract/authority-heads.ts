import { describe, expect, test } from 'vitest';
import type { Authority, HeadsCursor, HeadsReply } from '../../src/authority/authority.ts';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { draft, entryOf, keyOf, newTenant } from '../support/entries.ts';
import { commit, opened, supersede, type MakeWorld } from './authority-world.ts';

async function headsOf(
  authority: Authority,
  tenant: TenantId,
  asked: HeadsCursor | 'newest',
): Promise<HeadsReply> {
  const { heads } = await authority.read(tenant, [], 0, asked);
  if (!heads) throw new Error('There are no heads.');
  return heads;
}

/** Where a reader stands that has read the heads. */
async function standing(authority: Authority, tenant: TenantId): Promise<HeadsCursor> {
  const { epoch, seen } = await headsOf(authority, tenant, 'newest');
  return { epoch, seen };
}

/** Which ledgers have changed. Those of other tests may change at any time. */
export function describeHeads(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: heads`, () => {
    test('are told only where they are asked for', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await opened(authority, tenant);
      expect((await authority.read(tenant, [], 0)).heads).toBeUndefined();
      expect((await authority.read(tenant, [], 0, 'newest')).heads).toBeDefined();
    });

    test('begin with where they are: no change is told to somebody who knows nothing', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      const heads = await headsOf(authority, tenant, 'newest');
      expect(heads).toMatchObject({ since: 0, own: seen, complete: false });
      expect(heads.moved.size).toBe(0);
      expect(heads.seen).toBeGreaterThanOrEqual(seen);
    });

    test.each(['confirm', 'mark', 'set'] as const)(
      'a ledger that is changed by %s has the newest of its seqs as its head, and others have not moved',
      async (how) => {
        const { authority } = make();
        const [tenant, other] = [newTenant(), newTenant()];
        if (how !== 'confirm') await opened(authority, tenant);
        const before = await opened(authority, other);
        const from = await standing(authority, other);
        const key = keyOf(tenant, 'a');
        let seq = 0;
        if (how === 'confirm') ({ seen: seq } = await opened(authority, tenant));
        if (how === 'mark')
          ({ seq } = await authority.mark(tenant, ['t:a', 't:b'], 'soft', undefined));
        if (how === 'set') {
          const outcome = await supersede(
            authority,
            key,
            draft('a'),
            stampOf(await opened(authority, tenant)),
          );
          if (outcome.stored) seq = outcome.stamp.asOf;
        }
        const heads = await headsOf(authority, tenant, from);
        expect(heads).toMatchObject({ since: from.seen, epoch: from.epoch, own: seq });
        expect(heads.complete).toBe(true);
        expect(heads.moved.get(tenant)).toBe(seq);
        expect(heads.seen).toBeGreaterThanOrEqual(seq);
        expect(heads.moved.get(other) ?? before.seen).toBeLessThanOrEqual(before.seen);
      },
    );

    test('nobody goes on from where they were before a purge of everything', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await opened(authority, tenant);
      const from = await standing(authority, tenant);
      await authority.markEverything('soft');
      const told = async () => (await authority.heads(from))?.epoch;
      expect(await told()).not.toBe(from.epoch);
      await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      expect(await told()).not.toBe(from.epoch);
    });

    test('reads, commits and leases change no ledger', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const cursor = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      await authority.lease(key, 'token', 1000, 0);
      expect(await commit(authority, key, entryOf('a', stampOf(cursor)), 'token')).toBe('stored');
      await authority.touch(key, (entry) => entry);
      await authority.confirm(tenant, cursor);
      expect((await headsOf(authority, tenant, 'newest')).own).toBe(cursor.seen);
    });

    test('seqs grow from tenant to tenant, whatever the clock says: nobody who reads on from a change misses one', async () => {
      const world = make();
      const { authority } = world;
      const [ahead, behind] = [newTenant(), newTenant()];
      await opened(authority, ahead);
      await world.turnBack(ahead);
      const first = await authority.mark(ahead, [tagTarget('a')], 'hard', undefined);
      const from = await standing(authority, ahead);
      expect(from.seen).toBeGreaterThanOrEqual(first.seq);
      const { seen: created } = await opened(authority, behind);
      expect(created).toBeGreaterThan(first.seq);
      const second = await authority.mark(behind, [keyTarget('k')], 'hard', undefined);
      expect(second.seq).toBeGreaterThan(created);
      expect((await headsOf(authority, ahead, from)).moved.get(behind)).toBe(second.seq);
    });

    test('of another epoch than the reader’s tell no change', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await opened(authority, tenant);
      const { seen, epoch } = await standing(authority, tenant);
      const heads = await headsOf(authority, tenant, { epoch: 'f'.repeat(32), seen });
      expect(heads).toMatchObject({ since: 0, epoch, complete: false });
      expect(heads.moved.size).toBe(0);
    });

    test('more changes than one answer tells are said to be more', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await opened(authority, tenant);
      const from = await standing(authority, tenant);
      const others = Array.from({ length: 1010 }, () => newTenant());
      for (let at = 0; at < others.length; at += 101)
        await Promise.all(
          others.slice(at, at + 101).map((other) => authority.confirm(other, undefined)),
        );
      const heads = await headsOf(authority, tenant, from);
      expect(heads.complete).toBe(false);
      expect(heads.moved.size).toBeLessThanOrEqual(1001);
      const after = await headsOf(authority, tenant, heads);
      expect(after.complete).toBe(true);
    });
  });
}

function stampOf({ epoch, seen }: { epoch: string; seen: number }): {
  epoch: string;
  asOf: number;
} {
  return { epoch, asOf: seen };
}
