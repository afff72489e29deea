import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** How a run reaches the gateway: the local stack of `npm start`, or the bundle in workerd. */
export const THROUGH = ['start', 'workerd'] as const;
export type Through = (typeof THROUGH)[number];

/** The suite's kinds of tests. `required`: the RFCs demand it. `optimal`: they wish for it. `check`: either way is right. */
export const KINDS = ['required', 'optimal', 'check'] as const;
export type Kind = (typeof KINDS)[number];

/**
 * The suite's outcomes. A required test passes or fails, an optimal one passes or is an optional_fail, a check is yes or no. Any of
 * them may be a dependency_fail (a test that it builds on is not passed), setup_fail, retry (a request came twice), harness_fail
 * (no answer in time) or untested.
 */
export const OUTCOMES = [
  'pass',
  'fail',
  'optional_fail',
  'yes',
  'no',
  'dependency_fail',
  'setup_fail',
  'retry',
  'harness_fail',
  'untested',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const test = z.strictObject({
  kind: z.enum(KINDS),
  outcome: z.enum(OUTCOMES),
  /** What the suite said, of a test that is not passed. */
  message: z.string().optional(),
  /** Of a dependency_fail: the tests not passed that it builds on, parted by spaces. */
  buildsOn: z.string().optional(),
});

/** What became of one test. */
export type TestResult = z.infer<typeof test>;

/** Every test of a run by its id. */
export const testResults = z.record(z.string(), test);
export type TestResults = z.infer<typeof testResults>;

const counts = z.partialRecord(z.enum(KINDS), z.partialRecord(z.enum(OUTCOMES), z.int()));

/** How many tests of each kind had each outcome; one that none had is absent. */
export type Counts = z.infer<typeof counts>;

const result = z.strictObject({
  /** When the run began, ISO 8601. */
  date: z.string(),
  suite: z.strictObject({
    /** `unknown` where the checkout is no git repository and nobody said. */
    commit: z.string(),
    version: z.string(),
    /** Of the package that the suite's interim tests need, `none` where it is not installed. */
    undici: z.string(),
  }),
  versions: z.strictObject({ tiercel: z.string(), node: z.string(), workerd: z.string() }),
  through: z.enum(THROUGH),
  settings: z.strictObject({
    preset: z.string(),
    redis: z.string(),
    /** What the tenant's entry has besides id, hosts and origin. */
    tenant: z.record(z.string(), z.unknown()),
  }),
  seconds: z.int(),
  counts,
  tests: testResults,
});

/** One run, as it is kept. */
export type ConformanceResult = z.infer<typeof result>;

/** The file is no result of a run; the message is one sentence. */
export class BadResult extends Error {
  override readonly name = 'BadResult';
}

/** Reads a kept result. Throws {@link BadResult} when the file is not there or is none. */
export function readResult(file: string): ConformanceResult {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new BadResult(`${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  const read = result.safeParse(content);
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new BadResult(
    `${file} is no result of npm run conformance: ${first?.path.join('.') ?? ''}: ${first?.message ?? ''}.`,
  );
}

/** The file's text. */
export function resultText(one: ConformanceResult): string {
  return `${JSON.stringify(one, undefined, 2)}\n`;
}

export function countOutcomes(tests: TestResults): Counts {
  const made: Counts = {};
  for (const { kind, outcome } of Object.values(tests)) {
    const ofKind = (made[kind] ??= {});
    ofKind[outcome] = (ofKind[outcome] ?? 0) + 1;
  }
  return made;
}

/** Whether a test is as one wants it, or says what either way is right. */
export function isPassed({ outcome }: Pick<TestResult, 'outcome'>): boolean {
  return outcome === 'pass' || outcome === 'yes';
}
