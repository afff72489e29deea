import type { Scheduler } from 'fast-check';

/** The most that is let go before whatever waits for it has run. */
const CROWD = 3;

/**
 * Where a schedule is played: one time for all, which passes only here, and the scheduler that decides what arrives
 * next. What happens between two arrivals happens in the order of JavaScript, as in an isolate.
 */
export class Stage {
  readonly #scheduler: Scheduler;
  /** So many milliseconds pass with an arrival; so many arrive before what waits for the first has run. Both in turn. */
  readonly #paces: readonly { readonly ms: number; readonly crowd: number }[];
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  #now = Date.UTC(2026, 7, 1);
  #events = 0;
  #arrivals = 0;
  /** True when everything arrives in the order in which it was sent. */
  calm = false;

  constructor(scheduler: Scheduler, paces: readonly { ms: number; crowd: number }[]) {
    this.#scheduler = scheduler;
    this.#paces = paces;
  }

  /** Milliseconds; the true time, that no isolate knows. */
  now(): number {
    return this.#now;
  }

  /** Numbers what happens, in its true order. */
  event(): number {
    this.#events += 1;
    return this.#events;
  }

  /** Resolves when the scheduler lets it go. The label is what a failure shows. */
  arrive(label: string): Promise<void> {
    if (this.calm) return this.sleep(0);
    return this.#scheduler.schedule(Promise.resolve(), `${label} @${this.#events}`);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = { at: this.#now + Math.max(0, ms), fire: resolve };
      this.#timers.add(timer);
      signal?.addEventListener('abort', () => this.#timers.delete(timer), { once: true });
    });
  }

  /** Plays until the work is done, nothing is left to happen, or `limitMs` are over. */
  async play(work: Promise<unknown>, limitMs: number): Promise<void> {
    const state = { over: false };
    const end = (): void => void (state.over = true);
    work.then(end, end);
    const endsAt = this.#now + limitMs;
    for (;;) {
      await turn();
      if (state.over || this.#now >= endsAt) return;
      const timer = this.#nextTimer();
      if (timer && timer.at <= this.#now) this.#fire(timer);
      else if (this.#scheduler.count() > 0) await this.#letGo();
      else if (timer && timer.at <= endsAt) this.#fire(timer);
      else {
        this.#now = endsAt;
        return;
      }
    }
  }

  /** Plays for so long. */
  async pass(ms: number): Promise<void> {
    await this.play(new Promise(() => undefined), ms);
  }

  async #letGo(): Promise<void> {
    this.#arrivals += 1;
    const { ms, crowd } = this.#paces[this.#arrivals % this.#paces.length] ?? { ms: 1, crowd: 1 };
    for (let at = 0; at < Math.min(crowd, CROWD) && this.#scheduler.count() > 0; at += 1)
      await this.#scheduler.waitOne();
    this.#now += ms;
  }

  #nextTimer(): { readonly at: number; readonly fire: () => void } | undefined {
    let next: { readonly at: number; readonly fire: () => void } | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }

  #fire(timer: { readonly at: number; readonly fire: () => void }): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
  }
}

/** What happens to a promise of an owner that is gone: nothing. */
export const never = <T>(): Promise<T> => new Promise(() => undefined);

/** Resolves once everything that is ready to run has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
