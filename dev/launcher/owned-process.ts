import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { groupRuns, signalGroup } from './process-group.ts';

export interface OwnedProcessOptions {
  /** A Node program, run by the Node that runs the launcher. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  /** Added to the launcher's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each line it prints on either stream, without colours and blank lines. */
  readonly onLine?: (line: string) => void;
  readonly onMessage?: (message: unknown) => void;
}

/** A child process in a process group of its own, so that a terminal's Ctrl-C does not reach it. */
export interface OwnedProcess {
  readonly pid: number;
  /** Resolves with the reason, its last lines included, when it ends without stop() or kill(). Never rejects. */
  readonly died: Promise<string>;
  /** SIGTERM, then SIGKILL for whatever is left of the group. Resolves when it is gone. May be repeated. */
  stop(): Promise<void>;
  /** SIGKILL for the whole group, at once. */
  kill(): void;
}

const graceMs = 3000;
const goneMs = 3000;
const drainMs = 300;
const linesKept = 12;
/** What is worth keeping from stdout to explain a death; of stderr everything is. */
const isTrouble = /warn|error|fail|crash/i;

const watchdog = fileURLToPath(new URL('watchdog.ts', import.meta.url));

/** Starts it. Throws when the process cannot be created. */
export function startOwnedProcess(options: OwnedProcessOptions): OwnedProcess {
  const child = spawn(
    process.execPath,
    ['--import', watchdog, options.script, ...(options.args ?? [])],
    {
      cwd: options.cwd,
      env: { ...process.env, TIERCEL_OWN_GROUP: '1', ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const pid = child.pid ?? 0;
  // Also for the signals below: a group 0 would be the launcher's own.
  if (pid === 0) throw new Error(`${options.script} could not be started.`);
  if (options.onMessage) child.on('message', options.onMessage);
  let wanted = false;
  const output = collectLines(child, (line) => {
    if (!wanted) options.onLine?.(line);
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it failed: ${error.message}`));
    child.once('exit', (code, signal) => {
      // What it started itself would otherwise stay, and hold the pipes open.
      signalGroup(pid, 'SIGKILL');
      resolve(code === null ? `it was ended by ${signal}` : `it exited with code ${code}`);
    });
  });

  async function stop(): Promise<void> {
    wanted = true;
    child.kill('SIGTERM');
    await Promise.race([exited, delay(graceMs, undefined, { ref: false })]);
    signalGroup(pid, 'SIGKILL');
    const bound = performance.now() + goneMs;
    while ((await groupRuns(pid)) && performance.now() < bound) await delay(20);
  }

  let stopped: Promise<void> | undefined;
  return {
    pid,
    died: new Promise((resolve) => {
      void exited.then(async (ending) => {
        await Promise.race([output.closed, delay(drainMs)]);
        if (!wanted) resolve([`${ending}.`, ...output.last()].join('\n    '));
      });
    }),
    stop: () => (stopped ??= stop()),
    kill() {
      wanted = true;
      signalGroup(pid, 'SIGKILL');
    },
  };
}

function collectLines(child: ChildProcess, onLine: (line: string) => void) {
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    const accept = (raw: string) => {
      const line = stripVTControlCharacters(raw).trimEnd();
      if (line === '') return;
      if (stream === child.stderr || isTrouble.test(line)) kept.push(line);
      if (kept.length > linesKept) kept.shift();
      onLine(line);
    };
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) accept(line);
    });
    stream?.on('end', () => accept(rest));
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { closed, last: (): readonly string[] => kept };
}
