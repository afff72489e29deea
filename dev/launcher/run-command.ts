import { constants } from 'node:os';

/** How a command of this folder ends when something goes wrong. */
export interface CommandEnding {
  /** Begins the line that says what went wrong. */
  readonly name: string;
  /** Errors that one line explains; the stack of any other is shown. */
  readonly expected: readonly (new (...args: never[]) => Error)[];
  /** Exit code of an error. */
  readonly failure: number;
}

/**
 * Runs a command to its end and sets the exit code: what it answers, 128 + signal after a signal, which it is told of and
 * then cleans up, or `failure`.
 */
export async function runCommand(
  command: (args: readonly string[], signal: AbortSignal) => Promise<number>,
  { name, expected, failure }: CommandEnding,
): Promise<void> {
  const interrupted = new AbortController();
  let exitCode: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      exitCode ??= 128 + constants.signals[signal];
      interrupted.abort();
    });
  }
  try {
    const code = await command(process.argv.slice(2), interrupted.signal);
    process.exitCode = exitCode ?? code;
  } catch (error) {
    const explained = expected.some((Expected) => error instanceof Expected);
    if (exitCode === undefined)
      console.error(explained ? `${name}: ${(error as Error).message}` : error);
    process.exitCode = exitCode ?? failure;
  }
}
