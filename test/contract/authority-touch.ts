import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/codec/entry.ts';
import { keyTarget, prefixTarget, tagTarget, TENANT_TARGET } from '../../src/tenant/target.ts';
import { bytes, draft, entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import {
  commit,
  entryAt,
  lease,
  opened,
  supersede,
  wholeLedger,
  type AuthorityWorld,
  type MakeWorld,
} from './authority-world.ts';

const MINUTE_MS = 60_000;

/** The entry with all of its times but creation a minute later. */
const later = (entry: Entry): Entry => ({
  ...entry,
  freshUntil: entry.freshUntil + MINUTE_MS,
  staleUntil: entry.staleUntil + MINUTE_MS,
  staleIfErrorUntil: entry.staleIfErrorUntil + MINUTE_MS,
  expiresAt: entry.expiresAt + MINUTE_MS,
});

/** What becomes of an entry that gets other times. */
export function describeTouches(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: touch`, () => {
    async function stored(world: AuthorityWorld = make()) {
      const { authority } = world;
      const key = keyOf(newTenant(), 'users:1');
      const { epoch, seen } = await opened(authority, key.tenant);
      const entry = entryOf('value', { epoch, asOf: seen }, { tags: ['t'], etag: '"e"' });
      expect(await commit(authority, key, entry)).toBe('stored');
      return { world, authority, key, entry };
    }

    test('stored: the times are others, all else is as it was', async () => {
      const { authority, key, entry } = await stored();
      expect(await authority.touch(key, later)).toBe('stored');
      const touched = await entryAt(authority, key);
      expect(touched && { ...touched, value: text(touched) }).toEqual({
        ...later(entry),
        value: 'value',
      });
    });

    test('stored: it lives as long as its new times say, not as its old ones', async () => {
      const { world, authority, key } = await stored();
      expect(await authority.touch(key, later)).toBe('stored');
      world.advance(1.5 * MINUTE_MS);
      expect(text(await entryAt(authority, key))).toBe('value');
      world.advance(MINUTE_MS);
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('stored: a value that superseded is touched under its own stamp, and may be again', async () => {
      const { authority, key, entry } = await stored();
      await supersede(authority, key, draft('set'), entry.stamp);
      const before = await entryAt(authority, key);
      expect(await authority.touch(key, later)).toBe('stored');
      expect(await authority.touch(key, later)).toBe('stored');
      const after = await entryAt(authority, key);
      expect(after?.stamp).toEqual(before?.stamp);
      expect(after?.expiresAt).toBe((before?.expiresAt ?? 0) + 2 * MINUTE_MS);
      expect(text(after)).toBe('set');
    });

    test('stamp and value never change, whatever is answered for them', async () => {
      const { authority, key, entry } = await stored();
      const forged = { value: bytes('forged'), stamp: { epoch: 'f'.repeat(32), asOf: 9 } };
      expect(await authority.touch(key, (found) => ({ ...later(found), ...forged }))).toBe(
        'stored',
      );
      const touched = await entryAt(authority, key);
      expect(text(touched)).toBe('value');
      expect(touched?.stamp).toEqual(entry.stamp);
    });

    test('refused: the caller gave no times; asked with what stands there', async () => {
      const { authority, key, entry } = await stored();
      const found: Entry[] = [];
      const refuse = (stands: Entry): undefined => void found.push(stands);
      expect(await authority.touch(key, refuse)).toBe('refused');
      expect(found.map((stands) => ({ ...stands, value: text(stands) }))).toEqual([
        { ...entry, value: 'value' },
      ]);
      expect((await entryAt(authority, key))?.expiresAt).toBe(entry.expiresAt);
    });

    test('absent: nothing is there, or it is over; the caller is not asked', async () => {
      const { world, authority, key } = await stored();
      const ask = (): never => {
        throw new Error('asked');
      };
      expect(await authority.touch(keyOf(key.tenant, 'other'), ask)).toBe('absent');
      world.advance(2 * MINUTE_MS);
      expect(await authority.touch(key, ask)).toBe('absent');
    });

    test('what the caller throws is thrown, and nothing has changed', async () => {
      const { authority, key, entry } = await stored();
      const failing = (): never => {
        throw new RangeError('no times');
      };
      await expect(authority.touch(key, failing)).rejects.toThrow(RangeError);
      expect((await entryAt(authority, key))?.expiresAt).toBe(entry.expiresAt);
    });

    test('changed: another entry came in between, of the same stamp or of a later one', async () => {
      for (const ahead of [0, 1]) {
        const { world, authority, key, entry } = await stored();
        const stamp = { ...entry.stamp, asOf: entry.stamp.asOf + ahead };
        const outcome = await world.touchWhile(key, later, () =>
          commit(authority, key, entryOf('other', stamp)),
        );
        expect(outcome).toBe('changed');
        expect(text(await entryAt(authority, key))).toBe('other');
      }
    });

    test('changed: it was touched in between; the first touch stands', async () => {
      const { world, authority, key, entry } = await stored();
      const sooner = (found: Entry): Entry => ({ ...found, freshUntil: found.freshUntil - 1 });
      const outcome = await world.touchWhile(key, later, () => authority.touch(key, sooner));
      expect(outcome).toBe('changed');
      expect((await entryAt(authority, key))?.freshUntil).toBe(entry.freshUntil - 1);
    });

    test('purged: a hard purge of its key in between is final', async () => {
      const { world, authority, key } = await stored();
      const outcome = await world.touchWhile(key, later, () =>
        authority.mark(key.tenant, [keyTarget(key.key)], 'hard', undefined),
      );
      expect(outcome).toBe('purged');
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('purged: a value that superseded it in between stands', async () => {
      const { world, authority, key, entry } = await stored();
      const outcome = await world.touchWhile(key, later, () =>
        supersede(authority, key, draft('set'), entry.stamp),
      );
      expect(outcome).toBe('purged');
      expect(text(await entryAt(authority, key))).toBe('set');
    });

    test.each(['hard', 'soft'] as const)(
      'a %s purge of what holds it is for the reader to judge: the stamp stays below it',
      async (mode) => {
        const { world, authority, key, entry } = await stored();
        const targets = [tagTarget('t'), prefixTarget('users'), TENANT_TARGET] as const;
        const outcome = await world.touchWhile(key, later, () =>
          authority.mark(key.tenant, targets, mode, undefined),
        );
        expect(outcome).toBe('stored');
        expect((await entryAt(authority, key))?.stamp).toEqual(entry.stamp);
      },
    );

    test('epoch: the ledger was made anew in between', async () => {
      const { world, authority, key, entry } = await stored();
      const { epoch, asOf } = entry.stamp;
      const outcome = await world.touchWhile(key, later, () =>
        authority.confirm(key.tenant, { epoch, seen: asOf + 1_000_000_000 }),
      );
      expect(outcome).toBe('epoch');
      expect((await entryAt(authority, key))?.expiresAt).toBe(entry.expiresAt);
    });

    test('floor: marks that were trimmed may have been about it', async () => {
      const { authority, key, entry } = await stored(make({ copiesMs: 0, cap: 32 }));
      await authority.mark(key.tenant, [keyTarget('x'), keyTarget('y')], 'hard', undefined);
      expect((await wholeLedger(authority, key.tenant)).keyFloor).toBeGreaterThan(entry.stamp.asOf);
      expect(await authority.touch(key, later)).toBe('floor');
      expect((await entryAt(authority, key))?.expiresAt).toBe(entry.expiresAt);
    });

    test('takes no lease from anybody', async () => {
      const { authority, key, entry } = await stored();
      await lease(authority, key, 'mine', MINUTE_MS);
      expect(await authority.touch(key, later)).toBe('stored');
      expect(await commit(authority, key, entryOf('mine', entry.stamp), 'mine')).toBe('stored');
    });

    test('times that are over already end the entry', async () => {
      const { authority, key } = await stored();
      const over = (entry: Entry): Entry => ({ ...entry, expiresAt: Date.now() - 1000 });
      expect(await authority.touch(key, over)).toBe('stored');
      expect(await entryAt(authority, key)).toBeUndefined();
    });
  });
}
