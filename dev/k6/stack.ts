import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endGroup, ending } from './child.ts';

export interface Stack {
  /** Where the gateway answers, for instance `http://localhost:41234`. */
  readonly url: string;
  /** Resolves with the reason when the stack ends without stop() having been called. Never rejects. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/** The local stack did not come up; the message says how it ended; what it said went to onProgress. */
export class StackUnavailable extends Error {
  override readonly name = 'StackUnavailable';
}

const stopMs = 20_000;
const keptLines = 10;

/**
 * Starts the local stack as a child process on a free port and waits for its line `Ready: URL`.
 *
 * @param options.launcher the script that starts it
 * @param options.readyMs how long it may take; default 5 minutes, because a first start may have to install
 * @throws StackUnavailable when it ends or takes too long; nothing of it is left running then
 */
export async function startStack(options: {
  launcher: string;
  onProgress: (line: string) => void;
  signal: AbortSignal;
  readyMs?: number;
}): Promise<Stack> {
  const { launcher, onProgress, signal, readyMs = 300_000 } = options;
  // A process group of its own: Ctrl-C at the terminal reaches this process alone, which ends k6 first.
  const child = spawn(process.execPath, [launcher, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = ending(child);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= endGroup(child, ended, { signal: 'SIGTERM', graceMs: stopMs }));

  const lines: string[] = [];
  let waiting = true;
  const readyLine = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        lines.splice(0, lines.length - keptLines);
        if (waiting) onProgress(line);
        const url = /^Ready: (https?:\/\/\S+)/.exec(line)?.[1];
        if (url !== undefined) {
          waiting = false;
          resolve(url);
        }
      });
    }
  });
  const said = () => (lines.length === 0 ? '' : ` Its last lines:\n  ${lines.join('\n  ')}`);

  const timeout = AbortSignal.timeout(readyMs);
  const tooLong = once(timeout).then(() => `was not ready after ${readyMs / 1000} s.`);
  const interrupted = once(signal).then(() => 'was interrupted.');
  const over = ended.then(({ description }) => `ended with ${description} before it was ready.`);
  const ready = await Promise.race([
    readyLine.then((url) => URL.parse(url)),
    over,
    tooLong,
    interrupted,
  ]);
  if (!(ready instanceof URL)) {
    await stop();
    throw new StackUnavailable(`The local stack ${ready ?? 'printed a Ready line without a URL.'}`);
  }
  return {
    url: ready.origin,
    died: new Promise((resolve) => {
      void ended.then(({ description }) => {
        if (stopped === undefined) resolve(`The local stack ended with ${description}.${said()}`);
      });
    }),
    stop,
  };
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
