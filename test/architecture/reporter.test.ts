import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { TestReport } from '../../dev/checks/reporter.ts';
import { tool } from '../../dev/checks/vitest.ts';

const fixtures = fileURLToPath(new URL('fixtures/report', import.meta.url));
const reporter = fileURLToPath(new URL('../../dev/checks/reporter.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tiercel-report-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the counts of npm test miss nothing: silent skips, broken set-ups, unloadable files, unhandled errors', () => {
  const file = join(folder, 'report.json');
  const { status } = spawnSync(
    tool('vitest'),
    [
      'run',
      '--root',
      fixtures,
      '--config',
      join(fixtures, 'vitest.config.ts'),
      `--reporter=${reporter}`,
    ],
    { encoding: 'utf8', env: { ...process.env, TIERCEL_TEST_REPORT: file } },
  );
  expect(status).toBe(1);
  const report = JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  const silent = 'no reason given: counted as failed';
  expect(report.passed).toBe(2);
  // fails, skips silently, is not written, the broken suite and its test, the unloadable file, the unhandled error
  expect(report.failed).toBe(7);
  expect(report.skipped).toEqual([
    { name: 'skips with a reason', reason: 'no browser here' },
    { name: 'skips silently', reason: silent },
    { name: 'is not written', reason: silent },
    { name: 'a suite whose set-up breaks > never runs', reason: silent },
  ]);
});
