interface Bucket {
  /** Which stretch of time it counts: the time divided by the length of a bucket. */
  at: number;
  calls: number;
  failures: number;
}

/** Counts the calls and failures of the last `windowMs` milliseconds. What is older is forgotten bucket by bucket. */
export class FailureWindow {
  readonly #bucketMs: number;
  readonly #buckets: Bucket[];

  /** @param buckets how finely it forgets */
  constructor(windowMs: number, buckets = 10) {
    this.#bucketMs = windowMs / buckets;
    this.#buckets = Array.from({ length: buckets }, () => ({ at: -1, calls: 0, failures: 0 }));
  }

  add(failed: boolean, now: number): void {
    const at = Math.floor(now / this.#bucketMs);
    const bucket = this.#buckets[at % this.#buckets.length];
    if (!bucket) return;
    if (bucket.at !== at) Object.assign(bucket, { at, calls: 0, failures: 0 });
    bucket.calls += 1;
    if (failed) bucket.failures += 1;
  }

  totals(now: number): { readonly calls: number; readonly failures: number } {
    const at = Math.floor(now / this.#bucketMs);
    let calls = 0;
    let failures = 0;
    for (const bucket of this.#buckets) {
      // What lies ahead was counted before the clock was set back: its age is not known.
      if (bucket.at > at || bucket.at <= at - this.#buckets.length) continue;
      calls += bucket.calls;
      failures += bucket.failures;
    }
    return { calls, failures };
  }

  clear(): void {
    for (const bucket of this.#buckets) Object.assign(bucket, { at: -1, calls: 0, failures: 0 });
  }
}
