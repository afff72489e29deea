import { describe, expect, test } from 'vitest';
import { keyOf, newTenant } from '../support/entries.ts';
import { lease, type MakeWorld } from './authority-world.ts';

/** Who may load a key while others wait. */
export function describeLeases(name: string, make: MakeWorld): void {
  describe(`the authority contract: ${name}: leases`, () => {
    test('one of many has the lease', async () => {
      const { authority } = make();
      const key = keyOf(newTenant(), 'a');
      const taken = await Promise.all(
        Array.from({ length: 10 }, (_, at) => lease(authority, key, `token-${at}`, 60_000)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect(await lease(authority, key, 'late', 60_000)).toBe(false);
    });

    test('keys and tenants have leases of their own, very long keys too', async () => {
      const { authority } = make();
      const tenant = newTenant();
      const long = 'x'.repeat(2000);
      for (const input of ['a', 'b', 'a:b', `${long}1`, `${long}2`])
        expect(await lease(authority, keyOf(tenant, input), 'token', 60_000)).toBe(true);
      expect(await lease(authority, keyOf(newTenant(), 'a'), 'token', 60_000)).toBe(true);
    });

    test('its own token releases it, another one does not', async () => {
      const { authority } = make();
      const key = keyOf(newTenant(), 'a');
      await lease(authority, key, 'mine', 60_000);
      await authority.release(key, 'another');
      expect(await lease(authority, key, 'next', 60_000)).toBe(false);
      await authority.release(key, 'mine');
      expect(await lease(authority, key, 'next', 60_000)).toBe(true);
    });

    test('releasing what nobody has does no harm', async () => {
      const { authority } = make();
      await expect(authority.release(keyOf(newTenant(), 'a'), 'token')).resolves.toBeUndefined();
    });

    test('expires, and the late release of its old holder does not end the new one', async () => {
      const { authority } = make();
      const key = keyOf(newTenant(), 'a');
      expect(await lease(authority, key, 'old', 40)).toBe(true);
      await expect.poll(() => lease(authority, key, 'new', 60_000), { timeout: 10_000 }).toBe(true);
      await authority.release(key, 'old');
      expect(await lease(authority, key, 'third', 60_000)).toBe(false);
    });
  });
}
