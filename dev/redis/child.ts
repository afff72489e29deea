import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guard } from './guard.ts';

const killAfterMs = 2000;

/** A child process that is watched from its start to its end. */
export interface Child {
  /** Absent when the process could not be started. */
  readonly processId: number | undefined;
  /** Resolves with one clause that says how the process ended and what it last printed. Never rejects. */
  readonly ended: Promise<string>;
  /** As `ended`, but only where stop() had not been called. */
  readonly died: Promise<string>;
  /** SIGTERM, and SIGKILL after two seconds. Resolves once the process has gone. */
  stop(): Promise<void>;
}

/**
 * Watches a child that was just spawned, with stdout and stderr piped, and sees to it that it dies with
 * us; its `folder`, where it has one of its own, then goes too.
 */
export function watchChild(child: ChildProcess, folder?: string): Child {
  let stopping = false;
  let failure: string | undefined;
  const lastOut = keepLastLine(child.stdout);
  const lastErr = keepLastLine(child.stderr);
  const release = child.pid === undefined ? () => {} : guard(child.pid, folder);

  // "close" rather than "exit": only then has everything that the process printed been read.
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      failure = error.message;
      // Nothing was started, so no other event needs to follow.
      if (child.pid === undefined) resolve(`could not be started (${error.message})`);
    });
    child.once('exit', () => release());
    child.once('close', (code, signal) => {
      const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      const line = lastErr() ?? lastOut() ?? failure;
      resolve(line === undefined ? how : `${how}; its last line was: ${line}`);
    });
  });

  return {
    processId: child.pid,
    ended: gone,
    died: new Promise((resolve) => {
      void gone.then((reason) => {
        if (!stopping) resolve(reason);
      });
    }),
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

function keepLastLine(stream: NodeJS.ReadableStream | null): () => string | undefined {
  let last: string | undefined;
  if (stream !== null) {
    // Reading also keeps the pipe from filling up, which would block the process that writes to it.
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      if (line.trim() !== '') last = line.trim();
    });
  }
  return () => last;
}
