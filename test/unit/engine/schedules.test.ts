import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { carryOut, schedule, type Schedule } from './schedules.ts';

/** Leaves out what a violation does not need. */
async function smallest(plan: Schedule): Promise<Schedule> {
  for (const [nth, steps] of plan.callers.entries())
    for (const at of steps.keys()) {
      const callers = plan.callers.with(nth, steps.toSpliced(at, 1));
      const smaller = { ...plan, callers };
      if ((await carryOut(smaller)).length > 0) return smallest(smaller);
    }
  return plan;
}

const SEED = 1;
const RUNS = 300;
/** At a time: they share nothing but the wait for a turn. */
const TOGETHER = 50;

test('whatever the schedule, nothing that a purge or a set hit is served once that is acknowledged', async () => {
  const plans = fc.sample(schedule, { seed: SEED, numRuns: RUNS });
  for (let at = 0; at < plans.length; at += TOGETHER) {
    const some = plans.slice(at, at + TOGETHER);
    const outcomes = await Promise.all(some.map(carryOut));
    const nth = outcomes.findIndex((violations) => violations.length > 0);
    const plan = some[nth];
    if (!plan) continue;
    const least = await smallest(plan);
    const text = fc.stringify(least);
    expect.fail(`seed ${SEED}, ${at + nth}: ${(await carryOut(least)).join('; ')}: ${text}`);
  }
});
