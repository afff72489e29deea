import { type ConformanceResult, isPassed, type Kind, KINDS } from './result.ts';

/** The counts and the tests not passed, for a terminal. Of those that build on another only the number. */
export function summary({ counts, tests, through, seconds, suite }: ConformanceResult): string {
  const lines = KINDS.map((kind) => {
    const outcomes = Object.entries(counts[kind] ?? {}).map(([name, count]) => `${name} ${count}`);
    return `${kind.padEnd(9)} of ${String(total(tests, kind)).padEnd(4)} ${outcomes.join(', ')}`;
  });
  const missed = Object.entries(tests)
    .filter(([, one]) => one.kind !== 'check' && !isPassed(one) && one.buildsOn === undefined)
    .map(
      ([id, { kind, outcome, message }]) =>
        `  ${kind} ${id}: ${outcome}${message === undefined ? '' : `, ${message}`}`,
    );
  return [
    `Suite ${suite.commit.slice(0, 7)}, through ${through}, ${seconds} s`,
    ...lines,
    ...(missed.length === 0 ? [] : ['Not passed:', ...missed]),
  ].join('\n');
}

function total(tests: ConformanceResult['tests'], kind: Kind): number {
  return Object.values(tests).filter((one) => one.kind === kind).length;
}
