import * as fc from 'fast-check';
import { plan } from './plan.ts';
import { carryOut } from './run.ts';

/** What a search has found, and what happened on its way. */
export interface Finding {
  readonly runs: number;
  /** What was served that must not have been; undefined when nothing was. */
  readonly violation: string | undefined;
  /** How to find it again: a failure's seed and path, and its schedule in fast-check's own words. */
  readonly report: string;
  readonly tally: ReadonlyMap<string, number>;
}

export interface Search {
  readonly seed: number;
  readonly runs: number;
  /** Continues a run that failed before. */
  readonly path?: string;
  /** Leaves out of a failing run what the failure does not need. Default: true. */
  readonly shrinks?: boolean;
  /** Stops after so many milliseconds. */
  readonly timeLimitMs?: number;
}

/** Plays runs until one breaks a promise. */
export async function search(options: Search): Promise<Finding> {
  const { seed, runs, path, shrinks = true, timeLimitMs } = options;
  const tally = new Map<string, number>();
  let played = 0;
  const property = fc.asyncProperty(plan, fc.scheduler(), async (one, scheduler) => {
    const outcome = await carryOut(one, scheduler);
    played += 1;
    for (const [what, times] of outcome.tally) tally.set(what, (tally.get(what) ?? 0) + times);
    if (outcome.violations.length > 0) throw new Error(outcome.violations.slice(0, 3).join('\n'));
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: !shrinks,
    ...(path !== undefined && { path }),
    ...(timeLimitMs !== undefined && {
      interruptAfterTimeLimit: timeLimitMs,
      markInterruptAsFailure: false,
    }),
  });
  const { failed, errorInstance } = details;
  const error = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return {
    runs: failed ? details.numRuns : played,
    violation: failed ? error : undefined,
    report: failed ? `${error}\n${fc.defaultReportMessage(details) ?? ''}` : '',
    tally,
  };
}
