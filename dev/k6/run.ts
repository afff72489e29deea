import { spawn } from 'node:child_process';
import { endGroup, ending } from './child.ts';
import type { K6 } from './find.ts';

/** Enough for k6 to end its iterations (30 s at most by default) and print what it has. */
const stopMs = 40_000;

/**
 * Runs a k6 script with its output on this process's own, and resolves with k6's exit code: 0 when every threshold
 * held, 99 when one was broken.
 *
 * @param options.variables what the script reads from `__ENV`
 * @param options.signal stops the run; k6 still prints its summary
 */
export async function runK6(options: {
  k6: K6;
  script: string;
  variables: Readonly<Record<string, string | number | undefined>>;
  signal: AbortSignal;
}): Promise<number> {
  const { k6, script, variables, signal } = options;
  if (signal.aborted) return 1;
  const args = [
    'run',
    '--no-usage-report',
    // k6 would otherwise listen on a fixed port for its own control API.
    '--address=',
    ...(process.stdout.isTTY ? [] : ['--quiet']),
    ...Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : ['--env', `${name}=${value}`],
    ),
    script,
  ];
  const child = spawn(k6.command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const ended = ending(child);
  const interrupt = () => void endGroup(child, ended, { signal: 'SIGINT', graceMs: stopMs });
  signal.addEventListener('abort', interrupt, { once: true });
  const { code } = await ended;
  signal.removeEventListener('abort', interrupt);
  return code ?? 1;
}
