import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryBytes } from '../../src/codec/entry.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { MemoryTier, type MemoryOptions } from '../../src/tiers/memory.ts';
import type { Copy } from '../../src/tiers/tier.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import { copyOf, describeTier } from './tier.ts';

const make = (bytes = 8 * 1_048_576, options: Partial<MemoryOptions> = {}): MemoryTier =>
  new MemoryTier({ bytes, lifetimeMs: 60_000, ...options });

describeTier('memory', () => make());

describe('memory', () => {
  const tenant = newTenant();
  const keys = Array.from({ length: 12 }, (_, at) => keyOf(tenant, ['k', String(at)]));
  const [one, another] = [keyOf(tenant, 'one'), keyOf(tenant, 'another')];
  /** What a copy is counted at: a tier that holds nothing else says it. */
  const sizeOf = (copy: Copy): number => {
    const tier = make();
    // At a time when it lives, whatever the clock has done since.
    tier.put(copy, copy.until - 1);
    return tier.bytes;
  };

  test('an examination is no use of a copy: the one that was used last stays', () => {
    const copies = [one, another].map((key) => copyOf(key, entryOf('x'.repeat(1000))));
    const [first, second] = copies;
    if (!first || !second) throw new Error('two copies');
    const tier = make(2 * sizeOf(second) + 100);
    for (const copy of copies) tier.put(copy, Date.now());
    expect(tier.examine(one)).toEqual({ state: 'copy', copy: first });
    tier.put(copyOf(keyOf(tenant, 'three'), entryOf('x'.repeat(1000))), Date.now());
    expect(tier.peek(one)).toBeUndefined();
    expect(tier.peek(another)).toBeDefined();
  });

  test('an examination shows a copy whose time is over, and leaves it there', () => {
    const tier = make();
    const copy = copyOf(one, entryOf('a'));
    tier.put(copy, copy.until - 1);
    expect(tier.examine(one)).toEqual({ state: 'copy', copy });
    expect(tier.get(one, copy.until)).toBeUndefined();
    expect(tier.examine(one)).toEqual({ state: 'absent' });
  });

  test('a sample is drawn at random', () => {
    const tier = make();
    for (const key of keys) tier.put(copyOf(key, entryOf('a')), Date.now());
    const drawn = new Set<string>();
    for (let draw = 0; draw < 500 && drawn.size < keys.length; draw += 1)
      for (const key of tier.sample(tenant, 1, Math.random)) drawn.add(key);
    expect(drawn.size).toBe(keys.length);
  });

  test('never passes its budgets, whatever is done to it, and its count is the sum of what it holds', () => {
    const budget = 16_384;
    const maxEntryBytes = 6000;
    const key = fc.nat({ max: keys.length - 1 });
    const size = fc.nat({ max: 6000 });
    const prepared = fc.option(size, { nil: undefined });
    const operation = fc.oneof(
      fc.record({ do: fc.constant('put'), key, size, prepared, tags: fc.nat(20), life: size }),
      fc.record({ do: fc.constant('replace'), key, prepared }),
      fc.record({ do: fc.constantFrom('get', 'delete', 'deleteWhere', 'again'), key }),
      fc.record({ do: fc.constant('later'), key, life: size }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        let now = Date.now();
        const evicted: Copy[] = [];
        const tier = make(budget, { maxEntryBytes, onEvict: (copy) => void evicted.push(copy) });
        const held = new Map<CacheKey, Copy>();
        const put = (copy: Copy): void => {
          const fits = sizeOf(copy) <= maxEntryBytes;
          tier.put(copy, now);
          if (copy.until <= now) return;
          if (fits) held.set(copy.key, copy);
          else held.delete(copy.key);
        };
        for (const step of operations) {
          const target = keys[step.key];
          if (!target) throw new Error('no such key');
          const known = held.get(target);
          if ('tags' in step) {
            const tags = Array.from({ length: step.tags }, (_, at) => `tag:${at}`);
            const entry = entryOf(new Uint8Array(step.size), undefined, { tags });
            const kept =
              step.prepared === undefined ? undefined : { bytes: step.prepared, value: 0 };
            put(copyOf(target, entry, now + step.life, kept));
          } else if ('prepared' in step && known) {
            const kept =
              step.prepared === undefined ? undefined : { bytes: step.prepared, value: 1 };
            put({ ...known, entry: { ...known.entry, value: new Uint8Array() }, prepared: kept });
          } else if ('life' in step) now += step.life;
          else if (step.do === 'again' && known) put(known);
          else if (step.do === 'get') tier.get(target, now);
          else if (step.do === 'delete') {
            tier.delete(target);
            held.delete(target);
          } else if (step.do === 'deleteWhere') {
            tier.deleteWhere((copy) => copy.entry.value.length < 3000);
            for (const [name, copy] of held) if (copy.entry.value.length < 3000) held.delete(name);
          }
          expect(tier.bytes).toBeLessThanOrEqual(budget);
          // Room is only made where there is none: what is gone was put out, and every one of those was reported.
          for (const copy of evicted.splice(0)) {
            expect(held.get(copy.key)).toBe(copy);
            held.delete(copy.key);
          }
        }
        for (const target of keys) {
          const copy = tier.get(target, now);
          const known = held.get(target);
          expect(copy).toBe(known && known.until > now ? known : undefined);
        }
        const rest = keys.flatMap((target) => tier.get(target, now) ?? []);
        expect(tier.bytes).toBe(rest.reduce((sum, copy) => sum + sizeOf(copy), 0));
        expect(tier.entries).toBe(rest.length);
      }),
      { numRuns: 300 },
    );
  });

  test('a copy is counted at what it holds at least: names, entry, what was prepared', () => {
    const plain = copyOf(one, entryOf(new Uint8Array(1000), undefined, { tags: ['a:1', 'b:2'] }));
    const names = one.name.length + one.fullName.length + one.key.length;
    expect(sizeOf(plain)).toBeGreaterThan(entryBytes(plain.entry) + 2 * names);
    expect(sizeOf({ ...plain, prepared: { bytes: 300.5, value: 0 } })).toBe(sizeOf(plain) + 301);
    const empty = { ...plain.entry, value: new Uint8Array() };
    const prepared = { bytes: 300, value: 0 };
    expect(sizeOf({ ...plain, entry: empty, prepared })).toBe(sizeOf(plain) - 1000 + 300);
  });

  test('a value that is a part of a larger buffer is counted at the buffer, which it keeps alive', () => {
    const frame = new Uint8Array(10_000);
    const part = copyOf(one, entryOf(frame.subarray(500, 600)));
    expect(sizeOf(part)).toBe(sizeOf(copyOf(one, entryOf(frame))));
  });

  test('a copy over the limit of one is not kept, drops nothing else, and leaves no older one of its key', () => {
    const now = Date.now();
    const small = copyOf(one, entryOf('small'));
    const big = copyOf(one, entryOf(new Uint8Array(5000)));
    const evicted: Copy[] = [];
    const tier = make(1e6, {
      maxEntryBytes: sizeOf(big) - 1,
      onEvict: (copy) => void evicted.push(copy),
    });
    tier.put(copyOf(another, entryOf('another')), now);
    tier.put(small, now);
    expect(tier.get(one, now)).toBe(small);
    tier.put(big, now);
    expect(tier.get(one, now)).toBeUndefined();
    expect(tier.entries).toBe(1);
    expect(evicted).toEqual([]);
    const justFits = copyOf(one, entryOf(new Uint8Array(4999)));
    tier.put(justFits, now);
    expect(tier.get(one, now)).toBe(justFits);
    tier.put({ ...justFits, prepared: { bytes: 2, value: 0 } }, now);
    expect(tier.get(one, now)).toBeUndefined();
  });

  test('reports what gave way to others with its size, and nothing that was deleted, replaced or over', () => {
    const now = Date.now();
    const evicted: [string, number][] = [];
    const copies = keys.map((key) => copyOf(key, entryOf(new Uint8Array(4000)), now + 1000));
    const [first, second, third, fourth, fifth] = copies;
    if (!first || !second || !third || !fourth || !fifth) throw new Error('five are needed');
    const tier = make(2 * sizeOf(first), {
      onEvict: (copy, bytes) => void evicted.push([copy.key.name, bytes]),
    });
    tier.put(first, now);
    tier.put({ ...first }, now);
    tier.delete(first.key);
    tier.put(first, now);
    tier.deleteWhere(() => true);
    tier.put(first, now);
    tier.get(first.key, now + 1000);
    expect(tier.entries).toBe(0);
    expect(evicted).toEqual([]);
    for (const copy of [first, second, third]) tier.put(copy, now);
    expect(evicted).toEqual([[first.key.name, sizeOf(first)]]);
    // `second` is over by then.
    tier.put({ ...fourth, until: now + 5000 }, now + 1000);
    expect(evicted).toHaveLength(1);
    expect(tier.entries).toBe(2);
  });

  test('a full budget drops the least recently used copy, and a read is a use', () => {
    const [first, second, third, fourth] = keys;
    if (!first || !second || !third || !fourth) throw new Error('four keys are needed');
    const now = Date.now();
    const entry = entryOf(new Uint8Array(4000));
    const tier = make(3 * 5300);
    for (const key of [first, second, third]) tier.put(copyOf(key, entry), now);
    tier.get(first, now);
    tier.put(copyOf(fourth, entry), now);
    expect(tier.get(second, now)).toBeUndefined();
    for (const key of [first, third, fourth]) expect(tier.get(key, now)).toBeDefined();
  });

  test('an entry over the whole budget is not kept, drops nothing else, and leaves no older one of its key', () => {
    const [big, other] = keys;
    if (!big || !other) throw new Error('two keys are needed');
    const now = Date.now();
    const tier = make(8192);
    tier.put(copyOf(big, entryOf('small')), now);
    tier.put(copyOf(other, entryOf('other')), now);
    tier.put(copyOf(big, entryOf(new Uint8Array(9000))), now);
    expect(tier.get(big, now)).toBeUndefined();
    expect(tier.get(other, now)).toBeDefined();
  });

  test('what is over is dropped when it is asked for, and its bytes are free again', () => {
    const [key] = keys;
    if (!key) throw new Error('a key is needed');
    const tier = make();
    const now = Date.now();
    tier.put(copyOf(key, entryOf('a'), now + 1000), now);
    expect(tier.bytes).toBeGreaterThan(0);
    tier.get(key, now + 1000);
    expect(tier.bytes).toBe(0);
  });

  test('deleteWhere drops what the test names, all of it and nothing else', () => {
    const tier = make();
    const now = Date.now();
    keys.forEach((key, at) =>
      tier.put(copyOf(key, entryOf('a', undefined, { tags: [`n:${at % 3}`] })), now),
    );
    tier.deleteWhere(({ entry }) => entry.tags.includes('n:1'));
    const left = keys.map((key) => tier.get(key, now) !== undefined);
    expect(left).toEqual(keys.map((_, at) => at % 3 !== 1));
    tier.deleteWhere(() => true);
    expect(tier.bytes).toBe(0);
  });

  test('an entry of one isolate is in no other isolate', () => {
    const [key] = keys;
    if (!key) throw new Error('a key is needed');
    make().put(copyOf(key, entryOf('a')), Date.now());
    expect(make().get(key, Date.now())).toBeUndefined();
  });
});
