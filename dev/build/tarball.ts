import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPackageFromTarballData } from '@arethetypeswrong/core';
import { npm } from './npm.ts';

/** A packed package. */
export interface Tarball {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The text of each file, by its path in the package, with `/`. */
  readonly files: ReadonlyMap<string, string>;
}

/** Packs the package at `root`, as `npm publish` would, into `folder`. */
export async function pack(root: string, folder: string): Promise<Tarball> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const printed = JSON.parse(await npm(args, root)) as
    | readonly { readonly filename: string }[]
    | Readonly<Record<string, { filename: string }>>;
  // npm 12 answers an object by package name, earlier ones a list.
  const [packed] = Object.values(printed);
  if (packed === undefined) throw new Error('npm pack named no file.');
  const path = join(folder, packed.filename);
  const bytes = new Uint8Array(readFileSync(path));
  return { path, bytes, files: unpack(bytes) };
}

function unpack(bytes: Uint8Array): Map<string, string> {
  const content = createPackageFromTarballData(bytes);
  const folder = `/node_modules/${content.packageName}/`;
  return new Map(
    content
      .listFiles()
      .filter((file) => file.startsWith(folder))
      .map((file) => [file.slice(folder.length), content.readFile(file)]),
  );
}
