/**
 * `npm test`: every check and every test of the project, in two lanes for two cores.
 *
 *   npm test                       against the embedded Redis
 *   npm test -- --redis auto       against the one `npm start` would choose; a redis:// URL works too
 */
import { parseArgs } from 'node:util';
import type { TestReport } from './reporter.ts';
import { printStep, runStep } from './step.ts';
import type { StepResult } from './step.ts';
import { printSummary } from './summary.ts';
import { root, runVitest, stepEnvironment, tool } from './vitest.ts';

process.chdir(root);
const redis = chosenRedis();
const env = stepEnvironment(redis);
const steps: StepResult[] = [];
const reports: TestReport[] = [];
const started = Date.now();

// Both lanes always run to their end: one failure must not hide another.
await Promise.all([
  (async () => {
    await check('format', [tool('oxfmt'), '--check', '.']);
    await check('lint', [tool('oxlint')]);
    await check('types', [tool('tsc'), '-b']);
    await check('build', [process.execPath, 'dev/build.ts']);
    reports.push(await runVitest({ name: 'tests in Node', project: 'node' }, env));
  })(),
  (async () => {
    reports.push(await runVitest({ name: 'tests in workerd', project: 'workers' }, env));
  })(),
]);

const failed = printSummary({ steps, reports, redis, seconds: (Date.now() - started) / 1000 });
process.exitCode = failed === 0 ? 0 : 1;

async function check(name: string, command: readonly [string, ...string[]]): Promise<void> {
  const result = await runStep(name, command, env);
  steps.push(result);
  printStep(result);
}

function chosenRedis(): string {
  try {
    const { values } = parseArgs({ options: { redis: { type: 'string' } } });
    return values.redis ?? process.env['TIERCEL_TEST_REDIS'] ?? 'embedded';
  } catch (error) {
    console.error(`npm test: ${error instanceof Error ? error.message : String(error)}`);
    return process.exit(1);
  }
}
