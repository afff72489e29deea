import type { Runtime } from '../runtime.ts';

/** What came first: the work's end, or the end of patience. */
export type Waited<T> = { readonly settled: true; readonly value: T } | { readonly settled: false };

const IMPATIENT = Symbol('impatient');

/**
 * Waits for the work, but no longer than `ms` milliseconds, by a timer of whoever waits: work that another request owns
 * may never settle. The work goes on; the timer does not. Rejects with what the work rejects with.
 */
export async function waitFor<T>(
  work: Promise<T>,
  ms: number,
  runtime: Pick<Runtime, 'sleep'>,
): Promise<Waited<T>> {
  const timer = new AbortController();
  try {
    const first = await Promise.race([
      work,
      runtime.sleep(ms, timer.signal).then((): typeof IMPATIENT => IMPATIENT),
    ]);
    return first === IMPATIENT ? { settled: false } : { settled: true, value: first };
  } finally {
    timer.abort();
  }
}
