import type { CallParts } from './calls.ts';
import { Purges } from './purges.ts';
import type { Random } from './random.ts';
import { Reads } from './reads.ts';
import type { WorkerProcess } from './worker-process.ts';
import { Writes } from './writes.ts';

/** The processes of a run, and what can be done with them. */
export class Cluster {
  readonly processes: readonly WorkerProcess[];
  readonly reads: Reads;
  readonly writes: Writes;
  readonly purges: Purges;
  readonly #random: Random;

  constructor(parts: CallParts & { readonly random: Random }) {
    this.processes = parts.processes;
    this.#random = parts.random;
    this.reads = new Reads(parts);
    this.writes = new Writes(parts);
    this.purges = new Purges(parts, (but) => this.somebody(but));
  }

  /** A process that answers, another one than those if there is one. */
  somebody(...but: readonly WorkerProcess[]): WorkerProcess {
    const up = this.processes.filter((process) => process.up && !but.includes(process));
    const [first] = this.processes;
    if (up.length > 0) return this.#random.pick(up);
    if (!first) throw new Error('There are no processes.');
    return this.processes.find((process) => process.up) ?? first;
  }
}
