import { describe, expect, test } from 'vitest';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type Target,
} from '../../src/tenant/target.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import { expectCovered, markEach } from './authority-issued.ts';
import { commit, type MakeWorld, opened, wholeLedger } from './authority-world.ts';

const tags = (count: number): Target[] =>
  Array.from({ length: count }, (_, at) => tagTarget(`n${at}`));
const keys = (count: number): Target[] =>
  Array.from({ length: count }, (_, at) => keyTarget(`n${at}`));

/** Redis looks for what to trim at every 32nd part of the cap: with this one, at every mark. */
const EVERY_MARK = 32;

/** How long marks are kept, and what stands in for those that are not. */
export function describeRetention(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: retention`, () => {
    test('a tag, prefix, tenant or soft mark past its age is trimmed by a later mark, and raises the floor', async () => {
      const { authority } = make({ entriesMs: 0, cap: EVERY_MARK });
      const tenant = newTenant();
      const issued = [
        ...(await markEach(authority, tenant, [tagTarget('a'), prefixTarget('p'), TENANT_TARGET])),
        ...(await markEach(authority, tenant, [tagTarget('s'), keyTarget('s')], 'soft')),
      ];
      const last = await authority.mark(tenant, [tagTarget('last')], 'hard', undefined);
      const ledger = await wholeLedger(authority, tenant);
      expect(ledger.marks).toEqual([{ target: 't:last', mode: 'hard', seq: last.seq }]);
      expect(ledger.floor).toBe(issued.at(-1)?.seq);
      await expectCovered(authority, tenant, issued);
    });

    test('a hard key mark past its age raises only the key floor: entries of the authority stay', async () => {
      const { authority } = make({ copiesMs: 0, cap: EVERY_MARK });
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const stored = keyOf(tenant, 'stored');
      await commit(authority, stored, entryOf('v', { epoch, asOf: seen }));
      const tag = await authority.mark(tenant, [tagTarget('kept')], 'hard', undefined);
      const issued = await markEach(authority, tenant, keys(3));
      const ledger = await wholeLedger(authority, tenant);
      expect(ledger.floor).toBe(seen);
      expect(ledger.keyFloor).toBe(issued[1]?.seq);
      expect(ledger.marks).toEqual([
        { target: 't:kept', mode: 'hard', seq: tag.seq },
        { target: 'k:n2', mode: 'hard', seq: issued[2]?.seq },
      ]);
      await expectCovered(authority, tenant, issued);
    });

    test('a load that knew only of marks that are trimmed now is not stored any more', async () => {
      const { authority } = make({ entriesMs: 0, cap: EVERY_MARK });
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      await markEach(authority, tenant, tags(2));
      const key = keyOf(tenant, 'a');
      const entry = entryOf('a', { epoch, asOf: seen }, { tags: ['n0'] });
      expect(await commit(authority, key, entry)).toBe('floor');
    });

    test('a mark within its age stays, and no floor moves', async () => {
      const { authority } = make({ entriesMs: 60_000, copiesMs: 60_000 });
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      await markEach(authority, tenant, [...tags(20), ...keys(20)]);
      const ledger = await wholeLedger(authority, tenant);
      expect(ledger.marks).toHaveLength(40);
      expect([ledger.floor, ledger.keyFloor]).toEqual([seen, seen]);
    });

    test('a poll or a confirm trims nothing', async () => {
      const keep = make();
      const tenant = newTenant();
      await markEach(keep.authority, tenant, tags(3));
      const before = await wholeLedger(keep.authority, tenant);
      await keep.authority.confirm(tenant, undefined);
      expect(await wholeLedger(keep.authority, tenant)).toEqual(before);
    });

    // Either kind may pass the cap by 1/32, because looking for what to trim reads the whole ledger.
    test.each([
      [100, 101],
      [100, 140],
      [64, 200],
      [1, 5],
    ])(
      'of marks over the cap of %i, %i tags: the oldest are trimmed, and the floor covers each',
      async (cap, count) => {
        const { authority } = make({ cap });
        const tenant = newTenant();
        const { seen } = await opened(authority, tenant);
        const issued = await markEach(authority, tenant, tags(count));
        const ledger = await wholeLedger(authority, tenant);
        expect(ledger.marks.length).toBeGreaterThanOrEqual(cap);
        expect(ledger.marks.length).toBeLessThanOrEqual(cap + Math.floor(cap / 32));
        expect(ledger.marks.map((mark) => mark.seq)).toEqual(
          issued.slice(-ledger.marks.length).map((mark) => mark.seq),
        );
        expect(ledger.keyFloor).toBe(seen);
        await expectCovered(authority, tenant, issued);
      },
    );

    test('many key marks push down memory and regional copies only: the floor and the tag marks stay', async () => {
      const { authority } = make({ cap: 20 });
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      const tagged = await markEach(authority, tenant, tags(5));
      const issued = await markEach(authority, tenant, keys(60));
      const ledger = await wholeLedger(authority, tenant);
      expect(ledger.floor).toBe(seen);
      expect(ledger.keyFloor).toBeGreaterThan(seen);
      expect(ledger.marks.filter((mark) => mark.target.startsWith('k:'))).toHaveLength(20);
      expect(ledger.marks.filter((mark) => mark.target.startsWith('t:'))).toHaveLength(5);
      await expectCovered(authority, tenant, [...tagged, ...issued]);
    });

    test('one call with more targets than the cap leaves every one of them covered', async () => {
      const { authority } = make({ cap: 32 });
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      const targets = [...tags(200), ...keys(200)];
      const { ledger } = await authority.mark(tenant, targets, 'hard', undefined);
      expect(ledger.marks.filter((mark) => mark.target.startsWith('t:'))).toHaveLength(32);
      expect(ledger.marks.filter((mark) => mark.target.startsWith('k:'))).toHaveLength(32);
      // Each seq is above the one before: the 168th tag's, the newest that was trimmed, is at least this.
      expect(ledger.floor).toBeGreaterThanOrEqual(seen + 168);
      expect(ledger.floor).toBeLessThan(Math.min(...ledger.marks.map((mark) => mark.seq)));
      expect(ledger.keyFloor).toBeGreaterThanOrEqual(seen + 200 + 168);
    });

    test('a cursor from before the floor still gets every mark that is left, and the floor', async () => {
      const { authority } = make({ cap: 10 });
      const tenant = newTenant();
      const cursor = await opened(authority, tenant);
      const issued = await markEach(authority, tenant, tags(30));
      const { ledger } = await authority.mark(tenant, [tagTarget('last')], 'hard', cursor);
      expect(ledger.since).toBe(cursor.seen);
      expect(ledger.floor).toBe(issued.at(-10)?.seq);
      expect(ledger.marks).toHaveLength(10);
    });
  });
}
