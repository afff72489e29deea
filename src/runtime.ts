/**
 * The seams to the platform. Everything that reads a clock, draws a random number, waits or outlives
 * a response does it through a `Runtime` that it was given, never through a global.
 *
 * One is made for each request: `waitUntil` belongs to the request that may keep the work alive.
 */
export interface Runtime {
  /**
   * Milliseconds since the Unix epoch. On Workers it stands still between I/O and differs by machine:
   * it measures ages, and never decides which of two events came first.
   */
  now(): number;
  /** 128 random bits as 32 lower-case hexadecimal digits. */
  randomId(): string;
  /** A number from 0 (inclusive) to 1 (exclusive). Decides when, never who may: not for secrets. */
  random(): number;
  /** Resolves after `ms` milliseconds. Once the signal is aborted it may never settle, and holds nothing up. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Keeps the work alive after the response, for at most 30 seconds on Workers. */
  waitUntil(work: Promise<unknown>): void;
}

/** What the runtime of a request needs from the request: `ExecutionContext` and `ScheduledController` contexts fit. */
export interface Execution {
  waitUntil(work: Promise<unknown>): void;
}

/** What needs no request: time and randomness. */
export type Clock = Omit<Runtime, 'waitUntil'>;

/** The platform's time and randomness. Its timers belong to whichever request sets them. */
export const platformClock: Clock = {
  now: () => Date.now(),
  randomId: () => crypto.randomUUID().replaceAll('-', ''),
  random: () => Math.random(),
  sleep,
};

/** The real platform, for one request. */
export function platformRuntime(execution: Execution): Runtime {
  return { ...platformClock, waitUntil: (work) => execution.waitUntil(work) };
}

/** A number from 0 (inclusive) to 1 (exclusive) out of a random id. */
export function fractionOf(randomId: string): number {
  return Number.parseInt(randomId.slice(0, 8), 16) / 2 ** 32;
}

/** Up to `count` of the items, each as likely as any other, in no order. The list is the caller's own: it is changed. */
export function draw<T>(items: T[], count: number, random: () => number): readonly T[] {
  const most = Math.min(count, items.length);
  for (let at = 0; at < most; at += 1) {
    const [taken] = items.splice(at + Math.floor(random() * (items.length - at)), 1);
    if (taken !== undefined) items.splice(at, 0, taken);
  }
  return items.slice(0, most);
}

/** A timer of the platform. An aborted one is taken away, so that it keeps neither a request nor a process alive. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
