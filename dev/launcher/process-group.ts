import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Sends a signal to every process of a group. Returns whether one was there to receive it. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    // ESRCH, or EPERM where only the remains of ended processes are left.
    return false;
  }
}

/**
 * Whether a process of the group still runs. One that has ended, but whose parent has not collected it yet, does
 * not: where the parent is a slow init that takes seconds.
 */
export async function groupRuns(group: number): Promise<boolean> {
  if (!signalGroup(group, 0)) return false;
  try {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,stat=']);
    return stdout.split('\n').some((line) => {
      const [pgid, state] = line.trim().split(/\s+/);
      return Number(pgid) === group && state?.startsWith('Z') === false;
    });
  } catch {
    // Without ps, what was signalled counts.
    return true;
  }
}
