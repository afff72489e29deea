import { describe, expect, test } from 'vitest';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type PurgeMode,
  type Target,
} from '../../src/tenant/target.ts';
import type { Authority } from '../../src/authority/authority.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { draft, entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import {
  commit,
  entryAt,
  type MakeWorld,
  opened,
  supersede,
  wholeLedger,
} from './authority-world.ts';

/** What becomes of a value that supersedes. */
export function describeSupersede(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: supersede`, () => {
    const refused = { stored: false, reason: 'superseded' };

    test('stores the value under the very seq of its mark', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'users:42');
      const value = draft('v1', { tags: ['user:42'], etag: '"v1"' });
      const outcome = await supersede(authority, key, value, { epoch, asOf: seen });
      const { marks } = await wholeLedger(authority, tenant);
      expect(marks).toEqual([{ target: 'k:users:42', mode: 'hard', seq: marks[0]?.seq }]);
      expect(outcome).toEqual({ stored: true, stamp: { epoch, asOf: marks[0]?.seq } });
      const entry = await entryAt(authority, key);
      expect(entry?.stamp).toEqual({ epoch, asOf: marks[0]?.seq });
      expect(entry).toMatchObject({ tags: ['user:42'], etag: '"v1"', expiresAt: value.expiresAt });
      expect(text(entry)).toBe('v1');
    });

    test('a load that began before it is dropped afterwards, one that knows of it is stored', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const outcome = await supersede(authority, key, draft('set'), { epoch, asOf: seen });
      expect(await commit(authority, key, entryOf('load', { epoch, asOf: seen }))).toBe('purged');
      expect(text(await entryAt(authority, key))).toBe('set');
      if (!outcome.stored) throw new Error('the value was not stored');
      expect(await commit(authority, key, entryOf('later', outcome.stamp))).toBe('stored');
    });

    test('of two the later wins, also when both knew the same', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const first = await supersede(authority, key, draft('first'), { epoch, asOf: seen });
      const second = await supersede(authority, key, draft('second'), { epoch, asOf: seen });
      if (!first.stored || !second.stored) throw new Error('a value was not stored');
      expect(second.stamp.asOf).toBeGreaterThan(first.stamp.asOf);
      expect(text(await entryAt(authority, key))).toBe('second');
    });

    const blocking: readonly [string, Target][] = [
      ['a tag of it', tagTarget('user:42')],
      ['its first segment', prefixTarget('users')],
      ['a longer prefix', prefixTarget('users:42')],
      ['the key itself as a prefix', prefixTarget('users:42:name')],
      ['the tenant', TENANT_TARGET],
    ];
    const modes: readonly PurgeMode[] = ['hard', 'soft'];
    const cases = blocking.flatMap(([what, target]) =>
      modes.map((mode) => [mode, what, target] as const),
    );

    test.each(cases)(
      'is refused after a newer %s purge of %s, and marks nothing',
      async (mode, _, target) => {
        const { authority } = make();
        const tenant = newTenant();
        const { epoch, seen } = await opened(authority, tenant);
        const key = keyOf(tenant, 'users:42:name');
        const value = draft('v', { tags: ['other', 'user:42'] });
        const { seq } = await authority.mark(tenant, [target], mode, undefined);
        for (const asOf of [seen, seq - 1])
          expect(await supersede(authority, key, value, { epoch, asOf })).toEqual(refused);
        expect(await entryAt(authority, key)).toBeUndefined();
        expect((await wholeLedger(authority, tenant)).marks).toHaveLength(1);
        expect(await supersede(authority, key, value, { epoch, asOf: seq })).toMatchObject({
          stored: true,
        });
      },
    );

    test('is not refused after purges of anything else, nor of the key by somebody else', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const unrelated = [
        tagTarget('user:4'),
        prefixTarget('user'),
        prefixTarget('users:4'),
        prefixTarget('users:42:name:first'),
        keyTarget('users:42:name'),
        keyTarget('users'),
      ];
      await authority.mark(tenant, unrelated, 'hard', undefined);
      const value = draft('v', { tags: ['user:42'] });
      const key = keyOf(tenant, 'users:42:name');
      const outcome = await supersede(authority, key, value, { epoch, asOf: seen });
      expect(outcome).toMatchObject({ stored: true });
    });

    const marking: readonly [string, (authority: Authority, key: CacheKey) => Promise<unknown>][] =
      [
        [
          'a hard purge of it',
          (a, { tenant, key }) => a.mark(tenant, [keyTarget(key)], 'hard', undefined),
        ],
        [
          'a soft purge of it',
          (a, { tenant, key }) => a.mark(tenant, [keyTarget(key)], 'soft', undefined),
        ],
        [
          'a value that was set',
          async (a, key) => {
            const { epoch, seen } = await opened(a, key.tenant);
            return supersede(a, key, draft('set'), { epoch, asOf: seen });
          },
        ],
      ];

    test.each(marking)('unless marked: is refused after %s that is newer', async (_, mark) => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'users:42:name');
      await authority.mark(tenant, [keyTarget('users:42'), keyTarget('users')], 'hard', undefined);
      const write = { key, draft: draft('mine'), unlessMarked: true };
      const first = { ...write, knownAs: { epoch, asOf: seen } };
      expect(await authority.supersede([first])).toMatchObject([{ stored: true }]);
      const known = (await opened(authority, tenant)).seen;
      await mark(authority, key);
      const late = { ...write, draft: draft('late'), knownAs: { epoch, asOf: known } };
      expect(await authority.supersede([late])).toEqual([refused]);
      expect(text(await entryAt(authority, key))).not.toBe('late');
      const { seen: now } = await opened(authority, tenant);
      const informed = { ...late, knownAs: { epoch, asOf: now } };
      expect(await authority.supersede([informed])).toMatchObject([{ stored: true }]);
    });

    test('unless marked: is refused from below the key floor', async () => {
      const { authority } = make({ cap: 2 });
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      for (const other of ['b', 'c', 'd', 'e'])
        await authority.mark(tenant, [keyTarget(other)], 'hard', undefined);
      const write = { key, draft: draft('v'), knownAs: { epoch, asOf: seen } };
      expect(await authority.supersede([{ ...write, unlessMarked: true }])).toEqual([refused]);
      expect(await authority.supersede([write])).toMatchObject([{ stored: true }]);
    });

    test('is refused under another epoch', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { seen } = await opened(authority, tenant);
      const key = keyOf(tenant, 'a');
      const stamp = { epoch: 'd'.repeat(32), asOf: seen + 1_000_000 };
      expect(await supersede(authority, key, draft('v'), stamp)).toEqual(refused);
      expect(await entryAt(authority, key)).toBeUndefined();
    });

    test('is refused from below the floor', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const { epoch, floor } = await authority.confirm(tenant, undefined);
      const key = keyOf(tenant, 'a');
      const below = { epoch, asOf: floor - 1 };
      expect(await supersede(authority, key, draft('v'), below)).toEqual(refused);
      expect(await supersede(authority, key, draft('v'), { epoch, asOf: floor })).toMatchObject({
        stored: true,
      });
    });

    test('the value expires', async () => {
      const world = make();
      const tenant = newTenant();
      const { epoch, seen } = await opened(world.authority, tenant);
      const key = keyOf(tenant, 'a');
      const value = draft('v', { expiresAt: Date.now() + 30_000 });
      await supersede(world.authority, key, value, { epoch, asOf: seen });
      expect(text(await entryAt(world.authority, key))).toBe('v');
      world.advance(31_000);
      expect(await entryAt(world.authority, key)).toBeUndefined();
    });
  });
}
