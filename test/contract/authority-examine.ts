import { describe, expect, test } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { encodeKey } from '../../src/tenant/segments.ts';
import { tagTarget } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import { commit, entryAt, lease, opened, type MakeWorld } from './authority-world.ts';

/** What operators look at. */
export function describeExamination(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: examination`, () => {
    /** Stores an entry under each of the inputs. */
    async function filled(tenant: TenantId, inputs: readonly string[]) {
      const world = make();
      const { authority } = world;
      const { epoch, seen } = await opened(authority, tenant);
      for (const input of inputs) {
        const entry = entryOf(input, { epoch, asOf: seen }, { tags: ['all'] });
        expect(await commit(authority, keyOf(tenant, input), entry)).toBe('stored');
      }
      return { authority, advance: (ms: number) => world.advance(ms) };
    }

    /** What several samples find together, until they have found so many: one may not come to the end. */
    async function gathered(authority: Authority, tenant: TenantId, most: number) {
      const found = new Set<string>();
      for (let call = 0; call < 100 && found.size < most; call += 1)
        for (const key of await authority.sample(tenant, most)) found.add(key);
      return [...found].toSorted();
    }

    test('what stands under each key, in their order, whole', async () => {
      const tenant = newTenant();
      const { authority } = await filled(tenant, ['a', 'b']);
      const [a, b, none] = ['a', 'b', 'none'].map((input) => keyOf(tenant, input));
      if (!a || !b || !none) throw new Error('three keys');
      expect(await authority.examine([b, none, a])).toEqual([
        { state: 'entry', entry: await entryAt(authority, b) },
        { state: 'absent' },
        { state: 'entry', entry: await entryAt(authority, a) },
      ]);
      expect(await authority.examine([])).toEqual([]);
    });

    test('an entry that a purge has hit, as it stands', async () => {
      const tenant = newTenant();
      const { authority } = await filled(tenant, ['a']);
      await authority.mark(tenant, [tagTarget('all')], 'hard', undefined);
      expect(await authority.examine([keyOf(tenant, 'a')])).toMatchObject([{ state: 'entry' }]);
    });

    test('an entry that is over, as long as it stands', async () => {
      const tenant = newTenant();
      const { authority, advance } = await filled(tenant, ['a']);
      advance(3_600_000);
      expect(await entryAt(authority, keyOf(tenant, 'a'))).toBeUndefined();
      expect(await authority.examine([keyOf(tenant, 'a')])).toMatchObject([{ state: 'entry' }]);
    });

    test("a sample is of the tenant's entries alone: no other tenant's, no record, none twice", async () => {
      const [tenant, other] = [newTenant(), newTenant()];
      const inputs = Array.from({ length: 30 }, (_, at) => `n:users:${at}`);
      const { authority } = await filled(tenant, inputs);
      const another = await opened(authority, other);
      const foreign = entryOf('foreign', { epoch: another.epoch, asOf: another.seen });
      await commit(authority, keyOf(other, 'n:foreign'), foreign);
      await lease(authority, keyOf(tenant, 'n:leased'), 'token', 60_000);
      expect(await gathered(authority, tenant, inputs.length)).toEqual(inputs.toSorted());
      const few = await authority.sample(tenant, 7);
      expect(few.length).toBeLessThanOrEqual(7);
      expect(new Set(few).size).toBe(few.length);
      expect(inputs).toEqual(expect.arrayContaining([...few]));
    });

    test('a sample holds keys as they are encoded, whatever is in them', async () => {
      const tenant = newTenant();
      const odd = ['a b', 'ä:~x', '*', '%41', '[a]:?'];
      const { authority } = await filled(tenant, odd);
      const encoded = odd.map((input) => encodeKey(input));
      expect(await gathered(authority, tenant, odd.length)).toEqual(encoded.toSorted());
    });

    test('a tenant that has nothing has no sample', async () => {
      expect(await make().authority.sample(newTenant(), 10)).toEqual([]);
    });
  });
}
