import { LRUCache } from 'lru-cache';

/** Of names and numbers together. */
const MAX_BYTES = 1_048_576;
const RECORD_BYTES = 128;

/** `failed`: the source did not answer, or with an error of its own. `refused`: it answered, and will not do what was asked. */
export type FailureKind = 'failed' | 'refused';

/**
 * Which keys' loads have failed a moment ago in this isolate, so that any number of stale reads while an origin is down
 * make one call of it in each window.
 */
export class Failures {
  readonly #recent = new LRUCache<string, { readonly until: number; readonly kind: FailureKind }>({
    maxSize: MAX_BYTES,
    sizeCalculation: (_, name) => name.length + RECORD_BYTES,
  });

  /** Remembers a failure for `windowMs` milliseconds. */
  record(name: string, now: number, windowMs: number, kind: FailureKind = 'failed'): void {
    if (windowMs > 0) this.#recent.set(name, { until: now + windowMs, kind });
  }

  /** True while the window of a failure lasts, of whatever kind: no refresh is begun. */
  isRecent(name: string, now: number): boolean {
    return this.#lasting(name, now) !== undefined;
  }

  /** True while the window of a failure lasts in whose place something stale is served: nobody who waits loads. */
  isFailing(name: string, now: number): boolean {
    return this.#lasting(name, now) === 'failed';
  }

  /** Forgets the failure of a key; with a kind, only one of that kind. */
  clear(name: string, kind?: FailureKind): void {
    if (kind === undefined || this.#recent.get(name)?.kind === kind) this.#recent.delete(name);
  }

  #lasting(name: string, now: number): FailureKind | undefined {
    const last = this.#recent.get(name);
    return last && last.until > now ? last.kind : undefined;
  }
}
