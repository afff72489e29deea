import type { Stamp } from './stamp.ts';

/** What an entry is made of, besides its bytes: an HTTP response, or a value in some serialization. */
export type EntryForm =
  | {
      readonly type: 'http';
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
    }
  | { readonly type: 'value'; readonly contentType: string };

/**
 * What a load made, before it is stamped. Times are milliseconds since the Unix epoch, absolute: they travel with the
 * entry through every tier, and no promotion extends them. Three distances past creation, as in Varnish (ttl, grace,
 * keep).
 */
export interface EntryDraft {
  readonly value: Uint8Array;
  readonly form: EntryForm;
  /** Entity tag with its quotes, computed once, at fill. */
  readonly etag: string | undefined;
  /** When the value was made at its source: `Age` counts from here. */
  readonly createdAt: number;
  /** Served without a question until here. */
  readonly freshUntil: number;
  /** Served stale while it is refreshed until here (stale-while-revalidate, RFC 5861, section 3). */
  readonly staleUntil: number;
  /** Served stale when its source fails until here (stale-if-error, RFC 5861, section 4). */
  readonly staleIfErrorUntil: number;
  /** Gone from every tier at this time. */
  readonly expiresAt: number;
  /** No touch moves any of these times past here. */
  readonly lifeUntil: number;
  readonly tags: readonly string[];
  /** How long the load took, in milliseconds. */
  readonly loadMs: number;
}

/** An entry as every tier holds it. Immutable: nobody may change the bytes of `value`. */
export interface Entry extends EntryDraft {
  readonly stamp: Stamp;
}

/**
 * Bytes that an entry occupies in memory, bookkeeping included: an estimate from above for strings (2 bytes a unit). The
 * value counts with its own bytes; whoever keeps it counts the rest of a larger buffer that it may be a view on.
 */
export function entryBytes(entry: Entry): number {
  let units = (entry.etag?.length ?? 0) + entry.stamp.epoch.length;
  for (const tag of entry.tags) units += tag.length + 16;
  if (entry.form.type === 'http')
    for (const [name, value] of entry.form.headers) units += name.length + value.length + 32;
  else units += entry.form.contentType.length;
  return entry.value.byteLength + 2 * units + 512;
}
