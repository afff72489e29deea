import { LRUCache } from 'lru-cache';
import { entryBytes } from '../codec/entry.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy, Tier } from './tier.ts';

export interface MemoryOptions {
  /** The most bytes of all copies together, names and bookkeeping counted. */
  readonly bytes: number;
  readonly lifetimeMs: number;
}

/** Per-isolate memory: least recently used copies go first when the byte budget is full. A copy over the whole budget is not kept. */
export class MemoryTier implements Tier {
  readonly name = 'memory';
  readonly local = true;
  readonly lifetimeMs: number;
  readonly #copies: LRUCache<string, Copy>;

  constructor(options: MemoryOptions) {
    this.lifetimeMs = options.lifetimeMs;
    this.#copies = new LRUCache({
      maxSize: options.bytes,
      sizeCalculation: (copy, name) =>
        entryBytes(copy.entry) + 2 * (name.length + copy.key.fullName.length + copy.key.key.length),
    });
  }

  /** Bytes in use, as counted against the budget. */
  get bytes(): number {
    return this.#copies.calculatedSize;
  }

  get(key: CacheKey, now: number): Copy | undefined {
    const copy = this.#copies.get(key.name);
    if (!copy || copy.until > now) return copy;
    this.#copies.delete(key.name);
    return undefined;
  }

  put(copy: Copy, now: number): void {
    if (copy.until > now) this.#copies.set(copy.key.name, copy);
  }

  delete(key: CacheKey): void {
    this.#copies.delete(key.name);
  }

  deleteWhere(test: (copy: Copy) => boolean): void {
    for (const [name, copy] of this.#copies.entries()) if (test(copy)) this.#copies.delete(name);
  }
}
