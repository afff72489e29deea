import type { Found } from '../engine/found.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { VaryRecord } from './variants.ts';

/** A resource's record as it was found. */
export interface StandingRecord extends VaryRecord {
  /** Undefined for one that nobody has stored yet. */
  readonly found: Found | undefined;
  /** A soft purge has hit it. */
  readonly stale: boolean;
  /**
   * A purge, hard or soft, named the resource's own key: its variants do not know of it. Whatever is stored next goes under
   * a record with another id.
   */
  readonly outdated: boolean;
}

/** Where the answer to a request is stored, or would be. */
export interface Place {
  /** The key of the resource. */
  readonly base: CacheKey;
  /** The key of what the request selects: the resource's own, or that of a variant. */
  readonly key: CacheKey;
  /** Of the variant; empty for the resource's own key. */
  readonly digest: string;
  /** Undefined for a resource of which it is not known that it varies. */
  readonly record: StandingRecord | undefined;
}
