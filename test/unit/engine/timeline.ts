import type { Clock } from '../../../src/runtime.ts';
import { turn } from '../support/runtime.ts';

/** Time that several isolates share: it stands still until a test moves it, and then stops at every timer on its way. */
export interface Timeline extends Clock {
  /** Moves on, timer by timer in their order; what waits for one runs before the next is due. */
  advance(ms: number): Promise<void>;
  /** What `random` answers from now on. */
  draw(value: number): void;
  /** Timers that were neither due nor taken away yet. */
  readonly pending: number;
}

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** @param start milliseconds since the Unix epoch */
export function timeline(start = Date.UTC(2026, 7, 1)): Timeline {
  let now = start;
  let ids = 0;
  let drawn = 0.5;
  const timers = new Set<Timer>();
  const nextUntil = (end: number): Timer | undefined => {
    const [first] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
    return first;
  };
  return {
    now: () => now,
    random: () => drawn,
    randomId: () => {
      ids += 1;
      return ids.toString(16).padStart(32, '0');
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = { at: now + ms, fire: resolve };
        timers.add(timer);
        signal?.addEventListener('abort', () => timers.delete(timer));
      }),
    async advance(ms) {
      const end = now + ms;
      await turn();
      for (let timer = nextUntil(end); timer; timer = nextUntil(end)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.fire();
        await turn();
      }
      now = end;
      await turn();
    },
    draw(value) {
      drawn = value;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** A promise that a test settles. */
export interface Gate<T = void> {
  readonly opened: Promise<T>;
  open(value: T): void;
  fail(error: Error): void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve, fail: reject };
}

/** What happens to a promise of an owner that is gone: nothing. */
export const never = <T>(): Promise<T> => new Promise(() => undefined);
