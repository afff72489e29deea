import { posix } from 'node:path';
import { importedFiles } from './doors.ts';
import type { Door } from './doors.ts';
import type { Manifest } from './manifest.ts';

/** `import`, `export from`, `import()` and `import type()`, as the TypeScript compiler prints them. */
const specifiers = /(?<=\b(?:from|import)\s*\(?\s*)(['"])([^'"\n]+)\1/g;

/** What a module that the compiler printed imports. Comments are not code. */
export function importsOf(text: string): string[] {
  // From the beginning of a line only: a string may hold `/*`.
  const code = text.replaceAll(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '');
  return [...code.matchAll(specifiers)].map(([, , specifier]) => specifier ?? '');
}

/**
 * The compiler leaves `.ts` in the relative imports of declarations, and a declaration that is not next to its source
 * is then a matter of luck: the same text with `.js`, as in the scripts.
 */
export function withScriptImports(declarations: string): string {
  return declarations.replaceAll(specifiers, (whole, quote: string, specifier: string) =>
    /^\.\.?\/.*\.ts$/.test(specifier) ? `${quote}${specifier.slice(0, -3)}.js${quote}` : whole,
  );
}

/**
 * What is wrong with the imports of the built modules: relative ones that lead to nothing, packages that users
 * would not get, modules of Node, and modules that no door leads to. `files` maps the package's paths to their texts.
 */
export function graphProblems(
  files: ReadonlyMap<string, string>,
  doors: readonly Door[],
  manifest: Manifest,
): string[] {
  const installed = { ...manifest.dependencies, ...manifest.peerDependencies };
  const problems: string[] = [];
  const reached = new Set<string>();
  const entries = [...doors.map(({ script }) => script), ...importedFiles(manifest)];
  // What `imports` leads to outside of dist/ is written by hand, and is looked at as contents only.
  const waiting = entries.filter((file) => file.startsWith('dist/')).map(moduleOf);
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    if (reached.has(module)) continue;
    reached.add(module);
    for (const file of [`${module}.js`, `${module}.d.ts`]) {
      const text = files.get(file);
      if (text === undefined) {
        problems.push(`${file} is imported but not in the package`);
        continue;
      }
      for (const specifier of importsOf(text)) {
        if (!specifier.startsWith('.')) {
          const problem = foreign(specifier, installed, manifest);
          if (problem !== undefined) problems.push(`${file} imports ${specifier}, ${problem}`);
        } else if (!specifier.endsWith('.js')) {
          problems.push(`${file} imports ${specifier}, which does not end in .js`);
        } else {
          waiting.push(posix.join(posix.dirname(file), specifier.slice(0, -3)));
        }
      }
    }
  }
  for (const file of files.keys()) {
    if (file.startsWith('dist/') && !reached.has(moduleOf(file)))
      problems.push(`${file} is in the package, but no door leads to it`);
  }
  return [...new Set(problems)];
}

/** A built module has a script, a source map and declarations. */
function moduleOf(file: string): string {
  return file.replace(/(\.js|\.js\.map|\.d\.ts)$/, '');
}

/** Why a module may not import that package, if it may not. */
function foreign(
  specifier: string,
  installed: Readonly<Record<string, string>>,
  manifest: Manifest,
): string | undefined {
  if (specifier.startsWith('cloudflare:')) return undefined;
  if (specifier.startsWith('#'))
    return specifier in (manifest.imports ?? {}) ? undefined : 'which package.json does not map';
  if (specifier.startsWith('node:')) return 'which a Worker has only with a compatibility flag';
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return name in installed ? undefined : 'which is no dependency of the package';
}
