import { NoReply, type Reply } from './http-client.ts';
import type { LoadBook } from './load-book.ts';
import type { Oracle } from './oracle.ts';
import type { Tally } from './tally.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What operations are carried out with. */
export interface CallParts {
  readonly processes: readonly WorkerProcess[];
  readonly oracle: Oracle;
  readonly book: LoadBook;
  readonly tally: Tally;
  /** For the routes of the gateway that need one. */
  readonly token: string;
}

/** A writer, or whoever purges, waits so long for an answer. */
export const WRITE_PATIENCE_MS = 6000;

/** One operation of the library in a process. Rejects with {@link NoReply}. */
export function call(process: WorkerProcess, timeoutMs: number, body: object): Promise<Reply> {
  return process.client.ask({
    host: 'library.test',
    path: '/',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    timeoutMs,
  });
}

/** True when it was carried out and the answer says so. Rejects when what was sent can't be understood: that is a fault of the run. */
export async function attempt(
  process: WorkerProcess,
  send: () => Promise<Reply>,
): Promise<boolean> {
  try {
    const { status, text } = await send();
    if (status === 400 || status === 401 || status === 404)
      throw new Error(`Process ${process.index} answered ${status}: ${text.slice(0, 300)}`);
    return status >= 200 && status < 300;
  } catch (error) {
    if (error instanceof NoReply) return false;
    throw error;
  }
}

/** What an operation of the library failed with, by its code. */
export function errorOf(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly error?: unknown }).error).slice(0, 60);
  } catch {
    return 'no JSON';
  }
}
