import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { schedule, type Schedule } from './schedule-plan.ts';
import { likeWorkerd } from './schedule-platform.ts';
import { play } from './schedule-player.ts';

/** More of them, or others: SCHEDULES_RUNS=50000 SCHEDULES_SEED=7 npx vitest run test/unit/gateway/schedules.test.ts */
const RUNS = setting('SCHEDULES_RUNS', 200);
const SEED = setting('SCHEDULES_SEED', 1);
/** More are asked for by hand. */
const TIME_LIMIT_MS = 3_600_000;
/** At a time: they share nothing but the wait for a turn. */
const TOGETHER = 100;

afterAll(likeWorkerd());

/** Leaves out what a violation does not need. */
async function smallest(plan: Schedule): Promise<Schedule> {
  for (const [nth, steps] of plan.callers.entries())
    for (const at of steps.keys()) {
      const callers = plan.callers.map((own, caller) =>
        caller === nth ? own.filter((_, step) => step !== at) : own,
      );
      const smaller = { ...plan, callers };
      if ((await play(smaller)).violations.length > 0) return smallest(smaller);
    }
  return plan;
}

/** What the schedules must have met, or they prove nothing. */
const MET: readonly string[] = [
  'hit (memory)',
  'hit (redis)',
  'hit (regional)',
  'stale hit',
  'stale-if-error',
  'collapsed',
  'fwd vary-miss',
  'fwd partial',
  'fwd-status=304',
  'GET 206',
  'GET 304',
  'GET 502',
  'GET 504',
  'HEAD 200',
  'posted',
  'posted, stored',
];

test(
  'whatever the schedule, nobody is served what was purged, what is another selection or another reader’s, or what is over',
  async () => {
    const plans = fc.sample(schedule, { seed: SEED, numRuns: RUNS });
    const met = new Map<string, number>();
    for (let at = 0; at < plans.length; at += TOGETHER) {
      const some = plans.slice(at, at + TOGETHER);
      const played = await Promise.all(some.map(play));
      for (const { counts } of played)
        for (const [what, times] of counts) met.set(what, (met.get(what) ?? 0) + times);
      const nth = played.findIndex(({ violations }) => violations.length > 0);
      const plan = some[nth];
      if (!plan) continue;
      const least = await smallest(plan);
      const { violations, trace } = await play(least);
      expect.fail(
        [`seed ${SEED}, ${at + nth}:`, ...violations, ...trace, fc.stringify(least)].join('\n'),
      );
    }
    expect(MET.filter((what) => !met.has(what))).toEqual([]);
  },
  TIME_LIMIT_MS,
);

function setting(name: string, otherwise: number): number {
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  const text = process?.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${name} is "${text}": a positive whole number is allowed.`);
}
