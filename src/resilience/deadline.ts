import { DeadlineExceeded } from '../errors.ts';
import type { Runtime } from '../runtime.ts';

/** Rejects with {@link DeadlineExceeded} when the work has not settled within `ms` milliseconds. The work itself goes on. */
export async function withDeadline<T>(
  work: T | Promise<T>,
  ms: number,
  runtime: Pick<Runtime, 'sleep'>,
): Promise<T> {
  const late = Symbol('late');
  const answer = await Promise.race([work, runtime.sleep(ms).then((): typeof late => late)]);
  if (answer === late) throw new DeadlineExceeded(ms);
  return answer;
}
