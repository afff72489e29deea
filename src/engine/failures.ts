import { LRUCache } from 'lru-cache';

/** Of names and numbers together. */
const MAX_BYTES = 1_048_576;
const RECORD_BYTES = 128;

/**
 * Which keys' loads have failed a moment ago in this isolate, so that any number of stale reads while an origin is down
 * make one call of it in each window.
 */
export class Failures {
  readonly #until = new LRUCache<string, number>({
    maxSize: MAX_BYTES,
    sizeCalculation: (_, name) => name.length + RECORD_BYTES,
  });

  /** Remembers a failure for `windowMs` milliseconds. */
  record(name: string, now: number, windowMs: number): void {
    if (windowMs > 0) this.#until.set(name, now + windowMs);
  }

  /** True while the window of a failure lasts. */
  isRecent(name: string, now: number): boolean {
    const until = this.#until.get(name);
    return until !== undefined && until > now;
  }

  clear(name: string): void {
    this.#until.delete(name);
  }
}
