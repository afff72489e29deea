import type { Entry, EntryDraft } from '../../src/codec/entry.ts';
import type { Stamp } from '../../src/codec/stamp.ts';
import { KeySpace, type CacheKey } from '../../src/tenant/key.ts';
import { encodeKey, type KeyInput } from '../../src/tenant/segments.ts';
import { isTenantId, type TenantId } from '../../src/tenant/tenant-id.ts';

export const keySpace = new KeySpace('test', 1);

let lastTenant = 0;
const run = crypto.randomUUID().slice(0, 8);

/** A tenant that nobody has used: its ledger, entries and regional copies do not exist. */
export function newTenant(): TenantId {
  lastTenant += 1;
  const id = `c${run}-${lastTenant}`;
  if (!isTenantId(id)) throw new Error(`'${id}' is no tenant id.`);
  return id;
}

/** The key of an entry, its input encoded as callers of the library do. */
export function keyOf(tenant: TenantId, input: KeyInput): CacheKey {
  return keySpace.key(tenant, encodeKey(input));
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (entry: Entry | undefined): string | undefined =>
  entry && new TextDecoder().decode(entry.value);

/** A value that is fresh for a minute. */
export function draft(value: string | Uint8Array, overrides: Partial<EntryDraft> = {}): EntryDraft {
  const now = Date.now();
  return {
    value: typeof value === 'string' ? bytes(value) : value,
    form: { type: 'value', contentType: 'text/plain' },
    etag: undefined,
    createdAt: now,
    freshUntil: now + 60_000,
    staleUntil: now + 60_000,
    staleIfErrorUntil: now + 60_000,
    expiresAt: now + 60_000,
    lifeUntil: now + 60_000,
    tags: [],
    loadMs: 0,
    ...overrides,
  };
}

/** A stamp of no ledger in particular. */
export const anyStamp: Stamp = { epoch: '0123456789abcdef'.repeat(2), asOf: 1_700_000_000_000_000 };

export function entryOf(
  value: string | Uint8Array,
  stamp: Stamp = anyStamp,
  overrides: Partial<EntryDraft> = {},
): Entry {
  return { ...draft(value, overrides), stamp };
}
