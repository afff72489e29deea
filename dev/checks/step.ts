import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/** One command of the test run and how it ended. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Everything it printed, both streams in the order they came. */
  readonly output: string;
}

/** Runs one command to its end. A command that cannot be started is a failed step, not an exception. */
export async function runStep(
  name: string,
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<StepResult> {
  const started = performance.now();
  const [file, ...args] = command;
  const parts: string[] = [];
  const ok = await new Promise<boolean>((resolve) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (part: string): void => void parts.push(part);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => {
      parts.push(`${file}: ${error.message}\n`);
      resolve(false);
    });
    child.on('close', (code, signal) => {
      if (code !== 0) parts.push(`${command.join(' ')}: ended by ${signal ?? `code ${code}`}\n`);
      resolve(code === 0);
    });
  });
  return { name, ok, seconds: (performance.now() - started) / 1000, output: parts.join('') };
}

/** Prints a step as one line, and all it said when it failed. */
export function printStep({ name, ok, seconds, output }: StepResult, detail = ''): void {
  const suffix = detail === '' ? '' : `  ${detail}`;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${name}${suffix}`);
  if (!ok) console.log(`${output.trimEnd().replaceAll(/^/gm, '    ')}\n`);
}
