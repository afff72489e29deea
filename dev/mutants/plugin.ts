import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Loader, Plugin } from 'esbuild';
import type { Edit, Mutant } from './mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Breaks a build as the mutant says. The build fails when the text of an edit is not found exactly once in its file, or
 * when the build holds none of the files: a mutant that changes nothing proves nothing.
 */
export function mutantPlugin(mutant: Mutant): Plugin {
  const files = new Set(mutant.edits.map(({ file }) => file));
  return {
    name: `mutant ${mutant.name}`,
    setup(build) {
      const changed = new Set<string>();
      build.onStart(() => changed.clear());
      build.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
        const file = relative(root, path).replaceAll(sep, '/');
        if (!files.has(file)) return undefined;
        changed.add(file);
        const source = await readFile(join(root, file), 'utf8');
        return {
          contents: mutated(source, file, mutant),
          loader: extname(path).slice(1) as Loader,
        };
      });
      build.onEnd(() =>
        changed.size > 0
          ? undefined
          : { errors: [{ text: `The mutant ${mutant.name} changes no file of this build.` }] },
      );
    },
  };
}

/** The text of a file with the mutant's edits. Throws when the text of one is not there exactly once. */
export function mutated(source: string, file: string, { name, edits }: Mutant): string {
  return edits
    .filter((edit) => edit.file === file)
    .reduce((text, edit) => replaced(text, edit, name), source);
}

function replaced(text: string, { file, find, replace }: Edit, name: string): string {
  const found = text.split(find).length - 1;
  if (found !== 1)
    throw new Error(
      `The mutant ${name} looks for a text in ${file} that is there ${found} times, not once: ${JSON.stringify(find)}.`,
    );
  return text.replace(find, () => replace);
}
