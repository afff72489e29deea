import type { EntryStore, StoredCopy } from '../../src/authority/in-isolate.ts';
import type { CacheKey } from '../../src/tenant/key.ts';

/**
 * Entries in a map, none of them ever pushed out: what is missing was deleted, or is over. As the memory tier, it does
 * not look at one that is over when it comes.
 */
export class MapStore implements EntryStore {
  readonly copies = new Map<string, StoredCopy>();

  get(key: CacheKey, now: number): StoredCopy | undefined {
    const copy = this.copies.get(key.name);
    return copy && copy.until > now ? copy : undefined;
  }

  put(copy: StoredCopy, now: number): void {
    if (copy.until > now) this.copies.set(copy.key.name, copy);
  }

  delete(key: CacheKey): void {
    this.copies.delete(key.name);
  }
}
