import { describe, expect, test, vi } from 'vitest';
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

    test('one unlinks the keys that it purges', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen: asOf } = await opened(authority, tenant);
      const all = ['a', 'b', 'c'].map((of) => keyOf(tenant, of));
      for (const key of all) await commit(authority, key, entryOf('v', { epoch, asOf }));
      const purged = all.slice(0, 2).map(({ key }) => keyTarget(key));
      await authority.mark(tenant, purged, 'hard', undefined, once);
      const { entries } = await authority.read(tenant, all, 0);
      expect(entries.map((entry) => entry !== undefined)).toEqual([false, false, true]);
    });

    test('one is forgotten after its time', async () => {
      const world = make();
      const { authority } = world;
      const tenant = newTenant();
      const short = { ...once, ttlMs: 20 };
      await authority.mark(tenant, [tagTarget('a')], 'hard', undefined, short);
      world.advance(20);
      await vi.waitFor(async () => {
        const again = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined, short);
        expect(again.repeated).toBe(false);
      });
    });

    test('no target at all marks nothing, and answers the newest seq', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      const reply = await authority.mark(tenant, [], 'hard', undefined);
      expect(reply).toMatchObject({ seq: seen, repeated: false });
      expect(reply.ledger.marks).toEqual([]);
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
