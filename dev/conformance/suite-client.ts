// A process of its own, in the folder of the suite: runs the suite's tests against the address that it is given, has
// them judged by the suite itself, and tells how far it is and what came of it.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestResult } from './result.ts';
import { SUITE_FILES } from './suite.ts';

/** What the process tells: how many tests have an end, now and then, and at the end what each was. */
export type ClientMessage =
  | { readonly done: number; readonly of: number }
  | { readonly tests: Readonly<Record<string, unknown>> };

interface SuiteTest {
  readonly id: string;
  readonly kind?: string;
  readonly browser_only?: boolean;
  readonly depends_on?: readonly string[];
}

/** True: passed. Otherwise what kind of error there was, and its message. */
type Raw = true | readonly [string, unknown];

interface Groups {
  readonly default: readonly { readonly tests: readonly SuiteTest[] }[];
}

interface Runner {
  readonly runTests: (groups: Groups['default'], browser: boolean, base: string) => Promise<void>;
  readonly getResults: () => Readonly<Record<string, Raw | undefined>>;
}

interface Judge {
  readonly resultTypes: Readonly<Record<string, unknown>>;
  readonly determineTestResult: (groups: Groups['default'], id: string, results: object) => unknown;
}

const TELL_MS = 1000;

const [base = ''] = process.argv.slice(2);
const groups = (await load<Groups>(SUITE_FILES.tests)).default;
const { runTests, getResults } = await load<Runner>(SUITE_FILES.runner);
const { resultTypes, determineTestResult } = await load<Judge>(SUITE_FILES.results);
const tests = groups.flatMap((group) => group.tests).filter((test) => test.browser_only !== true);

const timer = setInterval(
  () => tell({ done: Object.keys(getResults()).length, of: tests.length }),
  TELL_MS,
);
await runTests(groups, false, base);
clearInterval(timer);
const raw = getResults();
tell({ tests: Object.fromEntries(tests.map((test) => [test.id, resultOf(test)])) });
process.disconnect();

function resultOf({ id, kind = 'required', depends_on: dependencies = [] }: SuiteTest) {
  const outcome = outcomeOf(id);
  const broken = dependencies.filter((one) => !['pass', 'yes'].includes(outcomeOf(one)));
  const said = raw[id];
  return {
    kind,
    outcome,
    ...(said !== undefined && said !== true && { message: messageOf(said) }),
    ...(outcome === 'dependency_fail' && { buildsOn: broken.join(' ') }),
  } satisfies Record<keyof TestResult, unknown> | object;
}

function outcomeOf(id: string): string {
  const verdict = determineTestResult(groups, id, raw);
  const [name] = Object.entries(resultTypes).find(([, type]) => type === verdict) ?? ['untested'];
  return name;
}

function messageOf([type, message]: Exclude<Raw, true>): string {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return type === 'Assertion' || type === 'Setup' ? text : `${type}: ${text}`;
}

function tell(message: ClientMessage): void {
  process.send?.(message);
}

async function load<Module>(file: string): Promise<Module> {
  const path = join(process.cwd(), file);
  return (await import(pathToFileURL(path).href)) as Module;
}
