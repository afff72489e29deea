import { DeadlineExceeded } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { waitFor } from './patience.ts';

/** Rejects with {@link DeadlineExceeded} when the work has not settled within `ms` milliseconds. The work itself goes on. */
export async function withDeadline<T>(
  work: T | Promise<T>,
  ms: number,
  runtime: Pick<Runtime, 'sleep'>,
): Promise<T> {
  if (!(work instanceof Promise)) return work;
  const waited = await waitFor(work, ms, runtime);
  if (!waited.settled) throw new DeadlineExceeded(ms);
  return waited.value;
}
