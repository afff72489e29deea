import { findChromium, findNativeRedis, versionOf } from './machine.ts';
import type { TestReport } from './reporter.ts';
import type { StepResult } from './step.ts';

/** What `npm test` has done so far. */
export interface TestRun {
  readonly steps: readonly StepResult[];
  readonly reports: readonly TestReport[];
  /** The Redis that was asked for: `embedded`, `auto` or a URL. */
  readonly redis: string;
  readonly seconds: number;
}

/** Prints what ran against what, every skip with its reason, and the closing count. Returns how much failed. */
export function printSummary({ steps, reports, redis, seconds }: TestRun): number {
  const native = findNativeRedis();
  const chromium = findChromium();
  const skipped = reports.flatMap((report) => report.skipped);
  if (native === undefined && redis === 'embedded') {
    skipped.push({
      name: 'native redis-server',
      reason: 'not on PATH, the contract suites ran against the embedded engine only',
    });
  }
  const stoodOn = reports.find((report) => report.redis !== undefined)?.redis ?? 'none was started';
  const passed = count(reports, 'passed') + steps.filter((step) => step.ok).length;
  const failed = count(reports, 'failed') + steps.filter((step) => !step.ok).length;

  console.log('');
  console.log(`Node          ${process.versions.node} on ${process.platform} ${process.arch}`);
  console.log(`workerd       ${versionOf('workerd')}`);
  console.log(`Redis         ${stoodOn}, over HTTP`);
  console.log(`Native Redis  ${describeNative(native, redis)}`);
  console.log(`Chromium      ${chromium ?? 'not found'}; no test needs a browser yet`);
  console.log(`Time          ${seconds.toFixed(1)} s`);
  for (const { name, reason } of skipped) console.log(`Skipped       ${name}: ${reason}`);
  console.log('');
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed;
}

function describeNative(native: string | undefined, redis: string): string {
  if (native === undefined) return 'not on PATH';
  return redis === 'embedded' ? `${native}, not used; .ci/run uses it` : native;
}

function count(reports: readonly TestReport[], what: 'passed' | 'failed'): number {
  return reports.reduce((sum, report) => sum + report[what], 0);
}
