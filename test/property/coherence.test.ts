import { describe, expect, test } from 'vitest';
import { FAULTS, MISHAPS, READS, WRITES } from './plan.ts';
import { search, type Finding } from './search.ts';

/** More of them, or others: PROPERTY_RUNS=50000 PROPERTY_SEED=7 npx vitest run test/property/coherence.test.ts */
const RUNS = setting('PROPERTY_RUNS', 1000);
const SEED = setting('PROPERTY_SEED', 1);
/** Fewer runs than this need not have met everything. */
const ENOUGH = 300;
const TIME_LIMIT_MS = 3_600_000;

describe('isolates over one Redis, whatever arrives when', () => {
  let finding: Finding | undefined;

  test(
    'nothing is served that an acknowledged purge, a set or a loss has ended',
    async () => {
      finding = await search({ seed: SEED, runs: RUNS });
      if (finding.violation !== undefined) expect.fail(finding.report);
      expect(finding.runs).toBe(RUNS);
    },
    TIME_LIMIT_MS,
  );

  test('a run of that many plays everything, and serves from every tier', () => {
    const tally = finding?.tally ?? new Map<string, number>();
    if (RUNS < ENOUGH) expect.fail(`${RUNS} runs are too few to tell: at least ${ENOUGH}.`);
    const least: Record<string, number> = {
      'hit memory': 0.6 * RUNS,
      'hit regional': 0.08 * RUNS,
      'hit redis': 0.2 * RUNS,
      'served stale': 0.2 * RUNS,
      'served unverified': 0.07 * RUNS,
      'commit stored': 2 * RUNS,
      'commit purged': 0.04 * RUNS,
      'commit unopened': 0.04 * RUNS,
      'commit epoch': 0.01 * RUNS,
      'stored by set': 0.3 * RUNS,
      superseded: 0.03 * RUNS,
      'touch stored': 0.03 * RUNS,
      'heads read': 0.6 * RUNS,
      'heads alone read': 0.1 * RUNS,
      'purge repeated': 0.2 * RUNS,
      revalidated: 0.05 * RUNS,
      // Rare, but met.
      'commit floor': 1,
      'commit fenced': 1,
    };
    for (const act of [...READS, ...WRITES, ...FAULTS]) least[`act ${act}`] = 0.05 * RUNS;
    for (const mishap of MISHAPS) least[mishap] = 0.05 * RUNS;
    const missing = Object.entries(least).filter(([what, times]) => (tally.get(what) ?? 0) < times);
    expect({ missing, tally: missing.length > 0 ? Object.fromEntries(tally) : {} }).toEqual({
      missing: [],
      tally: {},
    });
  });
});

function setting(name: string, otherwise: number): number {
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  const text = process?.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${name} is "${text}": a positive whole number is allowed.`);
}
