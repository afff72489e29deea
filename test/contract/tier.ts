import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/codec/entry.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import type { KeyInput } from '../../src/tenant/segments.ts';
import type { Copy, Prepared, Tier } from '../../src/tiers/tier.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';

const HOUR_MS = 3_600_000;

/** A copy that lives until its entry does. */
export function copyOf(
  key: CacheKey,
  entry: Entry,
  until = entry.expiresAt,
  prepared?: Prepared,
): Copy {
  return { key, entry, until, heldAt: 0, prepared };
}

/** What every tier promises, whatever it keeps copies in. `make` gives a tier that can hold 8 MiB. */
export function describeTier(name: string, make: () => Tier): void {
  describe(`the tier contract: ${name}`, () => {
    const fill = async (tier: Tier, value: string, input: KeyInput = 'a'): Promise<CacheKey> => {
      const key = keyOf(newTenant(), input);
      await tier.put(copyOf(key, entryOf(value)), Date.now());
      return key;
    };

    test('a key that nobody put is a miss', async () => {
      expect(await make().get(keyOf(newTenant(), 'a'), Date.now())).toBeUndefined();
    });

    test('what was put comes back whole: bytes, form, tag, times, tags, stamp and key', async () => {
      const tier = make();
      const key = keyOf(newTenant(), ['users', '42', 'avatar.png']);
      const now = Date.now();
      const stamp = { epoch: 'f'.repeat(32), asOf: 9_007_199_254_740_991 };
      const entry = entryOf(
        Uint8Array.from({ length: 256 }, (_, at) => at),
        stamp,
        {
          form: {
            type: 'http',
            status: 203,
            headers: [
              ['content-type', 'text/plain;charset=UTF-8'],
              ['link', '<a>; rel=next'],
              ['link', '<b>; rel=last'],
              ['x-empty', ''],
            ],
          },
          etag: 'W/"weak, \\"tag\\""',
          createdAt: now - 5000,
          freshUntil: now + 10_000,
          staleUntil: now + 20_000,
          expiresAt: now + 30_000,
          tags: ['city:1', 'country:AD', 'ünï,cödé 🗺️'],
          loadMs: 12.5,
        },
      );
      await tier.put(copyOf(key, entry), now);
      const copy = await tier.get(key, now);
      expect(copy?.entry).toEqual(entry);
      expect(copy?.key).toEqual(key);
      expect(copy?.entry.value).toEqual(entry.value);
    });

    test('a value without tag, tags or bytes is a value', async () => {
      const tier = make();
      const key = keyOf(newTenant(), 'empty');
      const entry = entryOf('', undefined, { form: { type: 'value', contentType: '' } });
      await tier.put(copyOf(key, entry), Date.now());
      expect((await tier.get(key, Date.now()))?.entry).toEqual(entry);
    });

    test('a later put of the same key takes the place of the earlier one', async () => {
      const tier = make();
      const key = await fill(tier, 'first');
      await tier.put(copyOf(key, entryOf('second')), Date.now());
      expect(text((await tier.get(key, Date.now()))?.entry)).toBe('second');
    });

    test('what a face has prepared stays in the isolate: a local tier keeps it, another one forgets it', async () => {
      const tier = make();
      const key = keyOf(newTenant(), 'a');
      const prepared = { bytes: 100, value: Object.freeze({ a: 1 }) };
      await tier.put(copyOf(key, entryOf('{"a":1}'), undefined, prepared), Date.now());
      const copy = await tier.get(key, Date.now());
      expect(text(copy?.entry)).toBe('{"a":1}');
      expect(copy?.prepared).toBe(tier.local ? prepared : undefined);
    });

    test('a copy put again with something prepared, or without, takes the place of the one before', async () => {
      const tier = make();
      const key = await fill(tier, 'a');
      for (const prepared of [{ bytes: 10, value: 1 }, undefined, { bytes: 1e5, value: 2 }]) {
        const copy = await tier.get(key, Date.now());
        if (!copy) throw new Error('the copy is gone');
        await tier.put({ ...copy, prepared }, Date.now());
        const again = await tier.get(key, Date.now());
        expect(again?.prepared).toBe(tier.local ? prepared : undefined);
        expect(again?.until).toBe(copy.until);
      }
    });

    test('says that it works once it has kept a copy, if it says anything', async () => {
      const tier = make();
      expect(tier.status?.() ?? 'unknown').toBe('unknown');
      const key = await fill(tier, 'a');
      expect(await tier.get(key, Date.now())).toBeDefined();
      expect(tier.status?.() ?? 'works').toBe('works');
    });

    test('`until` is absolute: returned before it, not at it, and it travels unchanged', async () => {
      const tier = make();
      const key = keyOf(newTenant(), 'a');
      const now = Date.now();
      const until = now + HOUR_MS;
      const entry = entryOf('a', undefined, { expiresAt: now + 2 * HOUR_MS });
      await tier.put(copyOf(key, entry, until), now);
      expect((await tier.get(key, now))?.until).toBe(until);
      expect((await tier.get(key, until - 1))?.until).toBe(until);
      expect(await tier.get(key, until)).toBeUndefined();
    });

    test('a copy put again elsewhere lives no longer than it did here', async () => {
      const [first, second] = [make(), make()];
      const key = keyOf(newTenant(), 'a');
      const now = Date.now();
      await first.put(copyOf(key, entryOf('a'), now + 30_000), now);
      const copy = await first.get(key, now + 20_000);
      if (!copy) throw new Error('the copy is gone');
      await first.delete(key);
      await second.put(copy, now + 20_000);
      expect(await second.get(key, now + 29_999)).toBeDefined();
      expect(await second.get(key, now + 30_000)).toBeUndefined();
    });

    test('a copy whose time is over is not kept', async () => {
      const tier = make();
      const key = keyOf(newTenant(), 'a');
      const now = Date.now();
      await tier.put(copyOf(key, entryOf('a'), now), now);
      expect(await tier.get(key, now - HOUR_MS)).toBeUndefined();
    });

    test('a deleted copy is gone, others stay, and deleting what is not there does no harm', async () => {
      const tier = make();
      const key = await fill(tier, 'gone');
      const other = await fill(tier, 'stays');
      await tier.delete(key);
      await tier.delete(key);
      expect(await tier.get(key, Date.now())).toBeUndefined();
      expect(text((await tier.get(other, Date.now()))?.entry)).toBe('stays');
    });

    test('the same key of two tenants is two keys', async () => {
      const tier = make();
      const one = await fill(tier, 'one', 'users:42');
      const two = await fill(tier, 'two', 'users:42');
      expect(text((await tier.get(one, Date.now()))?.entry)).toBe('one');
      await tier.delete(one);
      expect(text((await tier.get(two, Date.now()))?.entry)).toBe('two');
    });

    const long = 'x'.repeat(4000);
    const odd: readonly KeyInput[] = [
      ['', ''],
      ['', '', ''],
      ['a', ''],
      ['a'],
      ['A'],
      ['a', 'b'],
      ['a:b'],
      ['a%3Ab'],
      ['a/b'],
      ['a%2Fb'],
      ['..'],
      ['.', '..', '..'],
      ['a?b=c'],
      ['a#b'],
      ['a b'],
      ['a+b'],
      ['~ledger'],
      ['é'],
      ['e\u0301'],
      ['🗺️'],
      ['\ud800'],
      ['\udc00'],
      ['\0\n\r\t'],
      [`${long}1`],
      [`${long}2`],
      [long, '1'],
    ];

    test(`${odd.length} odd and very long keys stay apart`, async () => {
      const tier = make();
      const tenant = newTenant();
      for (const [at, input] of odd.entries())
        await tier.put(copyOf(keyOf(tenant, input), entryOf(`value ${at}`)), Date.now());
      const read = await Promise.all(
        odd.map(async (input) => text((await tier.get(keyOf(tenant, input), Date.now()))?.entry)),
      );
      expect(read).toEqual(odd.map((_, at) => `value ${at}`));
    });

    test('two megabytes come back byte for byte', async () => {
      const tier = make();
      const value = new Uint8Array(2 * 1_048_576);
      for (let at = 0; at < value.length; at += 65_536)
        crypto.getRandomValues(value.subarray(at, at + 65_536));
      const key = keyOf(newTenant(), 'big');
      await tier.put(copyOf(key, entryOf(value)), Date.now());
      const copy = await tier.get(key, Date.now());
      expect(copy?.entry.value.byteLength).toBe(value.byteLength);
      expect(await digest(copy?.entry.value ?? new Uint8Array())).toBe(await digest(value));
    });

    test('an examination finds what is there, past its time too, and what is not', async () => {
      const tier = make();
      const key = await fill(tier, 'a');
      const examined = await tier.examine?.(key);
      if (examined?.state !== 'copy') throw new Error(`It is ${examined?.state}.`);
      expect(text(examined.copy.entry)).toBe('a');
      expect(examined.copy.key).toEqual(key);
      expect(await tier.examine?.(keyOf(newTenant(), 'a'))).toEqual({ state: 'absent' });
      await tier.delete(key);
      expect(await tier.examine?.(key)).toEqual({ state: 'absent' });
    });

    test('a sample, where there is one, is of one tenant, and no key twice', async () => {
      const tier = make();
      if (!tier.sample) return;
      const tenant = newTenant();
      for (let at = 0; at < 20; at += 1)
        await tier.put(copyOf(keyOf(tenant, `k${at}`), entryOf('a')), Date.now());
      await fill(tier, 'another tenant');
      const all = Array.from({ length: 20 }, (_, at) => `k${at}`);
      expect(tier.sample(tenant, 100, Math.random).toSorted()).toEqual(all.toSorted());
      const few = tier.sample(tenant, 5, Math.random);
      expect(new Set(few).size).toBe(5);
      expect(all).toEqual(expect.arrayContaining([...few]));
      expect(tier.sample(newTenant(), 5, Math.random)).toEqual([]);
    });

    test('has a name, and says how long a copy may live in it', () => {
      const tier = make();
      expect(tier.name).toMatch(/^[a-z]+$/);
      expect(tier.lifetimeMs).toBeGreaterThan(0);
    });
  });
}

async function digest(value: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', value)).toHex();
}
