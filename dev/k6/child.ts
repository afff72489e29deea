import type { ChildProcess } from 'node:child_process';

/** How a child ended. */
export interface Ending {
  readonly code: number | null;
  /** For people: `exit code 1` or `signal SIGKILL`. */
  readonly description: string;
}

/** Output may still be on its way when a process has ended; a grandchild can hold the pipe open for ever. */
const drainMs = 500;

/** Resolves when the child has ended or could not be started. Never rejects. */
export function ending(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, description: error.message }));
    child.once('exit', (code, signal) => {
      const description = signal === null ? `exit code ${code}` : `signal ${signal}`;
      const timer = setTimeout(() => resolve({ code, description }), drainMs);
      child.once('close', () => {
        clearTimeout(timer);
        resolve({ code, description });
      });
    });
  });
}

/**
 * Asks a child, which leads a process group of its own, to end, and kills it when it takes too long. Whatever is left
 * of its group then goes with it. Resolves when it is gone.
 */
export async function endGroup(
  child: ChildProcess,
  ended: Promise<Ending>,
  { signal, graceMs }: { signal: 'SIGINT' | 'SIGTERM'; graceMs: number },
): Promise<void> {
  child.kill(signal);
  const force = setTimeout(() => killGroup(child), graceMs);
  await ended;
  clearTimeout(force);
  killGroup(child);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in the group, as it should be.
  }
}
