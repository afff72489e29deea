import { describe, expect, test } from 'vitest';
import { tagTarget } from '../../src/tenant/target.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import {
  commit,
  cursorOf,
  entryAt,
  type MakeWorld,
  opened,
  supersede,
  wholeLedger,
} from './authority-world.ts';

/** When a ledger gets a new epoch, which makes everything that was stored under the old one a miss. */
export function describeEpochs(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: epochs`, () => {
    test('a cursor ahead of the ledger means it was rolled back: a new epoch, for everybody', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { ledger, seq } = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      const ahead = { epoch: ledger.epoch, seen: seq + 1 };
      const confirmed = await authority.confirm(tenant, ahead);
      expect(confirmed.epoch).not.toBe(ledger.epoch);
      expect(confirmed).toMatchObject({ since: 0, marks: [] });
      expect(confirmed.floor).toBeGreaterThanOrEqual(ledger.floor);
      expect(await wholeLedger(authority, tenant)).toEqual(confirmed);
      // Whoever else was ahead learns the new epoch, and does not make another.
      expect((await authority.confirm(tenant, ahead)).epoch).toBe(confirmed.epoch);
      const marked = await authority.mark(tenant, [tagTarget('b')], 'hard', ahead);
      expect(marked.ledger.epoch).toBe(confirmed.epoch);
    });

    test('a mark with a cursor ahead of the ledger rotates the epoch as well, and counts in the new one', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const marked = await authority.mark(tenant, [tagTarget('a')], 'hard', {
        epoch,
        seen: seen + 1_000_000_000,
      });
      expect(marked.ledger.epoch).not.toBe(epoch);
      expect(marked.ledger.marks).toEqual([{ target: 't:a', mode: 'hard', seq: marked.seq }]);
    });

    test('a ledger restored from before an acknowledged purge gets a new epoch', async (context) => {
      const { authority, rollBack } = make();
      if (typeof rollBack === 'string') return context.skip(rollBack);
      const tenant = newTenant();
      await authority.mark(tenant, [tagTarget('before')], 'hard', undefined);
      const restore = await rollBack(tenant);
      const { ledger } = await authority.mark(tenant, [tagTarget('lost')], 'hard', undefined);
      await restore();
      const cursor = cursorOf(ledger);
      const poll = (await authority.read(tenant, [], cursor.seen)).ledger;
      expect(poll?.marks.filter((mark) => mark.seq >= cursor.seen)).toEqual([]);
      const confirmed = await authority.confirm(tenant, cursor);
      expect(confirmed.epoch).not.toBe(ledger.epoch);
      expect((await wholeLedger(authority, tenant)).epoch).toBe(confirmed.epoch);
      return undefined;
    });

    test.for(['confirm', 'mark', 'commit', 'supersede'] as const)(
      'a ledger that another process of the store made gets a new epoch by %s',
      async (method, context) => {
        const { authority, otherProcess } = make();
        if (typeof otherProcess === 'string') return context.skip(otherProcess);
        const tenant = newTenant();
        const cursor = await opened(authority, tenant);
        await otherProcess(tenant);
        const key = keyOf(tenant, 'a');
        const stamp = { epoch: cursor.epoch, asOf: cursor.seen };
        if (method === 'confirm') await authority.confirm(tenant, cursor);
        if (method === 'mark') await authority.mark(tenant, [tagTarget('a')], 'hard', cursor);
        if (method === 'commit')
          expect(await commit(authority, key, entryOf('a', stamp))).toBe('epoch');
        if (method === 'supersede')
          expect(await supersede(authority, key, entryOf('a', stamp), stamp)).toEqual({
            stored: false,
            reason: 'superseded',
          });
        expect((await wholeLedger(authority, tenant)).epoch).not.toBe(cursor.epoch);
        expect(await entryAt(authority, key)).toBeUndefined();
        return undefined;
      },
    );
  });
}
