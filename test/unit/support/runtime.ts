import type { Runtime } from '../../../src/runtime.ts';

/** A runtime whose clock stands still until a test moves it, and whose timers fire when the clock passes them. */
export interface ManualRuntime extends Runtime {
  /** Moves the clock forward, fires the timers that are due, and lets what waits for them run. */
  advance(ms: number): Promise<void>;
  /** What was handed to `waitUntil`, in order. */
  readonly behind: readonly Promise<unknown>[];
  /** What `random` answers: 0 until a test sets it. */
  chance: number;
  /** Waits for everything that was handed to `waitUntil`, also for what that work adds. */
  settle(): Promise<void>;
}

/** @param start milliseconds since the Unix epoch */
export function manualRuntime(start = Date.UTC(2026, 7, 1)): ManualRuntime {
  let now = start;
  let ids = 0;
  let timers: { readonly at: number; readonly fire: () => void }[] = [];
  const behind: Promise<unknown>[] = [];
  const runtime: ManualRuntime = {
    behind,
    chance: 0,
    now: () => now,
    random: () => runtime.chance,
    randomId: () => {
      ids += 1;
      return ids.toString(16).padStart(32, '0');
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = { at: now + ms, fire: resolve };
        timers.push(timer);
        const drop = (): void => void (timers = timers.filter((other) => other !== timer));
        signal?.addEventListener('abort', drop, { once: true });
      }),
    waitUntil: (work) => void behind.push(work),
    async advance(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { fire } of due) fire();
      await turn();
    },
    async settle() {
      for (let at = 0; at < behind.length; at += 1) await Promise.allSettled([behind[at]]);
    },
  };
  return runtime;
}

/** Resolves once everything that is ready to run has run: a macrotask behind all microtasks. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
