import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { envFile } from './env-file.ts';

/**
 * Makes `.dev/run-PID`, where one launcher keeps its variables and the Worker's state, and removes
 * those of launchers that ended without doing so themselves. Returns its path.
 */
export function createRunFolder(root: string): string {
  const dev = join(root, '.dev');
  mkdirSync(dev, { recursive: true });
  for (const name of readdirSync(dev)) {
    const pid = Number(/^run-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && (pid === process.pid || !runs(pid))) removeRunFolder(join(dev, name));
  }
  const folder = join(dev, `run-${process.pid}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Removes a run folder; what cannot be removed now is left for the next launcher. */
export function removeRunFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch {
    // A process that is about to end may still be writing there.
  }
}

/** Writes a new env file that only its owner can read. */
export function writeEnvFile(file: string, variables: Readonly<Record<string, string>>): void {
  writeFileSync(file, envFile(variables), { mode: 0o600 });
}

export function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
