import { spawn } from 'node:child_process';

/** Why the build cannot go on: one sentence, and what a tool has printed, if one did. */
export class BuildFailure extends Error {
  readonly output: string;

  constructor(sentence: string, output = '') {
    super(sentence);
    this.name = 'BuildFailure';
    this.output = output;
  }
}

/** A program of the build. */
export interface Command {
  /** For people, at the head of the sentence that says how it ended: `the TypeScript compiler`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** No program of the build takes half as long on a slow machine with an empty package cache. */
const longestMs = 180_000;

/** Runs a program to its end and answers what it printed on stdout. Throws a BuildFailure when it fails or hangs. */
export async function run({ name, file, args, cwd, env }: Command): Promise<string> {
  const stdout: string[] = [];
  const output: string[] = [];
  const child = spawn(file, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout.push(part);
    output.push(part);
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => void output.push(part));
  const ending = await new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(`could not be started: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else if (code !== null) resolve(`failed with exit code ${code}`);
      else if (child.killed) resolve(`was ended after ${longestMs / 1000} s`);
      else resolve(`was ended by ${signal}`);
    });
  });
  if (ending !== undefined) throw new BuildFailure(`${name} ${ending}`, output.join(''));
  return stdout.join('');
}

/** Throws a BuildFailure that names the first problem and lists all of them. */
export function refuse(subject: string, problems: readonly string[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? '' : `, and ${problems.length - 1} more`;
  throw new BuildFailure(`${subject}: ${first}${more}`, problems.join('\n'));
}
