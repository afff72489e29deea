import { LRUCache } from 'lru-cache';
import { OriginError } from '../errors.ts';

/** Of names and records together. */
const MAX_BYTES = 1_048_576;
const RECORD_BYTES = 256;
/** The first pause, in milliseconds; each further failure doubles it. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** One lost connection is no sign of an origin that is down. */
const TOLERATED = 1;
/** Failures further apart than this have nothing to do with each other, in milliseconds. */
const MEMORY_MS = 60_000;

/** The origin is not asked, because it has just failed, several times in a row. */
export class RetryLater extends OriginError {
  /** When asking makes sense again, in milliseconds from now. */
  readonly afterMs: number;

  constructor(last: OriginError, afterMs: number) {
    super(last.code, `${last.message} It is not asked again for ${Math.ceil(afterMs)} ms.`, {
      cause: last,
    });
    this.afterMs = afterMs;
  }
}

interface Failing {
  readonly count: number;
  readonly at: number;
  readonly until: number;
  readonly error: OriginError;
}

/**
 * Keys whose origin did not answer at all, several times in a row, and for which there is nothing to serve instead: for
 * a moment they are refused at once, so that a dead origin is not asked by everybody, and nobody waits for its time-out.
 * Only failures without an answer count: an answer, whatever its status, ends it.
 */
export class Backoff {
  readonly #failing = new LRUCache<string, Failing>({
    maxSize: MAX_BYTES,
    sizeCalculation: (_, name) => name.length + RECORD_BYTES,
  });

  /** The failure that this request would meet as well, and when asking makes sense again, in milliseconds from now. */
  refusal(
    name: string,
    now: number,
  ): { readonly error: OriginError; readonly ms: number } | undefined {
    const failing = this.#failing.get(name);
    if (!failing || failing.until <= now || failing.until - now > LONGEST_PAUSE_MS)
      return undefined;
    return { error: failing.error, ms: failing.until - now };
  }

  failed(name: string, now: number, error: OriginError): void {
    const last = this.#failing.get(name);
    const count = last && Math.abs(now - last.at) < MEMORY_MS ? last.count + 1 : 1;
    const over = count - TOLERATED;
    const pause = over > 0 ? Math.min(FIRST_PAUSE_MS * 2 ** (over - 1), LONGEST_PAUSE_MS) : 0;
    this.#failing.set(name, { count, at: now, until: now + pause, error });
  }

  answered(name: string): void {
    this.#failing.delete(name);
  }
}
