import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ConformanceResult, isPassed, type Kind, THROUGH, type TestResult } from './result.ts';

/** Why a test is not passed, by its id. */
export type Reasons = Readonly<Record<string, string>>;

/** A test that at least one way does not pass. */
export interface Missed {
  readonly id: string;
  readonly kind: Kind;
  /** What it was in each of the results, in their order. */
  readonly outcomes: readonly TestResult['outcome'][];
  readonly why: string;
}

/** The page cannot be made: reasons are missing, or are there for what is passed. */
export class IncompletePage extends Error {
  override readonly name = 'IncompletePage';
}

/** Reads `reasons.json`. */
export function keptReasons(): Reasons {
  const text = readFileSync(new URL('reasons.json', import.meta.url), 'utf8');
  return z.record(z.string(), z.string().min(1)).parse(JSON.parse(text));
}

/**
 * Every required and optimal test that one of the results does not have as passed, required ones first, by their ids. A test
 * that only builds on another one needs no reason of its own; the other one does, also when it is a check.
 * @throws IncompletePage when a reason is missing, or explains what needs none
 */
export function missedTests(results: readonly ConformanceResult[], reasons: Reasons): Missed[] {
  const needed = new Set<string>();
  const at = (id: string): TestResult[] => results.flatMap(({ tests }) => tests[id] ?? []);

  function whyOf(id: string, listed: ReadonlySet<string>): string {
    const blockers = blockersOf(at(id));
    if (reasons[id] !== undefined || blockers.length === 0) {
      needed.add(id);
      return reasons[id] ?? '';
    }
    const parts = blockers.map((one) => {
      const why = whyOf(one, listed);
      return listed.has(one) ? `\`${one}\`` : `\`${one}\`: ${why}`;
    });
    return `builds on ${parts.join(', ')}`;
  }

  const ids = [...new Set(results.flatMap(({ tests }) => Object.keys(tests)))]
    .filter((id) => at(id).some((one) => one.kind !== 'check' && !isPassed(one)))
    .toSorted();
  const listed = new Set(ids);
  const missed = ids.map((id) => ({
    id,
    kind: at(id)[0]?.kind ?? 'required',
    outcomes: results.map(({ tests }) => tests[id]?.outcome ?? 'untested'),
    why: whyOf(id, listed),
  }));
  const unexplained = [...needed].filter((id) => reasons[id] === undefined);
  if (unexplained.length > 0)
    throw new IncompletePage(
      `dev/conformance/reasons.json does not say why these tests are not passed: ${unexplained.join(', ')}.`,
    );
  const idle = Object.keys(reasons).filter((id) => !needed.has(id));
  // Before both ways are measured, a reason may be for the other one.
  if (idle.length > 0 && results.length === THROUGH.length)
    throw new IncompletePage(
      `dev/conformance/reasons.json explains tests that are passed, or that only build on others: ${idle.join(', ')}.`,
    );
  const rank = ({ kind }: Missed): number => (kind === 'required' ? 0 : 1);
  return missed.toSorted((a, b) => rank(a) - rank(b));
}

/** The tests not passed that this one waits for, wherever it does. */
function blockersOf(found: readonly TestResult[]): string[] {
  const own = found.filter((one) => !isPassed(one));
  // Where it was judged and failed, that is what has to be explained.
  if (own.some(({ buildsOn }) => buildsOn === undefined)) return [];
  return [...new Set(own.flatMap(({ buildsOn = '' }) => buildsOn.split(' ')))].filter(Boolean);
}
