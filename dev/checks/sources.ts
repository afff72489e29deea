import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A source file: its path from the tree's root, with `/`, and its number of lines. */
export interface SourceFile {
  readonly path: string;
  readonly lines: number;
}

/** The .ts files in `part` of the tree at `root`, by the file system alone. */
export function listSources(root: string, part = 'src'): SourceFile[] {
  return readdirSync(join(root, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: relative(root, file).replaceAll('\\', '/'),
      lines: readFileSync(file, 'utf8').split('\n').length - 1,
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
