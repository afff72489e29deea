import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Brought } from './reads.ts';
import type { Resource } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';
import { purgeOf, type Workload } from './workload.ts';

/** From one read to the next of a process that is watched, and from one watched purge to the next, in milliseconds. */
const READ_EVERY_MS = 20;
const PURGE_EVERY_MS = [1200, 3000] as const;
/** How long past the bound a process is watched before it is given up. */
const PATIENCE_MS = 5000;

/** How long a purge took to reach one process. */
export interface Propagation {
  readonly ms: number;
  /** Whether a fault hit Redis or the process meanwhile, or had a moment before; or the process said that Redis does not answer. */
  readonly faulty: boolean;
  /** The process that acknowledged the purge itself. */
  readonly own: boolean;
}

/** Purges something that every process holds, now and then, and watches each process until it brings something newer. */
export class PropagationWatch {
  readonly #cluster: Cluster;
  readonly #workload: Workload;
  readonly #faults: Faults;
  readonly #coherenceMs: number;
  readonly #random: Random;
  readonly measured: Propagation[] = [];
  /** Pairs in which a process brought nothing newer before patience ended: it was down, or its origin slow. */
  unfinished = 0;

  constructor(
    parts: {
      readonly cluster: Cluster;
      readonly workload: Workload;
      readonly faults: Faults;
      readonly coherenceMs: number;
    },
    random: Random,
  ) {
    this.#cluster = parts.cluster;
    this.#workload = parts.workload;
    this.#faults = parts.faults;
    this.#coherenceMs = parts.coherenceMs;
    this.#random = random;
  }

  /** Runs until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#random.between(...PURGE_EVERY_MS));
      if (!signal.aborted) await this.#watchOne();
    }
  }

  async #watchOne(): Promise<void> {
    const resource = this.#workload.pick(this.#random);
    const held = new Map<WorkerProcess, number>();
    for (const process of this.#cluster.processes) {
      if (!process.up) continue;
      // Twice: what the first one loads, the second one finds.
      await this.#cluster.reads.read(process, resource);
      const brought = await this.#cluster.reads.read(process, resource);
      if (brought?.serving === 'hit' && !brought.flagged) held.set(process, process.incarnation);
    }
    const by = this.#cluster.somebody();
    const via = this.#random.pick(['gateway', 'library'] as const);
    const purged = await this.#cluster.purges.purge(by, [purgeOf(resource, this.#random)], { via });
    if (!purged) return;
    await Promise.all(
      [...held].map(async ([process, incarnation]) => {
        const watched = await this.#watch(process, resource, purged.ackedAt, purged.begunAt);
        if (!watched || process.incarnation !== incarnation) {
          this.unfinished += 1;
          return;
        }
        const faulty =
          watched.flagged ||
          this.#faults.touched(process.index, purged.begunAt, watched.newer.begunAt);
        const ms = Math.max(0, watched.newer.begunAt - purged.ackedAt);
        const own = process.index === purged.process && via === resource.face;
        this.measured.push({ ms, faulty, own });
      }),
    );
  }

  /** Reads every few milliseconds, also while an answer is waited for: what counts is when a read began. */
  async #watch(
    process: WorkerProcess,
    resource: Resource,
    ackedAt: number,
    begunAt: number,
  ): Promise<{ readonly newer: Brought; readonly flagged: boolean } | undefined> {
    const until = ackedAt + this.#coherenceMs + PATIENCE_MS;
    const pending = new Set<Promise<void>>();
    const seen: { newer?: Brought; flagged: boolean } = { flagged: false };
    const look = async (): Promise<void> => {
      const brought = await this.#cluster.reads.read(process, resource);
      if (!brought) return;
      seen.flagged ||= brought.flagged;
      const made = this.#cluster.reads.loadedAt(brought.load);
      if (made > begunAt && (!seen.newer || brought.begunAt < seen.newer.begunAt))
        seen.newer = brought;
    };
    while (!seen.newer && performance.now() < until) {
      // A slow origin must not pile reads up.
      if (pending.size < 40) {
        const reading: Promise<void> = look().finally(() => pending.delete(reading));
        pending.add(reading);
      }
      await sleep(READ_EVERY_MS);
    }
    await Promise.all(pending);
    const { newer, flagged } = seen;
    return newer && { newer, flagged };
  }
}
