import { describe, expect, test } from 'vitest';
import { mutants } from '../../dev/mutants/mutants.ts';
import { mutantPlugin } from '../../dev/mutants/plugin.ts';
import { FAULT_KINDS } from '../../dev/torture/fault-plan.ts';
import { runTorture } from '../../dev/torture/run.ts';

const run = {
  seconds: 15,
  processes: 2,
  seed: 1,
  faults: FAULT_KINDS,
  coherenceMs: 500,
  redis: 'auto',
  mutant: undefined,
} as const;
const quiet = { onProgress: () => {}, signal: new AbortController().signal };

/** A run, what was under way at its end, and the start of its parts on a machine that does other things as well. */
const LIMIT_MS = 120_000;

describe('a short torture run', () => {
  test(
    'of the build as it is finds nothing wrong, in every tier, by every operation, under every fault',
    { timeout: LIMIT_MS },
    async () => {
      const report = await runTorture({ ...quiet, flags: run, plugins: [] });
      expect(report.violationDetails).toEqual([]);
      expect(report.violations).toBe(0);
      for (const [tier, hits] of Object.entries(report.hits))
        expect({ tier, hit: hits > 0 }).toEqual({ tier, hit: true });
      expect(report.faults).toEqual(Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 1])));
      const calls = ['getOrSet', 'get', 'fresh', 'getOrSetMany', 'set', 'setStamped', 'delete'];
      expect(Object.keys(report.operations)).toEqual(
        expect.arrayContaining(['GET', 'POST', 'touch', ...calls]),
      );
      expect(report.purges).toBeGreaterThan(0);
      expect(report.reads).toBeGreaterThan(100);
      expect(report.origin.notModified).toBeGreaterThan(0);
      expect(Object.keys(report.episodes).length).toBeGreaterThan(0);
    },
  );

  test('of a broken build finds it out', { timeout: LIMIT_MS }, async () => {
    const mutant = mutants.find(({ name }) => name === 'late-write-unconditional');
    if (!mutant) throw new Error('There is no such mutant.');
    const report = await runTorture({
      ...quiet,
      flags: { ...run, seconds: 60, faults: [], mutant: mutant.name },
      plugins: [mutantPlugin(mutant)],
    });
    expect(report.mutant?.caughtAfterMs).toBeLessThan(60_000);
    expect(['old', 'own']).toContain(report.violationDetails[0]?.kind);
  });
});
