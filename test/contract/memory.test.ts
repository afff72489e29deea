import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryBytes } from '../../src/codec/entry.ts';
import { MemoryTier } from '../../src/tiers/memory.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import { copyOf, describeTier } from './tier.ts';

const make = (bytes = 8 * 1_048_576): MemoryTier => new MemoryTier({ bytes, lifetimeMs: 60_000 });

describeTier('memory', () => make());

describe('memory', () => {
  const tenant = newTenant();
  const keys = Array.from({ length: 12 }, (_, at) => keyOf(tenant, ['k', String(at)]));

  test('never passes its byte budget, whatever is done to it, and counts every entry at its size at least', () => {
    const key = fc.nat({ max: keys.length - 1 });
    const operation = fc.oneof(
      fc.record({ do: fc.constant('put'), key, size: fc.nat({ max: 6000 }), tags: fc.nat(20) }),
      fc.record({ do: fc.constantFrom('get', 'delete'), key }),
      fc.record({ do: fc.constant('deleteWhere'), key }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const budget = 16_384;
        const tier = make(budget);
        const now = Date.now();
        for (const step of operations) {
          const target = keys[step.key];
          if (!target) throw new Error('no such key');
          if ('size' in step) {
            const tags = Array.from({ length: step.tags }, (_, at) => `tag:${at}`);
            const entry = entryOf(new Uint8Array(step.size), undefined, { tags });
            tier.put(copyOf(target, entry), now);
          } else if (step.do === 'get') tier.get(target, now);
          else if (step.do === 'delete') tier.delete(target);
          else tier.deleteWhere((copy) => copy.key.name === target.name);
          const held = keys.flatMap((one) => tier.get(one, now) ?? []);
          const size = held.reduce((sum, copy) => sum + entryBytes(copy.entry), 0);
          expect(tier.bytes).toBeLessThanOrEqual(budget);
          expect(tier.bytes).toBeGreaterThanOrEqual(size);
          if (held.length === 0) expect(tier.bytes).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a full budget drops the least recently used copy, and a read is a use', () => {
    const [first, second, third, fourth] = keys;
    if (!first || !second || !third || !fourth) throw new Error('four keys are needed');
    const now = Date.now();
    const entry = entryOf(new Uint8Array(4000));
    const tier = make(3 * 5000);
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
