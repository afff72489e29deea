import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { door, findDoors, unbuiltDoors } from '../../dev/build/doors.ts';
import { importsOf, withScriptImports } from '../../dev/build/graph.ts';
import { npmEnvironment } from '../../dev/build/npm.ts';
import { packageProblems } from '../../dev/build/package-checks.ts';
import { measure, table } from '../../dev/build/size.ts';
import { pack } from '../../dev/build/tarball.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'tiercel-build-test-')));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Writes files into a new folder; undefined leaves one out. */
function folderOf(files: Readonly<Record<string, string | undefined>>): string {
  const folder = mkdtempSync(join(scratch, 'tree-'));
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const manifest = {
  name: 'fixture',
  version: '1.0.0',
  type: 'module',
  license: 'MIT',
  files: ['dist'],
  sideEffects: false,
  types: './dist/index.d.ts',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  dependencies: { 'lru-cache': '11.5.3' },
};

const sound: Readonly<Record<string, string | undefined>> = {
  'README.md': '# A fixture',
  LICENSE: 'MIT',
  'dist/index.js': "import 'lru-cache';\nexport { a } from './room/part.js';\n",
  'dist/index.js.map': '{"sources":["../src/index.ts"],"sourcesContent":[""]}',
  'dist/index.d.ts': "export { a } from './room/part.js';\n",
  'dist/room/part.js': 'export const a = 1;\n',
  'dist/room/part.d.ts': 'export declare const a = 1;\n',
};

/** What is wrong with a package of these files, packed by npm. */
async function problemsOf(
  own: object,
  files: Readonly<Record<string, string | undefined>>,
  doors: readonly string[] = ['index'],
): Promise<string[]> {
  const text = JSON.stringify({ ...manifest, ...own });
  const folder = folderOf({ ...sound, ...files, 'package.json': text });
  const tarball = await pack(folder, scratch);
  return packageProblems(
    tarball,
    doors.map((name) => door(name)),
    ['/srv/checkout'],
  );
}

describe('a package', () => {
  test('that is as it should be has no problems', async () => {
    expect(await problemsOf({}, {})).toEqual([]);
  });

  test('whose exports map says more than was built, or less, is refused both ways', async () => {
    const exports = { ...manifest.exports, './view': { default: './dist/view.js' } };
    const hono = 'export const b = 2;\n';
    const problems = await problemsOf(
      { exports },
      { 'dist/hono.js': hono, 'dist/hono.d.ts': 'export declare const b = 2;\n' },
      ['index', 'hono'],
    );
    expect(problems).toEqual(
      expect.arrayContaining([
        'exports["./view"].default is ./dist/view.js, which is declared but not in the package',
        'exports["./view"] is declared, but no door of src/',
        'dist/hono.js is built as a door, but exports["./hono"] is not declared',
      ]),
    );
  });

  test('whose map leads astray is refused', async () => {
    const problems = await problemsOf(
      {
        type: 'commonjs',
        main: './dist/main.js',
        exports: { '.': { default: './dist/index.js', types: './dist/index.d.ts' } },
        imports: { '#platform': { workerd: './dist/workerd.js', default: 'lru-cache' } },
        repository: 'not a repository',
      },
      {},
    );
    expect(problems).toEqual(
      expect.arrayContaining([
        'type is not "module", but what is built is ESM',
        'main is ./dist/main.js and not ./dist/index.js',
        'exports["."] is not {"types":"./dist/index.d.ts","default":"./dist/index.js"}',
        'imports["#platform"].workerd is ./dist/workerd.js, which is declared but not in the package',
        expect.stringMatching(/^publint: .*repository/),
      ]),
    );
  });

  test('with files that do not belong into it is refused', async () => {
    const token = `npm_${'a1'.repeat(18)}`;
    const problems = await problemsOf(
      { files: ['dist', 'src', '.env'] },
      {
        LICENSE: undefined,
        '.env': `TOKEN=${token}`,
        'src/index.ts': '',
        'dist/index.test.js': '',
        'dist/stale.js': '// made in /srv/checkout/src',
        'dist/index.js.map': '{"sources":["../src/gone.ts"]}',
        'dist/room/part.js':
          'export const a = "/home/ada/project"; export const b = "/users/home/1";\n',
      },
    );
    expect(problems.toSorted()).toEqual(
      [
        'LICENSE is missing from the package',
        '.env does not belong into the package',
        '.env holds a token',
        'dist/index.js.map refers to ../src/gone.ts, which is neither in it nor in the package',
        'dist/index.test.js does not belong into the package',
        'dist/room/part.js holds a path of somebody’s machine',
        'dist/stale.js holds a path of this machine',
        'src/index.ts does not belong into the package',
        'dist/index.test.js is in the package, but no door leads to it',
        'dist/stale.js is in the package, but no door leads to it',
      ].toSorted(),
    );
    expect(problems.join()).not.toContain(token);
  });

  test('whose modules import what users do not have is refused', async () => {
    const problems = await problemsOf(
      {},
      {
        'dist/index.js':
          "import 'zod/mini';\nimport 'node:fs';\nimport { b } from '#platform';\nexport { b };\n",
        'dist/index.d.ts': "export { a } from './room/part.ts';\nexport * from './gone.js';\n",
      },
    );
    expect(problems).toEqual(
      expect.arrayContaining([
        'dist/index.js imports zod/mini, which is no dependency of the package',
        'dist/index.js imports node:fs, which a Worker has only with a compatibility flag',
        'dist/index.js imports #platform, which package.json does not map',
        'dist/index.d.ts imports ./room/part.ts, which does not end in .js',
        'dist/gone.d.ts is imported but not in the package',
        'dist/room/part.js is in the package, but no door leads to it',
        expect.stringMatching(/^attw: InternalResolutionError/),
      ]),
    );
  });
});

test('a door that is not built, and something built that is no door, are named', () => {
  const folder = folderOf({
    'src/index.ts': '',
    'src/hono.ts': '',
    'src/worker.ts': '',
    'src/app.ts': '',
    'tsconfig.build.json': '{"files":["src/index.ts","src/worker.ts","src/platform.ts"]}',
  });
  const doors = findDoors(folder);
  expect(doors.map(({ subpath }) => subpath)).toEqual(['.', './hono']);
  const imports = { '#platform': './dist/platform.js' };
  expect(unbuiltDoors(folder, doors, { name: 'a', version: '1.0.0', imports })).toEqual([
    'src/hono.ts is a door, but tsconfig.build.json does not list it',
    'tsconfig.build.json lists src/worker.ts, which is no door of src/',
  ]);
});

test('relative imports of declarations get the extension of scripts, and nothing else changes', () => {
  const text = [
    "import type { A } from '../a.ts';",
    "export * from './b.ts';",
    "export type C = import('./c.ts').C | import('d.ts').D;",
    "export declare const from: './e.ts';",
  ];
  expect(withScriptImports(text.join('\n')).split('\n')).toEqual([
    "import type { A } from '../a.js';",
    "export * from './b.js';",
    "export type C = import('./c.js').C | import('d.ts').D;",
    "export declare const from: './e.ts';",
  ]);
});

test('imports in comments are none', () => {
  const code = "/** import { a } from 'a'; */\n// import 'b';\nimport 'c';\nawait import('d');\n";
  expect(importsOf(code)).toEqual(['c', 'd']);
});

test('a nested npm hears of the registry, and nothing of the npm that runs the build', () => {
  const env = {
    PATH: '/bin',
    npm_config_registry: 'https://registry.example/',
    NPM_CONFIG_USERCONFIG: '.npmrc',
    npm_config_dry_run: 'true',
    npm_config_local_prefix: '/project',
    npm_package_json: '/project/package.json',
  };
  expect(Object.keys(npmEnvironment(env))).toEqual([
    'PATH',
    'npm_config_registry',
    'NPM_CONFIG_USERCONFIG',
  ]);
});

test('sizes stand in columns', () => {
  const text = new TextEncoder().encode('a'.repeat(12_345));
  const { gzipped } = measure('Worker', text);
  expect(gzipped).toBeLessThan(100);
  expect(table([measure('Worker', text), { name: 'a', bytes: 1, gzipped: 21 }])).toBe(
    ['         bytes  gzipped', `Worker  12,345       ${gzipped}`, 'a            1       21'].join(
      '\n',
    ),
  );
});

test('a build that fails ends with exit code 1 and one sentence', () => {
  const folder = folderOf({ 'package.json': readFileSync(join(root, 'package.json'), 'utf8') });
  cpSync(join(root, 'dev'), join(folder, 'dev'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['dev/build.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, 'npm run build: Wrangler failed with exit code 1.\n']);
});
