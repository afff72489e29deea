import { LRUCache } from 'lru-cache';

/** Of names and numbers together. */
const MAX_BYTES = 1_048_576;
const RECORD_BYTES = 96;
/** How long it is remembered, in milliseconds. */
const MEMORY_MS = 60_000;

/**
 * Which keys' last answers could not be shared, in this isolate: requests for them do not wait for each other
 * (hit-for-miss, as in Varnish). What they bring is stored all the same once it may be, and forgotten here.
 */
export class Uncacheable {
  readonly #last = new LRUCache<string, { readonly until: number; readonly reason: string }>({
    maxSize: MAX_BYTES,
    sizeCalculation: (_, name) => name.length + RECORD_BYTES,
  });

  /** Why the last answer could not be shared; undefined when nothing is known of it. */
  reason(name: string, now: number): string | undefined {
    const last = this.#last.get(name);
    // A clock that was set back must not make this last.
    return last && last.until > now && last.until - now <= MEMORY_MS ? last.reason : undefined;
  }

  remember(name: string, now: number, reason: string): void {
    this.#last.set(name, { until: now + MEMORY_MS, reason });
  }

  forget(name: string): void {
    this.#last.delete(name);
  }
}
