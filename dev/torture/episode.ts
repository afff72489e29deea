import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Faults } from './faults.ts';
import type { Hold, TortureOrigin } from './origin.ts';
import type { Random } from './random.ts';
import { PAGE_DRILL_TENANTS } from './stack.ts';
import { gatewayHost } from './places.ts';
import type { Brought } from './reads.ts';
import { page, value, type Resource, type Target } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A step did not come about, because a process was down or Redis was: the episode proves nothing, and is over. */
export class EpisodeAborted extends Error {
  override readonly name = 'EpisodeAborted';
}

export interface EpisodeParts {
  readonly cluster: Cluster;
  readonly origin: TortureOrigin;
  readonly faults: Faults;
  readonly coherenceMs: number;
  readonly signal: AbortSignal;
}

type Namespace = 'plain' | 'swr' | 'early' | 'leased' | 'quick' | 'fleeting';

/** More marks than a ledger keeps of either kind. */
export const FLOOD = 2200;
const HELD_READ_MS = 11_000;

/** One directed episode: a tenant that nobody else asks, and processes in roles. */
export class Episode {
  readonly random: Random;
  readonly tenant: string;
  readonly coherenceMs: number;
  /** Who holds something, or loads it. */
  readonly holder: WorkerProcess;
  /** Who purges; never the holder, where there are two. */
  readonly purger: WorkerProcess;
  readonly #parts: EpisodeParts;
  readonly #pageTenant: string;
  #values = 0;

  constructor(parts: EpisodeParts, random: Random, number: number) {
    this.#parts = parts;
    this.random = random;
    this.tenant = `drill-${number}`;
    this.#pageTenant = PAGE_DRILL_TENANTS[number % PAGE_DRILL_TENANTS.length] ?? '';
    this.coherenceMs = parts.coherenceMs;
    this.holder = parts.cluster.somebody();
    this.purger = parts.cluster.somebody(this.holder);
  }

  get cluster(): Cluster {
    return this.#parts.cluster;
  }

  /** A value of this episode's tenant that nobody has asked for yet. */
  value(namespace: Namespace, section = 's'): Resource {
    this.#values += 1;
    return value(this.tenant, namespace, [section, `v${this.#values}`]);
  }

  /** A page that nobody has asked for yet. Now and then an earlier episode had the same tenant. */
  page(): Resource {
    this.#values += 1;
    const tenant = this.#pageTenant;
    return page(tenant, gatewayHost(tenant), [this.tenant, `p${this.#values}`]);
  }

  /** Has a process load something, and look that it holds it. */
  async fill(process: WorkerProcess, resource: Resource): Promise<Brought> {
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await this.cluster.reads.read(process, resource, 'getOrSet', HELD_READ_MS);
      const brought = await this.cluster.reads.read(process, resource, 'getOrSet', HELD_READ_MS);
      if (brought?.serving === 'hit' && !brought.flagged) return brought;
      // Values that live for a moment only are stale by now: they are held as well.
      if (brought?.serving === 'stale' && !brought.flagged) return brought;
    }
    throw new EpisodeAborted('Nothing could be stored.');
  }

  /** Begins a read whose load the origin keeps waiting. */
  async hold(
    process: WorkerProcess,
    resource: Resource,
  ): Promise<{ readonly hold: Hold; readonly reading: Promise<unknown> }> {
    const hold = this.#parts.origin.hold(resource.resource, 2500);
    const reading = this.cluster.reads.read(process, resource, 'getOrSet', HELD_READ_MS);
    if (await hold.arrived) return { hold, reading };
    hold.release();
    await reading;
    throw new EpisodeAborted('The load did not begin.');
  }

  /** Purges, by the library; throws when it was not acknowledged. */
  async purge(
    process: WorkerProcess,
    targets: readonly Target[],
    mode: 'hard' | 'soft' = 'hard',
  ): Promise<void> {
    const purged = await this.cluster.purges.purge(process, targets, { mode });
    if (!purged) throw new EpisodeAborted('The purge was not acknowledged.');
  }

  async flood(kind: 'keys' | 'tags' | 'sets', tenant = this.tenant): Promise<void> {
    if (!(await this.cluster.writes.flood(this.purger, tenant, kind, FLOOD)))
      throw new EpisodeAborted('The flood was not acknowledged.');
  }

  async dropLedger(tenant: string): Promise<void> {
    await this.#parts.faults.dropLedger(tenant);
  }

  delay(process: WorkerProcess, ms: number): Promise<() => Promise<void>> {
    return this.#parts.faults.delay(process.index, ms);
  }

  /** A target that hits it: of its key, a tag, a prefix, or the whole tenant. */
  aim(resource: Resource): Target {
    const { tenant, segments, tags } = resource;
    return this.random.pick<Target>([
      { type: 'key', tenant, segments },
      { type: 'tag', tenant, tag: tags[1] ?? '' },
      { type: 'prefix', tenant, segments },
      { type: 'prefix', tenant, segments: segments.slice(0, -1) },
      ...(resource.face === 'library' ? [{ type: 'tenant', tenant } as const] : []),
    ]);
  }

  /** Throws when the run is over. */
  async wait(ms: number): Promise<void> {
    const { signal } = this.#parts;
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new EpisodeAborted('The run is over.');
  }

  /** Waits until everybody has to know what was acknowledged by now. */
  waitForBound(): Promise<void> {
    return this.wait(this.coherenceMs + 30);
  }

  /** Reads something in every process, several times over more than the bound: the oracle judges each of the reads. */
  async readEverywhere(resource: Resource, rounds = 4): Promise<void> {
    for (let round = 0; round < rounds && !this.#parts.signal.aborted; round += 1) {
      await Promise.all(
        this.cluster.processes
          .filter(({ up }) => up)
          .map((process) => this.cluster.reads.read(process, resource)),
      );
      await this.wait((this.coherenceMs * 1.3) / rounds);
    }
  }
}
