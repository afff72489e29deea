import { setTimeout as delay } from 'node:timers/promises';

/** Something that runs until it is stopped, or dies. */
export interface Part {
  /** Resolves with the reason when it ends without stop() having been called. Never rejects. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
  /** Ends it at once, where it can. */
  kill?(): void;
}

/** Why the whole ends. */
export type Ending =
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'death'; readonly part: string; readonly reason: string };

/** Starting was cut short, because the whole is ending. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * A terminal's Ctrl-C may end a part a moment before the launcher hears of it; that is no death worth
 * reporting.
 */
const signalGraceMs = 200;
const stopMs = 8000;

/** Starts parts in order and ends all of them, last first, when one dies or a signal comes. */
export class Supervisor {
  /** Resolves with the first reason to end. Never rejects. */
  readonly ended: Promise<Ending>;
  readonly #aborting = new AbortController();
  readonly #parts: { readonly name: string; readonly part: Part }[] = [];
  readonly #resolveEnded: (ending: Ending) => void;
  #starting: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  /** The first call decides; later ones change nothing. */
  end(ending: Ending): void {
    this.#resolveEnded(ending);
    this.#aborting.abort();
  }

  /**
   * Starts a part after those before it. `begin` should give up soon after its signal is aborted; a part
   * that it still delivers then is stopped. Throws what `begin` throws, or Interrupted.
   */
  async start<T extends Part>(
    name: string,
    begin: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { signal } = this.#aborting;
    if (signal.aborted) throw new Interrupted();
    const begun = begin(signal);
    this.#starting = begun.then(
      (part) => this.#add(name, part),
      () => undefined,
    );
    const interrupted = this.ended.then((): never => {
      throw new Interrupted();
    });
    return Promise.race([begun, interrupted]);
  }

  /** Stops every part, last first, each within a bound. May be repeated. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stopAll());
  }

  /** Ends every part that can be ended at once, and waits for none. */
  kill(): void {
    for (const { part } of this.#parts.toReversed()) part.kill?.();
  }

  async #stopAll(): Promise<void> {
    this.#aborting.abort();
    await within(stopMs, this.#starting);
    for (const { part } of this.#parts.toReversed()) {
      try {
        await within(stopMs, part.stop());
      } catch {
        // The others are to be stopped all the same.
      }
      part.kill?.();
    }
  }

  #add(name: string, part: Part): void {
    this.#parts.push({ name, part });
    void part.died.then(async (reason) => {
      await delay(signalGraceMs);
      this.end({ kind: 'death', part: name, reason });
    });
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const timer = new AbortController();
  try {
    await Promise.race([work, delay(ms, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
