import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { existingK6 } from '../../dev/k6/find.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'k6-load-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `dev/load.ts` with a k6 on PATH that writes its arguments to a file and ends as told. */
async function load(args: string[], k6ExitCode = 0) {
  const k6 = join(folder, 'k6');
  writeFileSync(
    k6,
    `#!/bin/sh
     if [ "$1" = version ]; then echo "k6 v1.8.1 (test)"; exit 0; fi
     echo "$@" > "${folder}/arguments"; exit ${k6ExitCode}`,
  );
  chmodSync(k6, 0o755);
  const ended = await run(process.execPath, [`${project}dev/load.ts`, ...args], {
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
  }).catch((error: { code: number; stdout: string; stderr: string }) => error);
  return { code: 'code' in ended ? ended.code : 0, stdout: ended.stdout, stderr: ended.stderr };
}

describe('dev/load.ts', () => {
  it('runs the scenario against the target with what it was told', async () => {
    const { code } = await load(['smoke', '--target', 'http://localhost:1', '--vus', '2']);
    expect(code).toBe(0);
    const args = readFileSync(join(folder, 'arguments'), 'utf8');
    expect(args).toContain('--env TARGET=http://localhost:1 --env VUS=2 ');
    expect(args).toContain('--no-usage-report');
    expect(args.trim()).toMatch(/k6\/smoke\.js$/);
  });

  it('ends with the exit code of k6', async () => {
    expect((await load(['smoke', '--target', 'http://localhost:1'], 99)).code).toBe(99);
  });

  it('says a mistake in one sentence and ends with 1', async () => {
    expect(await load(['nothing'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^load: There is no load scenario "nothing"; these exist: .*smoke.*\.\n$/,
      ) as string,
    });
  });

  it('lists the scenarios at --help', async () => {
    const { code, stdout } = await load(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nScenarios: .*smoke/);
  });
});

describe('k6/smoke.js', async () => {
  // Only a k6 that is there already: building one takes minutes, and `npm run load` does that.
  const k6 = await existingK6(`${project}.dev/bin`);

  it('is a script that k6 takes, with its thresholds', async (context) => {
    context.skip(k6 === undefined, 'no k6 here; `npm run load -- smoke` gets one');
    const { stdout } = await run(k6?.command ?? 'k6', [
      'inspect',
      '--env',
      'TARGET=http://localhost:1',
      `${project}k6/smoke.js`,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      thresholds: {
        http_req_failed: ['rate==0'],
        checks: ['rate==1'],
        hits: ['count>0'],
        hit_duration: ['p(95)<50'],
      },
    });
  });
});
