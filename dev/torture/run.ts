import { setTimeout as sleep } from 'node:timers/promises';
import type { Plugin } from 'esbuild';
import { bundleWorker } from '../launcher/bundle.ts';
import { Cluster } from './cluster.ts';
import { runEpisodes } from './episode-runner.ts';
import { planFaults } from './fault-plan.ts';
import { Faults } from './faults.ts';
import type { TortureFlags } from './flags.ts';
import { LoadBook } from './load-book.ts';
import { Oracle } from './oracle.ts';
import { PropagationWatch } from './propagation.ts';
import { Random } from './random.ts';
import { makeReport, type TortureReport } from './report.ts';
import { startStack } from './stack.ts';
import { Tally } from './tally.ts';
import { Workload } from './workload.ts';

/** Something that the run stands on failed; the message is one sentence. */
export class TortureFailed extends Error {
  override readonly name = 'TortureFailed';
}

export interface RunOptions {
  readonly flags: Pick<
    TortureFlags,
    'seconds' | 'processes' | 'seed' | 'faults' | 'coherenceMs' | 'redis' | 'mutant'
  >;
  /** Break the build on purpose. */
  readonly plugins: readonly Plugin[];
  readonly onProgress: (line: string) => void;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const EPISODES_AT_A_TIME = 3;
/** What was begun when the time is over gets so long to end. */
const ENDING_MS = 30_000;
const PROGRESS_MS = 10_000;

/** Makes one run, from start to stop. Rejects with {@link TortureFailed}, and with what the parts reject with. */
export async function runTorture(options: RunOptions): Promise<TortureReport> {
  const { flags, plugins, onProgress, signal } = options;
  const { seconds, coherenceMs, mutant } = flags;
  const random = new Random(flags.seed);
  const book = new LoadBook();
  // Less than in production, so that pauses of Redis outlast it.
  const maxUnverifiedMs = Math.max(2500, 2 * coherenceMs);
  const oracle = new Oracle(book, { coherenceMs, maxUnverifiedMs });
  const tally = new Tally();
  const plan = planFaults(flags.faults, seconds, random.fork());
  signal.throwIfAborted();
  const script = await bundleWorker('test/support/torture-worker.ts', plugins).catch(
    (error: Error) => {
      throw new TortureFailed(`The Worker could not be built: ${error.message}`, { cause: error });
    },
  );
  const stack = await startStack({
    ...flags,
    maxUnverifiedMs,
    script,
    book,
    random: random.fork(),
  });
  const over = new AbortController();
  try {
    signal.throwIfAborted();
    onProgress(`${flags.processes} processes on ${stack.redis.description}, for ${seconds} s.`);
    const startedAt = performance.now();
    const cluster = new Cluster({ ...stack, oracle, book, tally, random: random.fork() });
    const faults = new Faults(stack, random.fork(), tally, startedAt);
    const workload = new Workload(cluster, random.fork());
    const ending = AbortSignal.any([over.signal, signal]);
    const watch = new PropagationWatch({ cluster, workload, faults, coherenceMs }, random.fork());
    let caughtAfterMs: number | undefined;

    const waited = (ms: number): Promise<void> =>
      sleep(ms, undefined, { signal: ending }).catch(() => undefined);
    const strikeAll = async (): Promise<void> => {
      const strikes: Promise<void>[] = [];
      for (const fault of plan) {
        await waited(fault.atMs - (performance.now() - startedAt));
        if (ending.aborted) break;
        strikes.push(faults.strike(fault));
      }
      await Promise.all(strikes);
    };
    const tell = async (): Promise<void> => {
      for (let at = PROGRESS_MS; !ending.aborted; at += PROGRESS_MS) {
        await waited(at - (performance.now() - startedAt));
        if (!ending.aborted)
          onProgress(
            `${Math.round(at / 1000)} s: ${tally.reads} reads, ${tally.violations} violations, ${faults.happened.length} faults`,
          );
      }
    };
    const lookForMutant = async (): Promise<void> => {
      if (mutant === undefined) return;
      while (!ending.aborted) {
        await waited(50);
        if (tally.violations > 0) {
          caughtAfterMs = Math.round(performance.now() - startedAt);
          over.abort();
        }
      }
    };
    const episodes = { cluster, origin: stack.origin, faults, coherenceMs, signal: ending };
    const work = Promise.all([
      workload.run(ending),
      runEpisodes(episodes, tally, random.fork(), EPISODES_AT_A_TIME),
      watch.run(ending),
      strikeAll(),
      tell(),
      lookForMutant(),
    ]);
    const clock = waited(seconds * 1000).then(() => over.abort());
    const failed = stack.died.then((reason) => {
      throw new TortureFailed(`The run ended early: ${reason}.`);
    });
    await Promise.race([Promise.all([work, clock]), failed, interruption(signal), tooLate(clock)]);
    signal.throwIfAborted();
    return makeReport({
      tally,
      run: {
        ...pick(flags),
        ranForMs: Math.round(performance.now() - startedAt),
        maxUnverifiedMs,
        redis: stack.redis.description,
        startedAt: new Date(performance.timeOrigin + startedAt).toISOString(),
      },
      faults: faults.happened,
      propagation: watch.measured,
      propagationUnfinished: watch.unfinished,
      lastOldMs: oracle.lastOldMs,
      clockAtStart: startedAt,
      origin: stack.origin.counts(),
      mutant: mutant === undefined ? undefined : { name: mutant, caughtAfterMs },
    });
  } finally {
    over.abort();
    await stack.stop();
  }
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupted = new TortureFailed('The run was interrupted.');
    signal.addEventListener('abort', () => reject(interrupted), { once: true });
  });
}

async function tooLate(clock: Promise<void>): Promise<never> {
  await clock;
  await sleep(ENDING_MS, undefined, { ref: false });
  throw new TortureFailed(`What was under way did not end within ${ENDING_MS / 1000} s.`);
}

function pick({ seconds, processes, seed, faults, coherenceMs }: RunOptions['flags']) {
  return { seconds, processes, seed, faults, coherenceMs };
}
