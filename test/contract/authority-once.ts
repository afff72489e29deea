import { describe, expect, test } from 'vitest';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import {
  commit,
  cursorOf,
  entryAt,
  opened,
  wholeLedger,
  type MakeWorld,
} from './authority-world.ts';

const once = { id: 'message 1: "§"', ttlMs: 60_000 };

/** Messages that may be delivered more than once. */
export function describeOnce(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: messages`, () => {
    test('one that is repeated marks nothing, and is told where the ledger is', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const first = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined, once);
      expect(first.repeated).toBe(false);
      const later = await authority.mark(tenant, [tagTarget('b')], 'hard', undefined);
      const cursor = cursorOf(first.ledger);
      const again = await authority.mark(tenant, [tagTarget('a')], 'hard', cursor, once);
      expect(again).toMatchObject({ repeated: true, seq: later.seq });
      expect(again.ledger).toMatchObject({ epoch: cursor.epoch, since: cursor.seen });
      expect((await wholeLedger(authority, tenant)).marks.map(({ seq }) => seq)).toEqual([
        first.seq,
        later.seq,
      ]);
    });

    test('one that is repeated unlinks nothing', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const key = keyOf(tenant, 'a');
      await authority.mark(tenant, [keyTarget(key.key)], 'hard', undefined, once);
      const { epoch, seen: asOf } = cursorOf(await wholeLedger(authority, tenant));
      expect(await commit(authority, key, entryOf('a', { epoch, asOf }))).toBe('stored');
      await authority.mark(tenant, [keyTarget(key.key)], 'hard', undefined, once);
      expect(await entryAt(authority, key)).toBeDefined();
    });

    test('of many deliveries at once one marks', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await opened(authority, tenant);
      const replies = await Promise.all(
        Array.from({ length: 20 }, () =>
          authority.mark(tenant, [tagTarget('a')], 'soft', undefined, once),
        ),
      );
      expect(replies.filter(({ repeated }) => !repeated)).toHaveLength(1);
      expect(new Set(replies.map(({ seq }) => seq)).size).toBe(1);
    });

    test('other messages, and the same one of another tenant, are others', async () => {
      const { authority } = make();
      const [tenant, other] = [newTenant(), newTenant()];
      await authority.mark(tenant, [tagTarget('a')], 'hard', undefined, once);
      for (const [whose, message] of [
        [tenant, { ...once, id: `${once.id}x` }],
        [other, once],
      ] as const) {
        const reply = await authority.mark(whose, [tagTarget('a')], 'hard', undefined, message);
        expect(reply.repeated).toBe(false);
      }
    });
  });
}
