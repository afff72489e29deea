import type { EntryStore, StoredCopy } from '../../src/authority/in-isolate.ts';
import { draw } from '../../src/runtime.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';

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

  peek(key: CacheKey): StoredCopy | undefined {
    return this.copies.get(key.name);
  }

  sample(tenant: TenantId, count: number, random: () => number): readonly string[] {
    const own = [...this.copies.values()].filter(({ key }) => key.tenant === tenant);
    return draw(
      own.map(({ key }) => key.key),
      count,
      random,
    );
  }
}
