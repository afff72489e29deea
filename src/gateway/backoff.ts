import { LRUCache } from 'lru-cache';
import { OriginError } from '../errors.ts';

/** Of names and records together. */
const MAX_BYTES = 1_048_576;
const RECORD_BYTES = 256;
/** The first pause, in milliseconds; each further failure doubles it. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Longer than any look takes: a clock that was set back must not make it last, in milliseconds. */
const LONGEST_LOOK_MS = 120_000;
/** Failures further apart than this have nothing to do with each other, in milliseconds. */
const MEMORY_MS = 60_000;

/** The origin is not asked, because it has just failed, several times in a row. */
export class RetryLater extends OriginError {
  /** When asking makes sense again, in milliseconds from now. */
  readonly afterMs: number;
  /** What it failed with. */
  readonly last: OriginError;
  /** Something is stored that must not be used without the origin. */
  readonly cutOff: boolean;

  constructor(last: OriginError, afterMs: number, cutOff = false) {
    super(last.code, `${last.message} It is not asked again for ${Math.ceil(afterMs)} ms.`, {
      cause: last,
    });
    this.afterMs = afterMs;
    this.last = last;
    this.cutOff = cutOff;
  }
}

interface Failing {
  /** Failures of clients' requests in a row. */
  readonly suspicions: number;
  /** Those of requests of nobody in particular. */
  readonly failures: number;
  readonly at: number;
  /** Somebody is finding out whether it fails for everybody. */
  readonly lookedIntoUntil: number;
  /** Nobody asks. */
  readonly until: number;
  readonly error: OriginError | undefined;
}

const NEVER: Failing = {
  suspicions: 0,
  failures: 0,
  at: 0,
  lookedIntoUntil: 0,
  until: 0,
  error: undefined,
};

/**
 * Keys whose origin answers nobody: for a moment they are refused at once, so that a dead origin is not asked by everybody,
 * and nobody waits for its time-out. Only failures without an answer count, and only of a request that nobody in
 * particular makes: those of clients may be what a client has caused, and give no more than a suspicion. Any answer, whatever its status, ends it.
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
    const { error, until } = this.#failing.get(name) ?? NEVER;
    if (!error || until <= now || until - now > LONGEST_PAUSE_MS) return undefined;
    return { error, ms: until - now };
  }

  /**
   * Counts a client's request that got no answer.
   * @param lookMs how long finding out may take, in milliseconds
   * @param tolerated so many in a row are no sign of an origin that is down
   * @returns true when the caller is to find out whether it fails for everybody
   */
  suspected(name: string, now: number, lookMs: number, tolerated = 1): boolean {
    const last = this.#recent(name, now);
    const suspicions = last.suspicions + 1;
    const isKnown = this.isLookedInto(name, now) || this.refusal(name, now) !== undefined;
    const looks = suspicions > tolerated && !isKnown;
    const lookedIntoUntil = looks ? now + Math.min(lookMs, LONGEST_LOOK_MS) : last.lookedIntoUntil;
    this.#failing.set(name, { ...last, suspicions, at: now, lookedIntoUntil });
    return looks;
  }

  /** Somebody is finding out whether it fails for everybody. */
  isLookedInto(name: string, now: number): boolean {
    const left = this.#recent(name, now).lookedIntoUntil - now;
    return left > 0 && left <= LONGEST_LOOK_MS;
  }

  /** It failed for everybody, and has not answered since. */
  isDown(name: string, now: number): boolean {
    return this.#recent(name, now).failures > 0;
  }

  /** A request of nobody in particular got no answer. */
  failed(name: string, now: number, error: OriginError): void {
    const last = this.#recent(name, now);
    const failures = last.failures + 1;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    this.#failing.set(name, {
      ...last,
      failures,
      at: now,
      lookedIntoUntil: 0,
      until: now + pause,
      error,
    });
  }

  /** Nobody finds it out any more, and nothing was learnt: the next suspicion begins it again. */
  undecided(name: string): void {
    const last = this.#failing.get(name);
    if (last) this.#failing.set(name, { ...last, lookedIntoUntil: 0 });
  }

  answered(name: string): void {
    this.#failing.delete(name);
  }

  #recent(name: string, now: number): Failing {
    const last = this.#failing.get(name);
    return last && Math.abs(now - last.at) < MEMORY_MS ? last : NEVER;
  }
}
