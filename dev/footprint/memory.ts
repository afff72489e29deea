import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resident memory of a process, in bytes. */
export interface Resident {
  readonly now: number;
  /** The most since it began, or since {@link forgetPeak}; where the system keeps it. */
  readonly peak: number | undefined;
}

const SAMPLE_MS = 20;

/** Linux: what the kernel counts. Elsewhere `ps`. Throws when the process is gone. */
export function resident(pid: number): Resident {
  if (!existsSync('/proc/self/status')) {
    const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return { now: Number(kilobytes) * 1024, peak: undefined };
  }
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number | undefined => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  };
  const now = field('VmRSS');
  if (now === undefined) throw new Error(`Process ${pid} has ended.`);
  return { now, peak: field('VmHWM') };
}

/** Has the kernel begin its count of the peak anew. Returns whether it could be had. */
export function forgetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

/** What a process held over some time, in bytes. */
export interface Held {
  readonly peak: number;
  readonly samples: number;
  /** Whether the peak is the kernel's own, which misses nothing between two samples. */
  readonly exact: boolean;
}

/** Looks every 20 ms until it is told to stop. A process that has gone is as it was seen last. */
export function watchMemory(pid: number): { stop(): Held } {
  const exact = forgetPeak(pid);
  let peak = 0;
  let samples = 0;
  const sample = (): void => {
    try {
      const seen = resident(pid);
      peak = Math.max(peak, seen.now, exact ? (seen.peak ?? 0) : 0);
      samples += 1;
    } catch {
      clearInterval(timer);
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  sample();
  return {
    stop() {
      sample();
      clearInterval(timer);
      return { peak, samples, exact };
    },
  };
}

/** What it holds when nothing happens: the median over half a second. */
export async function idleMemory(pid: number): Promise<number> {
  const seen: number[] = [];
  for (let at = 0; at < 25; at += 1) {
    seen.push(resident(pid).now);
    await sleep(SAMPLE_MS);
  }
  return seen.toSorted((a, b) => a - b)[seen.length >> 1] ?? 0;
}
