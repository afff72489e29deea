import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const setup = fileURLToPath(new URL('../../dev/setup.mjs', import.meta.url));
const node = process.versions.node;

/** A project with one package and its own Node, and an `npm` on PATH that installs from `wanted/`. */
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tiercel-setup-'));
  mkdirSync(join(project, 'dev'));
  mkdirSync(join(project, 'bin'));
  cpSync(setup, join(project, 'dev', 'setup.mjs'));
  const packages = {
    'node_modules/left': { version: '1.2.3' },
    'node_modules/node': { version: node },
  };
  const other = { 'node_modules/for-another-system': { version: '1.0.0', optional: true } };
  write('package-lock.json', { packages: { '': {}, ...packages, ...other } });
  write('wanted/.package-lock.json', { packages });
  write('wanted/left/package.json', {});
  write('wanted/node/package.json', {});
  mkdirSync(join(project, 'wanted/.bin'));
  symlinkSync(process.execPath, join(project, 'wanted/.bin/node'));
  npm('rm -rf node_modules', 'cp -R wanted node_modules');
});
afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

function write(file: string, value: unknown): void {
  mkdirSync(join(project, file, '..'), { recursive: true });
  writeFileSync(join(project, file), JSON.stringify(value));
}

/** An npm that notes how it was called and then does this. */
function npm(...lines: string[]): void {
  const script = ['#!/bin/sh', 'echo "$@" >> called', 'env > environment', ...lines].join('\n');
  writeFileSync(join(project, 'bin/npm'), script, { mode: 0o755 });
}

/** What the npm on PATH was called with; undefined when it was not. */
const calls = () =>
  existsSync(join(project, 'called')) ? readFileSync(join(project, 'called'), 'utf8') : undefined;

function run(env: Record<string, string> = {}, ...nodeFlags: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...nodeFlags, join(project, 'dev/setup.mjs')],
    {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: { PATH: `${project}/bin${delimiter}/usr/bin${delimiter}/bin`, ...env },
    },
  );
  return { status, stdout, stderr };
}

function install(): void {
  cpSync(join(project, 'wanted'), join(project, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  });
}

const silent = { status: 0, stdout: '', stderr: '' };

describe('nothing to do', () => {
  test('a node_modules that somebody made by npm ci is accepted, without a word', () => {
    install();
    expect([run(), calls()]).toEqual([silent, undefined]);
  });

  test('costs little more than starting Node twice', () => {
    install();
    const best = (work: () => void) => {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        work();
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    const bare = best(() => spawnSync(process.execPath, ['-e', '0']));
    expect(best(run) - 2 * bare).toBeLessThan(100);
  });
});

describe('npm ci runs', () => {
  test.each<[string, string, () => void]>([
    ['without node_modules', 'no packages are installed', () => {}],
    [
      'when a version differs',
      'left is installed as 1.0.0 instead of 1.2.3',
      () => {
        install();
        write('node_modules/.package-lock.json', {
          packages: { 'node_modules/left': { version: '1.0.0' } },
        });
      },
    ],
    [
      'when a package was removed by hand',
      'left 1.2.3 is not installed',
      () => {
        install();
        rmSync(join(project, 'node_modules/left'), { recursive: true });
      },
    ],
    [
      'when the Node in it is for another system',
      'node_modules/.bin/node does not run',
      () => {
        install();
        rmSync(join(project, 'node_modules/.bin/node'));
        writeFileSync(join(project, 'node_modules/.bin/node'), 'not a program', { mode: 0o755 });
      },
    ],
  ])('%s', (_, reason, prepare) => {
    prepare();
    const { status, stdout, stderr } = run();
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(`Setting up: ${reason}. Running npm ci`);
    expect(stderr).toMatch(/Setting up: packages installed in \d+ s\.\n$/);
    expect(calls()).toMatch(/^ci --loglevel=error --no-audit --no-fund .*--include=dev/);
    expect(run()).toEqual(silent);
  });

  test('with the registry the caller set, but not with what the outer npm was told about itself', () => {
    run({
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_global: 'true',
      npm_config_prefix: '/elsewhere',
      npm_config_omit: 'dev',
      npm_lifecycle_event: 'prestart',
      PATH: [`${project}/node_modules/.bin`, `${project}/bin`, '/usr/bin', '/bin'].join(delimiter),
    });
    const seen = readFileSync(join(project, 'environment'), 'utf8');
    expect(seen).toContain('npm_config_registry=http://127.0.0.1:9/');
    expect(seen).not.toMatch(/npm_config_(?:global|prefix|omit)|npm_lifecycle_event|\.bin/);
  });

  test('as the very npm that called, when one did', () => {
    const caller = join(project, 'npm-cli.js');
    writeFileSync(
      caller,
      `require('node:fs').cpSync('wanted', 'node_modules', { recursive: true, verbatimSymlinks: true });`,
    );
    const { status } = run({ npm_execpath: caller, npm_node_execpath: process.execPath });
    expect([status, calls()]).toEqual([0, undefined]);
  });
});

describe('what goes wrong is said, with exit code 1', () => {
  test('npm fails: its own errors follow', () => {
    npm('echo "npm error code E404" >&2', 'echo "npm error Not found: left" >&2', 'exit 7');
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /\nnpm ci failed with exit code 7; the packages are not installed\.\n {2}npm error code E404\n {2}npm error Not found: left\n$/,
    );
  });

  test('install scripts were skipped: what to do', () => {
    npm('cp -R wanted node_modules', 'rm node_modules/.bin/node');
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /npm skips those when `ignore-scripts=true` is set .* Run: npm ci --ignore-scripts=false\n$/,
    );
  });

  test('there is no npm', () => {
    const { status, stderr } = run({ PATH: join(project, 'dev') });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /\nnpm was not found on PATH; it comes with Node \(https:\/\/nodejs\.org\)\.\n$/,
    );
  });

  test('Node is too old', () => {
    const pretend =
      'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "18.20.1" } })';
    expect(run({}, '--import', pretend)).toEqual({
      status: 1,
      stdout: '',
      stderr: 'Node 18.20.1 is too old: Node 20 or later is needed (https://nodejs.org).\n',
    });
  });
});
