import type { Runtime } from '../../../src/runtime.ts';

/** A runtime whose clock stands still until a test moves it, and whose timers fire when the clock passes them. */
export interface ManualRuntime extends Runtime {
  /** Moves the clock forward, fires the timers that are due, and lets what waits for them run. */
  advance(ms: number): Promise<void>;
  /** What was handed to `waitUntil`, in order. */
  readonly behind: readonly Promise<unknown>[];
  /** Waits for everything that was handed to `waitUntil`, also for what that work adds. */
  settle(): Promise<void>;
}

/** @param start milliseconds since the Unix epoch */
export function manualRuntime(start = Date.UTC(2026, 7, 1)): ManualRuntime {
  let now = start;
  let ids = 0;
  const timers: { readonly at: number; readonly fire: () => void }[] = [];
  const behind: Promise<unknown>[] = [];
  return {
    behind,
    now: () => now,
    randomId: () => {
      ids += 1;
      return ids.toString(16).padStart(32, '0');
    },
    sleep: (ms) => new Promise((resolve) => timers.push({ at: now + ms, fire: resolve })),
    waitUntil: (work) => void behind.push(work),
    async advance(ms) {
      now += ms;
      for (const timer of timers.filter(({ at }) => at <= now)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.fire();
      }
      await turn();
    },
    async settle() {
      for (let at = 0; at < behind.length; at += 1) await Promise.allSettled([behind[at]]);
    },
  };
}

/** Resolves once everything that is ready to run has run: a macrotask behind all microtasks. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
