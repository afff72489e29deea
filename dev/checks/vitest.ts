import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestReport } from './reporter.ts';
import { printStep, runStep } from './step.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A tool of the project by its full path, so that the one on somebody's PATH is never taken by mistake. */
export function tool(name: string): string {
  return join(root, 'node_modules', '.bin', name);
}

/** The environment of every step: this project's Node first, no colours, and nothing that asks the internet. */
export function stepEnvironment(redis: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    NO_COLOR: '1',
    CI: 'true',
    TIERCEL_TEST_REDIS: redis,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_LOG_PATH: join(root, '.dev', 'wrangler-logs'),
  };
}

/** One run of vitest: a name for people, the project, and the files to run (all when empty). */
export interface VitestRun {
  readonly name: string;
  readonly project: 'node' | 'workers';
  readonly files?: readonly string[];
}

/** Runs vitest, prints how it went and returns its counts. A run that ends badly always has a failure in them. */
export async function runVitest(run: VitestRun, env: NodeJS.ProcessEnv): Promise<TestReport> {
  const file = join(root, '.dev', 'reports', `${run.name.replaceAll(/\W+/g, '-')}.json`);
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=./dev/checks/reporter.ts'];
  const result = await runStep(
    run.name,
    [tool('vitest'), 'run', '--project', run.project, ...reporters, ...(run.files ?? [])],
    { ...env, TIERCEL_TEST_REPORT: file },
  );
  const report = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as TestReport)
    : { passed: 0, failed: 1, skipped: [] };
  // Vitest may fail as a whole while every test passed, for instance when the global set-up breaks.
  const ok = result.ok && report.failed === 0 && report.passed > 0;
  const failed = ok ? 0 : Math.max(1, report.failed);
  printStep(
    { ...result, ok },
    `${report.passed} passed, ${failed} failed, ${report.skipped.length} skipped`,
  );
  return { ...report, failed };
}
