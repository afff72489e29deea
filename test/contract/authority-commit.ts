import { describe, expect, test } from 'vitest';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import {
  commit,
  cursorOf,
  entryAt,
  type MakeWorld,
  opened,
  wholeLedger,
} from './authority-world.ts';

/** What becomes of a load that is stored. */
export function describeCommits(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: commit`, () => {
    test('stored: a load under the current epoch is stored as it is, and read by everybody', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, ['cities', '1', 'ü']);
      const entry = entryOf(
        Uint8Array.of(0, 255, 10, 13, 34, 92),
        { epoch, asOf: seen },
        {
          form: { type: 'http', status: 200, headers: [['content-type', 'x/y; a="é"']] },
          etag: '"tag"',
          tags: ['city:1', 'ünï'],
          loadMs: 3.25,
        },
      );
      expect(await commit(authority, key, entry)).toBe('stored');
      const read = await entryAt(authority, key);
      expect(read && { ...read, value: [...read.value] }).toEqual({
        ...entry,
        value: [...entry.value],
      });
    });

    test('a megabyte comes back byte for byte', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const value = new Uint8Array(1_048_576).map((_, at) => (at * 31) % 251);
      const key = keyOf(tenant, 'big');
      expect(await commit(authority, key, entryOf(value, { epoch, asOf: seen }))).toBe('stored');
      const read = (await entryAt(authority, key))?.value ?? new Uint8Array();
      expect(read.length).toBe(value.length);
      expect(read.every((byte, at) => byte === value[at])).toBe(true);
    });

    test('epoch: a load under another epoch is dropped, and nothing is stored', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const stamp = { epoch: 'b'.repeat(32), asOf: seen };
      expect(await commit(authority, key, entryOf('a', stamp))).toBe('epoch');
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('epoch: a load whose ledger was lost meanwhile is dropped', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const key = keyOf(tenant, 'a');
      const stamp = { epoch: 'c'.repeat(32), asOf: 1 };
      expect(await commit(authority, key, entryOf('a', stamp))).toBe('epoch');
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('floor: a load from before the floor is dropped, one from the floor on is stored', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, floor } = await authority.confirm(tenant, undefined);
      const key = keyOf(tenant, 'a');
      expect(await commit(authority, key, entryOf('old', { epoch, asOf: floor - 1 }))).toBe(
        'floor',
      );
      expect(await entryAt(authority, key)).toBeUndefined();
      expect(await commit(authority, key, entryOf('new', { epoch, asOf: floor }))).toBe('stored');
    });

    test('floor: a load from before the key floor is dropped: the mark of its key may have been trimmed', async () => {
      const { authority } = make({ copiesMs: 0, cap: 32 });
      const tenant = newTenant();
      const before = await opened(authority, tenant);
      await authority.mark(tenant, [keyTarget('a'), keyTarget('b')], 'hard', undefined);
      const { epoch, floor, keyFloor } = await wholeLedger(authority, tenant);
      expect(floor).toBe(before.seen);
      expect(keyFloor).toBeGreaterThan(floor);
      const key = keyOf(tenant, 'a');
      const outcome = await commit(authority, key, entryOf('a', { epoch, asOf: keyFloor - 1 }));
      expect(outcome).toBe('floor');
      expect(await entryAt(authority, key)).toBeUndefined();
      expect(await commit(authority, key, entryOf('a', { epoch, asOf: keyFloor }))).toBe('stored');
    });

    test('purged: a load from before a hard purge of its key is dropped, one from after it is stored', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const { seq } = await authority.mark(tenant, [keyTarget('a')], 'hard', undefined);
      for (const asOf of [seen, seq - 1])
        expect(await commit(authority, key, entryOf('old', { epoch, asOf }))).toBe('purged');
      expect(await entryAt(authority, key)).toBeUndefined();
      expect(await commit(authority, key, entryOf('new', { epoch, asOf: seq }))).toBe('stored');
    });

    test('a soft purge of its key, or a hard one of another key, drops no load', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      await authority.mark(tenant, [keyTarget('a')], 'soft', undefined);
      await authority.mark(tenant, [keyTarget('a:b'), keyTarget('A')], 'hard', undefined);
      const outcome = await commit(
        authority,
        keyOf(tenant, 'a'),
        entryOf('a', { epoch, asOf: seen }),
      );
      expect(outcome).toBe('stored');
    });

    test('newer: an entry of the same epoch with a higher stamp stands', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const { seq } = await authority.mark(tenant, [tagTarget('other')], 'hard', undefined);
      const key = keyOf(tenant, 'a');
      expect(await commit(authority, key, entryOf('new', { epoch, asOf: seq }))).toBe('stored');
      for (const asOf of [seen, seq - 1])
        expect(await commit(authority, key, entryOf('old', { epoch, asOf }))).toBe('newer');
      expect(text(await entryAt(authority, key))).toBe('new');
    });

    test('stored: an equal stamp overwrites, so that a commit may be repeated', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      for (const value of ['one', 'two', 'two']) {
        const entry = entryOf(value, { epoch, asOf: seen });
        expect(await commit(authority, key, entry)).toBe('stored');
        expect(text(await entryAt(authority, key))).toBe(value);
      }
    });

    test('stored: an entry of another epoch is overwritten, however high its stamp', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const old = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const far = { epoch: old.epoch, asOf: old.seen + 1_000_000_000_000 };
      expect(await commit(authority, key, entryOf('old', far))).toBe('stored');
      const next = cursorOf(
        await authority.confirm(tenant, { epoch: old.epoch, seen: old.seen + 1 }),
      );
      expect(next.epoch).not.toBe(old.epoch);
      const stamp = { epoch: next.epoch, asOf: next.seen };
      expect(await commit(authority, key, entryOf('new', stamp))).toBe('stored');
      expect(text(await entryAt(authority, key))).toBe('new');
    });

    test('an entry is absent from its expiry on, and then stands in the way of nothing', async () => {
      const world = make();
      const { authority } = world;
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const entry = entryOf('a', { epoch, asOf: seen }, { expiresAt: Date.now() + 30_000 });
      await commit(authority, key, entry);
      world.advance(29_000);
      expect(text(await entryAt(authority, key))).toBe('a');
      world.advance(2000);
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('an entry that is over when it comes is nowhere', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      await commit(
        authority,
        key,
        entryOf('a', { epoch, asOf: seen }, { expiresAt: Date.now() - 1000 }),
      );
      expect(await entryAt(authority, key)).toBeUndefined();
    });
  });
}
