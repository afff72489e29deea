import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { listSources } from '../../dev/checks/sources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures/lint', import.meta.url));
// Outside the tree: the project's own lint run must not see files that are wrong on purpose.
const folder = mkdtempSync(join(tmpdir(), 'tiercel-lint-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(tool: string, ...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', tool), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, output: `${stdout}${stderr}` };
}

test('the linter reports a floating promise and the other mistakes it is there for', () => {
  copyFileSync(join(fixtures, 'broken.ts'), join(folder, 'broken.ts'));
  const { status, output } = run('oxlint', '-c', '.oxlintrc.json', '-f', 'unix', folder);
  expect(status).toBe(1);
  const found = output.matchAll(/broken\.ts:(\d+):\d+: .*\[Error\/(.+?)\]/g);
  expect([...found].map(([, line, rule]) => `${line} ${rule}`).toSorted()).toEqual([
    '15 typescript(no-explicit-any)',
    '16 typescript(no-unsafe-member-access)',
    '16 typescript(no-unsafe-return)',
    '20 eslint(eqeqeq)',
    '23 typescript(consistent-type-imports)',
    '6 typescript(no-floating-promises)',
    '9 typescript(no-misused-promises)',
  ]);
});

test('the formatter reports a file that is not in the project’s style', () => {
  copyFileSync(join(fixtures, 'unformatted.ts'), join(folder, 'unformatted.ts'));
  const { status, output } = run(
    'oxfmt',
    '-c',
    '.oxfmtrc.json',
    '--check',
    join(folder, 'unformatted.ts'),
  );
  expect(status).toBe(1);
  expect(output).toContain('unformatted.ts');
});

test('linter and type checker look at every source file', () => {
  const sources = ['src', 'dev', 'test'].flatMap((part) => listSources(root, part));
  const paths = sources.map((file) => file.path).filter((path) => !path.includes('/fixtures/'));
  expect(paths.length).toBeGreaterThan(0);

  const linted = new Set(run('oxlint', '--debug=files').output.split('\n').map(relative));
  expect(paths.filter((path) => !linted.has(path) && !path.endsWith('.d.ts'))).toEqual([]);

  const typed = ['src', 'dev', 'test'].map(
    (part) => run('tsc', '-p', part, '--listFilesOnly').output,
  );
  const checked = new Set(typed.join('\n').split('\n').map(relative));
  expect(paths.filter((path) => !checked.has(path))).toEqual([]);
});

test('a rule that is switched off on the spot says why', () => {
  const sources = ['src', 'dev', 'test'].flatMap((part) => listSources(root, part));
  const silent = sources.flatMap(({ path }) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .filter((line) => /\/[/*]\s*(oxlint|eslint)-disable/.test(line) && !/ -- \S+ \S+/.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(silent).toEqual([]);
});

function relative(line: string): string {
  const path = line.trim().replaceAll('\\', '/');
  const base = root.replaceAll('\\', '/');
  return path.startsWith(base) ? path.slice(base.length) : path.replace(/^\.\//, '');
}
