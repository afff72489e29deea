import { describe, expect, test } from 'vitest';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type Target,
} from '../../src/tenant/target.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import {
  commit,
  cursorOf,
  entryAt,
  type MakeWorld,
  opened,
  ordered,
  wholeLedger,
} from './authority-world.ts';

/** Reading, confirming and marking a ledger. */
export function describeLedger(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: the ledger`, () => {
    test('a tenant of which nobody has written has no ledger, and its entries are absent', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const reply = await authority.read(tenant, [keyOf(tenant, 'a'), keyOf(tenant, 'b')], 0);
      expect(reply).toEqual({ entries: [undefined, undefined], ledger: undefined });
    });

    test('a read makes no ledger', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await authority.read(tenant, [], 0);
      expect((await authority.read(tenant, [], 0)).ledger).toBeUndefined();
    });

    test('confirm makes the ledger: a random epoch, both floors at its creation, no marks', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const ledger = await authority.confirm(tenant, undefined);
      expect(ledger.epoch).toMatch(/^[0-9a-f]{32}$/);
      expect(ledger.since).toBe(0);
      expect(ledger.marks).toEqual([]);
      expect(ledger.keyFloor).toBe(ledger.floor);
      // Microseconds since 1970, by a clock of the store that is not far off.
      expect(Math.abs(ledger.floor / 1000 - Date.now())).toBeLessThan(60_000);
      expect(await wholeLedger(authority, tenant)).toEqual(ledger);
    });

    test('confirm makes it once: again, and two at once, find the same epoch', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const [one, two] = await Promise.all([
        authority.confirm(tenant, undefined),
        authority.confirm(tenant, undefined),
      ]);
      const again = await authority.confirm(tenant, undefined);
      expect(two).toEqual(one);
      expect(again).toEqual(one);
    });

    test('tenants have ledgers of their own', async () => {
      const { authority } = make();
      const [one, two] = [newTenant(), newTenant()];
      const { epoch } = await opened(authority, one);
      await authority.mark(one, [TENANT_TARGET], 'hard', undefined);
      expect((await authority.read(two, [], 0)).ledger).toBeUndefined();
      expect((await opened(authority, two)).epoch).not.toBe(epoch);
      expect((await wholeLedger(authority, two)).marks).toEqual([]);
    });

    test('a read answers every mark from `since` on, inclusive', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const first = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      const second = await authority.mark(tenant, [tagTarget('b')], 'hard', undefined);
      const a = { target: 't:a', mode: 'hard', seq: first.seq };
      const b = { target: 't:b', mode: 'hard', seq: second.seq };
      const since = async (seq: number) => {
        const { ledger } = await authority.read(tenant, [], seq);
        return ledger && ordered(ledger);
      };
      expect((await since(0))?.marks).toEqual([a, b]);
      expect((await since(first.seq))?.marks).toEqual([a, b]);
      expect((await since(first.seq + 1))?.marks).toEqual([b]);
      expect((await since(second.seq))?.marks).toEqual([b]);
      const past = await since(second.seq + 1);
      expect(past).toMatchObject({ since: second.seq + 1, epoch: first.ledger.epoch, marks: [] });
    });

    test('entries come in the order of their keys, with holes where nothing is', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const [a, b, c] = [keyOf(tenant, 'a'), keyOf(tenant, 'b'), keyOf(tenant, 'c')];
      await commit(authority, a, entryOf('A', { epoch, asOf: seen }));
      await commit(authority, c, entryOf('C', { epoch, asOf: seen }));
      const { entries, ledger } = await authority.read(tenant, [c, b, a, c], 0);
      expect(entries.map(text)).toEqual(['C', undefined, 'A', 'C']);
      expect(ledger?.epoch).toBe(epoch);
    });

    test('a mark answers as a poll from the cursor does: its own mark and those of others', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const cursor = await opened(authority, tenant);
      const other = await authority.mark(tenant, [tagTarget('other')], 'soft', undefined);
      const own = await authority.mark(tenant, [tagTarget('own')], 'hard', cursor);
      expect(ordered(own.ledger)).toEqual({
        ...(await wholeLedger(authority, tenant)),
        since: cursor.seen,
        marks: [
          { target: 't:other', mode: 'soft', seq: other.seq },
          { target: 't:own', mode: 'hard', seq: own.seq },
        ],
      });
      const later = await authority.mark(tenant, [tagTarget('c')], 'hard', cursorOf(own.ledger));
      expect(ordered(later.ledger).marks.map((mark) => mark.target)).toEqual(['t:own', 't:c']);
    });

    test.each([
      ['no cursor', undefined],
      ["a cursor of another ledger's epoch", { epoch: 'a'.repeat(32), seen: 9e15 }],
    ])('with %s, mark and confirm answer the whole ledger', async (_, cursor) => {
      const { authority } = make();
      const tenant = newTenant();
      await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      const marked = await authority.mark(tenant, [tagTarget('b')], 'hard', cursor);
      const confirmed = await authority.confirm(tenant, cursor);
      for (const ledger of [marked.ledger, confirmed]) {
        expect(ledger.since).toBe(0);
        expect(ordered(ledger).marks.map((mark) => mark.target)).toEqual(['t:a', 't:b']);
      }
    });

    test('confirm answers from the cursor on when the epoch is still its own', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      const { ledger, seq } = await authority.mark(tenant, [tagTarget('b')], 'hard', undefined);
      const confirmed = await authority.confirm(tenant, cursorOf(ledger));
      expect(confirmed.since).toBe(seq);
      expect(confirmed.marks.map((mark) => mark.target)).toEqual(['t:b']);
    });

    test('targets of one call get growing seqs in their order, and the newest is answered', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const targets = Array.from({ length: 1000 }, (_, at) => tagTarget(`tag ${at}: ü,*`));
      const { seq, ledger } = await authority.mark(tenant, targets, 'hard', undefined);
      const { marks } = ordered(ledger);
      expect(marks.map((mark) => mark.target)).toEqual(targets);
      const seqs = marks.map((mark) => mark.seq);
      expect(new Set(seqs).size).toBe(1000);
      expect(seqs.at(-1)).toBe(seq);
    });

    test('every mark of many callers at once has a seq of its own', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          authority.mark(tenant, [tagTarget(String(at))], 'hard', undefined),
        ),
      );
      expect(new Set(replies.map((reply) => reply.seq)).size).toBe(40);
      expect((await wholeLedger(authority, tenant)).marks).toHaveLength(40);
    });

    test('a seq is above the floor of a new ledger, and grows also when the clock has gone back', async () => {
      const world = make();
      const tenant = newTenant();
      const { seen } = await opened(world.authority, tenant);
      const first = await world.authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      expect(first.seq).toBeGreaterThan(seen);
      await world.turnBack(tenant);
      const before = cursorOf(await wholeLedger(world.authority, tenant)).seen;
      const back = await world.authority.mark(tenant, [tagTarget('b')], 'hard', undefined);
      expect(back.seq).toBe(before + 1);
      const set = await world.authority.mark(tenant, [tagTarget('c')], 'hard', undefined);
      expect(set.seq).toBe(before + 2);
      expect(set.ledger.epoch).toBe(first.ledger.epoch);
    });

    test('a target that is purged again has only its newest seq', async () => {
      const { authority } = make();
      const tenant = newTenant();
      await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      const { seq } = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
      expect((await wholeLedger(authority, tenant)).marks).toEqual([
        { target: 't:a', mode: 'hard', seq },
      ]);
    });

    test('the hard and the soft purge of a target are kept apart', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const targets: Target[] = [tagTarget('a'), keyTarget('k'), prefixTarget('p'), TENANT_TARGET];
      for (const target of targets) {
        const hard = await authority.mark(tenant, [target], 'hard', undefined);
        const soft = await authority.mark(tenant, [target], 'soft', undefined);
        const { marks } = await wholeLedger(authority, tenant);
        expect(marks).toContainEqual({ target, mode: 'hard', seq: hard.seq });
        expect(marks).toContainEqual({ target, mode: 'soft', seq: soft.seq });
      }
    });

    test('a hard purge of keys unlinks their entries; a soft one, and purges of anything else, leave them', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const long = 'x'.repeat(2000);
      const keys = ['a', 'b', long].map((input) => keyOf(tenant, input));
      const [a, b, c] = keys;
      const elsewhere = keyOf(newTenant(), 'a');
      const there = await opened(authority, elsewhere.tenant);
      if (!a || !b || !c) throw new Error('three keys are needed');
      for (const key of keys)
        await commit(authority, key, entryOf(key.key.slice(0, 1), { epoch, asOf: seen }));
      await commit(authority, elsewhere, entryOf('e', { epoch: there.epoch, asOf: there.seen }));
      const others: Target[] = [tagTarget('a'), prefixTarget('a'), TENANT_TARGET];
      await authority.mark(tenant, others, 'hard', undefined);
      await authority.mark(tenant, [keyTarget('a'), keyTarget('b')], 'soft', undefined);
      expect(text(await entryAt(authority, a))).toBe('a');
      await authority.mark(tenant, [keyTarget('a'), keyTarget(long)], 'hard', undefined);
      expect(await entryAt(authority, a)).toBeUndefined();
      expect(await entryAt(authority, c)).toBeUndefined();
      expect(text(await entryAt(authority, b))).toBe('b');
      expect(text(await entryAt(authority, elsewhere))).toBe('e');
    });

    test('a purge may be repeated', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const first = await authority.mark(tenant, [keyTarget('none')], 'hard', undefined);
      const second = await authority.mark(tenant, [keyTarget('none')], 'hard', undefined);
      expect(second.seq).toBeGreaterThan(first.seq);
      expect(second.ledger.epoch).toBe(first.ledger.epoch);
    });
  });
}
