import type { ConformanceResult, TestResult } from './result.ts';

/** One line for each test whose kind or outcome is not the same in both, in the order of their ids. */
export function changes(base: ConformanceResult, now: ConformanceResult): string[] {
  const ids = new Set([...Object.keys(base.tests), ...Object.keys(now.tests)]);
  return [...ids].toSorted().flatMap((id) => {
    const [before, after] = [base.tests[id], now.tests[id]];
    if (before?.kind === after?.kind && before?.outcome === after?.outcome) return [];
    return [`${id} (${(after ?? before)?.kind}): ${shown(before)} -> ${shown(after)}`];
  });
}

function shown(one: TestResult | undefined): string {
  return one?.outcome ?? 'not there';
}
