import { memoryUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { EntryForm } from '../../../src/codec/entry.ts';
import type { Prepared } from '../../../src/tiers/tier.ts';
import { MemoryTier } from '../../../src/tiers/memory.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { encodeKey } from '../../../src/tenant/segments.ts';
import { newTenant } from '../../support/entries.ts';
import { turn } from '../support/runtime.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const keys = new KeySpace('tc', 1);
const tenant = newTenant();
const form: EntryForm = { type: 'value', contentType: 'application/json' };

/** A string of its own, as one that came in a reply is. */
const own = (text: string): string => String(JSON.parse(JSON.stringify(text)));

/** Buffers are given back behind a collection, not by it. */
async function used(): Promise<number> {
  for (let at = 0; at < 4; at += 1) {
    collect();
    await turn();
  }
  const { heapUsed, arrayBuffers } = memoryUsage();
  return heapUsed + arrayBuffers;
}

function fill(
  tier: MemoryTier,
  count: number,
  size: number,
  shape: (at: number) => { form?: EntryForm; tags?: string[]; prepared?: Prepared },
): void {
  const now = Date.now();
  for (let at = 0; at < count; at += 1) {
    const { prepared, ...parts } = { prepared: undefined, ...shape(at) };
    const entry = {
      value: new Uint8Array(size),
      form,
      etag: own(`"${at.toString(36).padStart(27, 'e')}"`),
      createdAt: now + at,
      freshUntil: now + at + 1e5,
      staleUntil: now + at + 2e5,
      staleIfErrorUntil: now + at + 3e5,
      expiresAt: now + at + 4e5,
      lifeUntil: now + at + 5e5,
      tags: [],
      loadMs: at / 7,
      stamp: { epoch: own('0123456789abcdef'.repeat(2)), asOf: 1_700_000_000_000_000 + at },
      ...parts,
    };
    const key = keys.key(tenant, encodeKey(['n', 'users', String(at)]));
    tier.put({ key, entry, until: now + at + 1e5, heldAt: 0, prepared }, now);
    tier.get(key, now);
  }
}

test.each([
  ['values of 100 bytes', 60_000, 100, () => ({})],
  ['values of 10 KB', 3000, 10_000, () => ({})],
  ['values of 500 KB', 60, 500_000, () => ({})],
  [
    'values with tags',
    30_000,
    100,
    (at: number) => ({ tags: [own(`user:${at}`), own(`org:${at % 7}`), own(`list:${at % 99}`)] }),
  ],
  [
    'responses',
    30_000,
    100,
    (at: number) => ({
      form: {
        type: 'http' as const,
        status: 200,
        headers: [
          [own('content-type'), own('application/json')] as const,
          [own('last-modified'), own(`Wed, 21 Oct 2015 07:28:00 GMT ${at}`)] as const,
        ],
      },
    }),
  ],
  ['prepared values', 30_000, 0, () => ({ prepared: { bytes: 24, value: { a: 1 } } })],
])(
  'the heap that %s occupy is what is counted, within a quarter',
  async (_, count, size, shape) => {
    // What is compiled and allocated once is not the copies'.
    fill(new MemoryTier({ bytes: 1e9, lifetimeMs: 1 }), 50, Math.min(size, 100), shape);
    const before = await used();
    const tier = new MemoryTier({ bytes: 1e9, lifetimeMs: 1 });
    fill(tier, count, size, shape);
    const heap = (await used()) - before;
    expect(tier.entries).toBe(count);
    // Node has no pointer compression; in workerd, where it counts, heaps are smaller: see test/dev/library-heap.test.ts.
    expect(heap).toBeLessThanOrEqual(tier.bytes * 1.25);
    // And not far above it: a budget is there to be used.
    expect(heap).toBeGreaterThan(tier.bytes * 0.7);
  },
);
