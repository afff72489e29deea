import { LRUCache } from 'lru-cache';

/** So many seconds' worth may be taken at once. */
const BURST_SECONDS = 2;
/**
 * Requests that overlap may see times that differ by their I/O. One that is behind by no more than this is one of those,
 * and brings nothing; one that is further behind was set back, and counts from there on. In milliseconds.
 */
const OVERLAP_MS = 5000;

/**
 * Lets through so many a second on average, and two seconds' worth at once: never more than `rate * t + capacity` in `t`
 * seconds. Needs no timer, and nobody gives anything back. A clock that stands still brings nothing.
 */
export class TokenBucket {
  /** A second. Below 0.5 one may be taken at once all the same; 0: none ever. */
  readonly rate: number;
  readonly capacity: number;
  #tokens: number;
  #at: number;

  /** @param now milliseconds; it begins full */
  constructor(rate: number, now: number) {
    this.rate = rate;
    this.capacity = rate > 0 ? Math.max(1, rate * BURST_SECONDS) : 0;
    this.#tokens = this.capacity;
    this.#at = now;
  }

  /** Takes a token, if there is one. */
  take(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(now: number): void {
    const passed = now - this.#at;
    if (passed <= 0 && passed >= -OVERLAP_MS) return;
    this.#at = now;
    if (passed > 0)
      this.#tokens = Math.min(this.capacity, this.#tokens + (passed / 1000) * this.rate);
  }
}

/** One that nobody has taken from for two seconds is full again: giving it up for another name gives nothing away. */
const MAX_BUCKETS = 10_000;

/** A bucket for each name, those of late. */
export class TokenBuckets {
  readonly #buckets: LRUCache<string, TokenBucket>;

  /** @param max names that are remembered; the one that was asked for longest ago gives way */
  constructor(max = MAX_BUCKETS) {
    this.#buckets = new LRUCache({ max });
  }

  /** The name's bucket of that rate; a new, full one where the rate is another than before. */
  of(name: string, rate: number, now: number): TokenBucket {
    const known = this.#buckets.get(name);
    if (known?.rate === rate) return known;
    const made = new TokenBucket(rate, now);
    this.#buckets.set(name, made);
    return made;
  }
}
