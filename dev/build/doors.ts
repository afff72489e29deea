import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { topFiles } from '../checks/rooms.ts';
import { leaves } from './manifest.ts';
import type { Manifest } from './manifest.ts';

/** A door of the library: a file at the top of src/ whose exports are what users may import. */
export interface Door {
  /** `.` for index, `./hono` for hono. */
  readonly subpath: string;
  readonly source: string;
  readonly script: string;
  readonly types: string;
}

/** Files at the top of src/ that belong to the deployed Worker. */
const deployed: readonly string[] = ['worker', 'app'] satisfies (typeof topFiles)[number][];

/** The library's doors that exist in the tree at `root`. */
export function findDoors(root: string): Door[] {
  return topFiles
    .filter((name) => !deployed.includes(name) && existsSync(join(root, 'src', `${name}.ts`)))
    .map((name) => door(name));
}

/** The door that is built from src/`name`.ts. */
export function door(name: string): Door {
  return {
    subpath: name === 'index' ? '.' : `./${name}`,
    source: `src/${name}.ts`,
    script: `dist/${name}.js`,
    types: `dist/${name}.d.ts`,
  };
}

/** How the list of files in tsconfig.build.json differs from the doors and from what `imports` leads to in dist/. */
export function unbuiltDoors(root: string, doors: readonly Door[], manifest: Manifest): string[] {
  const text = readFileSync(join(root, 'tsconfig.build.json'), 'utf8');
  const { files } = JSON.parse(text) as { files: readonly string[] };
  const sources = doors.map(({ source }) => source);
  const inner = importedFiles(manifest).map((file) =>
    file.replace(/^dist\/(.*?)(\.d\.ts|\.js)$/, 'src/$1.ts'),
  );
  return [
    ...sources
      .filter((source) => !files.includes(source))
      .map((source) => `${source} is a door, but tsconfig.build.json does not list it`),
    ...files
      .filter((file) => !sources.includes(file) && !inner.includes(file))
      .map((file) => `tsconfig.build.json lists ${file}, which is no door of src/`),
  ];
}

/** The files of the package that its `imports` lead to. An entry may name another package instead. */
export function importedFiles(manifest: Manifest): string[] {
  return Object.values(manifest.imports ?? {})
    .flatMap((target) => [...leaves(target)])
    .filter(({ file }) => file.startsWith('./'))
    .map(({ file }) => file.slice(2));
}

/**
 * What is wrong between `exports` and `imports` of a package.json and what was built, in both directions: declared
 * without a file behind it, and built as a door without a declaration. `files` are the package's, with `/`.
 */
export function mapProblems(
  manifest: Manifest,
  doors: readonly Door[],
  files: ReadonlySet<string>,
): string[] {
  const exported = manifest.exports ?? {};
  const problems: string[] = [];
  for (const [kind, map] of Object.entries({ exports: exported, imports: manifest.imports ?? {} }))
    for (const [name, target] of Object.entries(map))
      for (const { conditions, file } of leaves(target)) {
        const place = [`${kind}["${name}"]`, ...conditions].join('.');
        if (kind === 'exports' && !file.startsWith('./'))
          problems.push(`${place} is ${file}, which does not begin with ./`);
        // An entry of `imports` may name another package.
        else if (file.startsWith('./') && !files.has(file.slice(2)))
          problems.push(`${place} is ${file}, which is declared but not in the package`);
      }

  for (const { subpath, script, types } of doors) {
    const wanted = { types: `./${types}`, default: `./${script}` };
    if (!(subpath in exported))
      problems.push(`${script} is built as a door, but exports["${subpath}"] is not declared`);
    // The order counts: whoever reads the map takes the first condition that fits.
    else if (JSON.stringify(exported[subpath]) !== JSON.stringify(wanted))
      problems.push(`exports["${subpath}"] is not ${JSON.stringify(wanted)}`);
  }
  const known = new Set(['./package.json', ...doors.map(({ subpath }) => subpath)]);
  for (const subpath of Object.keys(exported))
    if (!known.has(subpath))
      problems.push(`exports["${subpath}"] is declared, but no door of src/`);

  const [index] = doors.filter(({ subpath }) => subpath === '.');
  for (const [field, built] of [
    ['main', index?.script],
    ['types', index?.types],
  ] as const) {
    const value = manifest[field];
    if (value !== undefined && value !== `./${built}`)
      problems.push(`${field} is ${value} and not ./${built}`);
  }
  if (manifest.type !== 'module') problems.push('type is not "module", but what is built is ESM');
  return problems;
}
