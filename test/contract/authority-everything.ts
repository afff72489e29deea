import { describe, expect, test } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { draft, keyOf, newTenant } from '../support/entries.ts';
import { opened, supersede, wholeLedger, type MakeWorld } from './authority-world.ts';

/** A purge of every tenant. The store may hold ledgers of other tests as well. */
export function describeEverything(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: everything`, () => {
    const openedTenants = async (authority: Authority, count: number) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const tenant = newTenant();
          return { tenant, cursor: await opened(authority, tenant) };
        }),
      );

    test.each(['hard', 'soft'] as const)(
      'a %s purge marks the tenant target on each ledger, and says how many those are',
      async (mode) => {
        const { authority } = make();
        const before = await authority.markEverything(mode);
        const tenants = await openedTenants(authority, 5);
        expect(await authority.markEverything(mode)).toEqual({ tenants: before.tenants + 5 });
        for (const { tenant, cursor } of tenants) {
          const { epoch, marks } = await wholeLedger(authority, tenant);
          expect(epoch).toBe(cursor.epoch);
          expect(marks).toEqual([{ target: '*', mode, seq: marks[0]?.seq }]);
          expect(marks[0]?.seq).toBeGreaterThan(cursor.seen);
        }
      },
    );

    test('may be repeated: each mark is newer then, and nothing else has changed', async () => {
      const { authority } = make();
      const [one] = await openedTenants(authority, 1);
      if (!one) throw new Error('There is no tenant.');
      const { tenants } = await authority.markEverything('hard');
      const { marks: first } = await wholeLedger(authority, one.tenant);
      expect(await authority.markEverything('hard')).toEqual({ tenants });
      const { marks: second } = await wholeLedger(authority, one.tenant);
      expect(second).toHaveLength(1);
      expect(second[0]?.seq).toBeGreaterThan(first[0]?.seq ?? 0);
    });

    test('is seen by a poll from before it, and by a value that was computed before it', async () => {
      const { authority } = make();
      const [one] = await openedTenants(authority, 1);
      if (!one) throw new Error('There is no tenant.');
      const { epoch, seen } = one.cursor;
      await authority.markEverything('soft');
      const { ledger } = await authority.read(one.tenant, [], seen);
      expect(ledger?.marks).toMatchObject([{ target: '*', mode: 'soft' }]);
      const outcome = await supersede(authority, keyOf(one.tenant, 'a'), draft('v'), {
        epoch,
        asOf: seen,
      });
      expect(outcome).toEqual({ stored: false, reason: 'superseded' });
    });

    test('a tenant without a ledger gets none', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await authority.lease(keyOf(tenant, 'a'), 'token', 60_000, 0);
      await authority.markEverything('hard');
      expect((await authority.read(tenant, [], 0)).ledger).toBeUndefined();
    });
  });
}
