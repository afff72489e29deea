import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, call, WRITE_PATIENCE_MS, type CallParts } from './calls.ts';
import { actorOf, gatewayHost } from './places.ts';
import { httpPurge, libraryPurge } from './purge-formats.ts';
import { targetName, type Target } from './subjects.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A purge is repeated for so long. */
const PURGE_PATIENCE_MS = 15_000;
const REPEAT_MS = 150;

/** How a purge is sent. */
export interface PurgeChoice {
  readonly mode?: 'hard' | 'soft';
  readonly via?: 'gateway' | 'library';
}

/** A purge that was acknowledged. */
export interface Purged {
  readonly begunAt: number;
  readonly ackedAt: number;
  readonly process: number;
}

/** Purges by any process: each one that is acknowledged is told to the oracle. */
export class Purges {
  readonly #parts: CallParts;
  readonly #somebody: (but: WorkerProcess) => WorkerProcess;

  /** @param somebody another process, to repeat a purge at when one is gone */
  constructor(parts: CallParts, somebody: (but: WorkerProcess) => WorkerProcess) {
    this.#parts = parts;
    this.#somebody = somebody;
  }

  /**
   * Purges, and repeats it until it is acknowledged, elsewhere when a process is gone. Undefined when it was given up.
   * A purge of everything, and a soft one, go by the library.
   */
  async purge(
    process: WorkerProcess,
    targets: readonly Target[],
    { mode = 'hard', via = 'library' }: PurgeChoice = {},
  ): Promise<Purged | undefined> {
    const { tally } = this.#parts;
    const [first] = targets;
    if (!first) throw new Error('A purge needs a target.');
    const tenant = first.type === 'everything' ? 'busy' : first.tenant;
    const everything = first.type === 'everything';
    const face = everything || mode === 'soft' ? 'library' : via;
    const what = `${mode} purge of ${targets.map(targetName).join(', ')}`;
    const until = performance.now() + PURGE_PATIENCE_MS;
    for (let by = process; performance.now() < until; by = by.up ? by : this.#somebody(by)) {
      const actor = actorOf(by, { face, tenant });
      const begunAt = performance.now();
      const done = await attempt(by, () =>
        everything
          ? call(by, WRITE_PATIENCE_MS, { op: 'purgeEverything', tenant })
          : face === 'library'
            ? call(by, WRITE_PATIENCE_MS, {
                op: 'purge',
                tenant,
                targets: libraryPurge(targets),
                mode,
              })
            : by.client.ask({
                host: gatewayHost(tenant),
                path: '/_tiercel/v1/purge',
                method: 'POST',
                headers: {
                  authorization: `Bearer ${this.#parts.token}`,
                  'content-type': 'application/json',
                },
                body: JSON.stringify(httpPurge(targets)),
                timeoutMs: WRITE_PATIENCE_MS,
              }),
      );
      if (done) {
        const ackedAt = performance.now();
        this.#acknowledge({ what, begunAt, ackedAt, actor, mode, targets });
        tally.purges.add(everything ? 'everything' : `${mode} ${first.type}`);
        tally.note(everything ? '*' : tenant, `${what} by ${actor}, acknowledged`);
        return { begunAt, ackedAt, process: by.index };
      }
      tally.purgeAttemptsFailed.add(everything ? 'everything' : first.type);
      await sleep(REPEAT_MS);
    }
    tally.purgesAbandoned += 1;
    return undefined;
  }

  #acknowledge({
    targets,
    ...ending
  }: {
    readonly what: string;
    readonly begunAt: number;
    readonly ackedAt: number;
    readonly actor: string;
    readonly mode: 'hard' | 'soft';
    readonly targets: readonly Target[];
  }): void {
    const named = (ofKey: boolean): string[] =>
      targets.filter(({ type }) => (type === 'key') === ofKey).map(targetName);
    this.#parts.oracle.acknowledged({ ...ending, ofKey: named(true), ofOthers: named(false) });
  }
}
