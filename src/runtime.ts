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
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Keeps the work alive after the response, for at most 30 seconds on Workers. */
  waitUntil(work: Promise<unknown>): void;
}

/** What the runtime of a request needs from the request: `ExecutionContext` and `ScheduledController` contexts fit. */
export interface Execution {
  waitUntil(work: Promise<unknown>): void;
}

/** The real platform, for one request. */
export function platformRuntime(execution: Execution): Runtime {
  return {
    now: () => Date.now(),
    randomId: () => crypto.randomUUID().replaceAll('-', ''),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    waitUntil: (work) => execution.waitUntil(work),
  };
}
