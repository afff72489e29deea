import { LRUCache } from 'lru-cache';
import { entryBytes } from '../codec/entry.ts';
import { draw } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { Copy, ExaminedCopy, Tier } from './tier.ts';

export interface MemoryOptions {
  /** The most bytes of all copies together, names and bookkeeping counted. */
  readonly bytes: number;
  /** The most bytes of one copy, counted in the same way. Default: the whole budget. */
  readonly maxEntryBytes?: number;
  readonly lifetimeMs: number;
  /** Is told each copy that gave way to others while it could still have been served. Must not throw. */
  readonly onEvict?: (copy: Copy, bytes: number) => void;
}

/**
 * What a copy occupies besides what `entryBytes` and its names count: its own object and key, places in the arrays and
 * the hash table of lru-cache right after they have grown, the object of the buffer. Measured, see the test.
 */
const COPY_BYTES = 256;
/** So many copies are looked at to draw some of a tenant's. */
const MAX_SAMPLED = 50_000;

/**
 * Per-isolate memory: least recently used copies go first when the byte budget is full. A copy over the whole budget,
 * or over the limit of one entry, is not kept, and an older one of its key is dropped.
 */
export class MemoryTier implements Tier {
  readonly name = 'memory';
  readonly local = true;
  readonly lifetimeMs: number;
  readonly #copies: LRUCache<string, Copy>;
  #now = 0;

  constructor(options: MemoryOptions) {
    this.lifetimeMs = options.lifetimeMs;
    const { onEvict } = options;
    this.#copies = new LRUCache({
      maxSize: options.bytes,
      maxEntrySize: Math.min(options.maxEntryBytes ?? options.bytes, options.bytes),
      sizeCalculation: copyBytes,
      ...(onEvict && {
        disposeAfter: (copy, _, reason) => {
          if (reason === 'evict' && copy.until > this.#now) onEvict(copy, copyBytes(copy));
        },
      }),
    });
  }

  /** Bytes in use, as counted against the budget. */
  get bytes(): number {
    return this.#copies.calculatedSize;
  }

  /** Copies held, those included whose time is over and that nobody has asked for since. */
  get entries(): number {
    return this.#copies.size;
  }

  get(key: CacheKey, now: number): Copy | undefined {
    const copy = this.#copies.get(key.name);
    if (!copy || copy.until > now) return copy;
    this.#copies.delete(key.name);
    return undefined;
  }

  /** What is there, whether or not its time is over. It does not count as use. */
  peek(key: CacheKey): Copy | undefined {
    return this.#copies.peek(key.name);
  }

  examine(key: CacheKey): ExaminedCopy {
    const copy = this.peek(key);
    return copy ? { state: 'copy', copy } : { state: 'absent' };
  }

  /** Of the {@link MAX_SAMPLED} copies that were used last. */
  sample(tenant: TenantId, count: number, random: () => number): readonly string[] {
    const keys: string[] = [];
    let seen = 0;
    for (const { key } of this.#copies.values()) {
      if (key.tenant === tenant) keys.push(key.key);
      seen += 1;
      if (seen === MAX_SAMPLED) break;
    }
    return draw(keys, count, random);
  }

  put(copy: Copy, now: number): void {
    if (copy.until <= now) return;
    this.#now = now;
    this.#copies.set(copy.key.name, copy);
  }

  delete(key: CacheKey): void {
    this.#copies.delete(key.name);
  }

  deleteWhere(test: (copy: Copy) => boolean): void {
    for (const [name, copy] of this.#copies.entries()) if (test(copy)) this.#copies.delete(name);
  }
}

/** Bytes that a copy occupies in memory, estimated from above. */
function copyBytes({ key, entry, prepared }: Copy): number {
  // One byte a character: names are ASCII. Most are not shortened, and then one text.
  const names =
    key.name.length + key.key.length + (key.name === key.fullName ? 0 : key.fullName.length);
  // A value may be a part of a larger buffer, which it keeps from being collected.
  const hidden = entry.value.buffer.byteLength - entry.value.byteLength;
  return COPY_BYTES + names + entryBytes(entry) + hidden + Math.ceil(prepared?.bytes ?? 0);
}
