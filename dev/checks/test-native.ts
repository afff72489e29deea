/** `npm run test:native`: the contract suites against a redis-server or valkey-server process of the machine. */
import { findNativeRedis } from './machine.ts';
import { root, runVitest, stepEnvironment } from './vitest.ts';

process.chdir(root);
const native = findNativeRedis();
if (native === undefined) {
  console.error('npm run test:native: neither redis-server nor valkey-server is on PATH.');
  console.log('0 passed, 1 failed');
  process.exit(1);
}

const { REDIS_URL: _, ...env } = stepEnvironment('auto');
const name = 'contract suites on a native Redis';
const report = await runVitest({ name, project: 'workers', files: ['test/contract/'] }, env);

// A green run on another engine would prove nothing about this one.
const onNative = /\b(redis|valkey)-server\b/.test(report.redis ?? '');
if (!onNative) console.log(`The suites ran on ${report.redis ?? 'no Redis'} and not on ${native}.`);
const failed = report.failed + (onNative ? 0 : 1);
console.log(`Redis  ${report.redis ?? 'none was started'}`);
for (const skip of report.skipped) console.log(`Skipped  ${skip.name}: ${skip.reason}`);
console.log(`${report.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
