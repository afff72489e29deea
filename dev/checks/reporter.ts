import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** What one vitest run came to; written as JSON to the file that TIERCEL_TEST_REPORT names. */
export interface TestReport {
  readonly passed: number;
  /** Failed tests, files and suites that could not run, and errors outside of any test. */
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** Which Redis the tests in workerd stood on; absent when none of them ran. */
  readonly redis?: string;
}

/** Vitest's own JSON reporter leaves out why a test was skipped and files that failed before their first test. */
export default class TestReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const file = process.env['TIERCEL_TEST_REPORT'];
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(summarize(modules, errors.length)));
  }
}

function summarize(modules: readonly TestModule[], errors: number): TestReport {
  let passed = 0;
  let failed = errors;
  const skipped: { name: string; reason: string }[] = [];
  for (const module of modules) {
    failed += module.errors().length;
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed++;
      else if (result.state === 'failed') failed++;
      else {
        const reason = result.state === 'skipped' ? result.note : undefined;
        // A skip that does not say why is a hole in the proof: skip with ctx.skip('reason').
        if (reason === undefined) failed++;
        skipped.push({
          name: test.fullName,
          reason: reason ?? 'no reason given: counted as failed',
        });
      }
    }
  }
  const redis = modules
    .map((module) => module.project.getProvidedContext().redisDescription)
    .find((description) => description !== undefined);
  return { passed, failed, skipped, ...(redis === undefined ? {} : { redis }) };
}
