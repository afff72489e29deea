import { posix } from 'node:path';
import { importedFiles } from './doors.ts';
import type { Door } from './doors.ts';
import type { Manifest } from './manifest.ts';

const allowed = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/([a-z0-9-]+\/)*[a-z0-9-]+\.(js|js\.map|d\.ts)$/,
];

const required = ['package.json', 'README.md', 'LICENSE'];

/** Texts that a package must not hold, and what they are. Where they stand is said, never the text itself. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a token', /\b(?:npm_[A-Za-z0-9]{36}|gh[pousr]_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16})\b/],
  ['credentials of a registry', /_auth(?:Token)?\s*=/],
  ['a path of somebody’s machine', /(?<![\w.-])(?:\/(?:home|Users)\/|[A-Z]:\\+Users\\)[\w.-]/],
  ['a file URL', /\bfile:\/\/\//],
];

/**
 * What is wrong with what a package holds. `files` maps its paths to their texts; `folders` are the folders of this
 * machine that must not be named in it.
 */
export function contentProblems(
  files: ReadonlyMap<string, string>,
  doors: readonly Door[],
  manifest: Manifest,
  folders: readonly string[],
): string[] {
  const inner = importedFiles(manifest);
  // The home of a user without one is the root folder, which is in every URL.
  const named = folders
    .map((folder) => `${folder.replace(/\/$/, '')}/`)
    .filter((folder) => folder !== '/');
  const wanted = [...required, ...doors.flatMap(({ script, types }) => [script, types])];
  const problems = wanted
    .filter((file) => !files.has(file))
    .map((file) => `${file} is missing from the package`);
  for (const [file, text] of files) {
    if (!inner.includes(file) && !allowed.some((pattern) => pattern.test(file)))
      problems.push(`${file} does not belong into the package`);
    for (const [what, pattern] of forbidden)
      if (pattern.test(text)) problems.push(`${file} holds ${what}`);
    if (named.some((folder) => text.includes(folder)))
      problems.push(`${file} holds a path of this machine`);
    if (file.endsWith('.js.map')) problems.push(...sourceMapProblems(file, text, files));
  }
  return problems;
}

/** What is wrong with a source map: it has to bring its sources along, or name files of the package. */
function sourceMapProblems(
  file: string,
  text: string,
  files: ReadonlyMap<string, string>,
): string[] {
  const { sources, sourcesContent = [] } = JSON.parse(text) as {
    sources: readonly string[];
    sourcesContent?: readonly (string | null)[];
  };
  return sources
    .filter((source, index) => {
      const path = posix.join(posix.dirname(file), source);
      return typeof sourcesContent[index] !== 'string' && !files.has(path);
    })
    .map((source) => `${file} refers to ${source}, which is neither in it nor in the package`);
}
