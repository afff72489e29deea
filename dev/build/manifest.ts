import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `exports` and `imports` map a name to: a file, or conditions and what each of them leads to. */
export type MapTarget = string | null | { readonly [condition: string]: MapTarget };

/** The part of a package.json that the build reads. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type?: string;
  readonly main?: string;
  readonly types?: string;
  readonly exports?: Readonly<Record<string, MapTarget>>;
  readonly imports?: Readonly<Record<string, MapTarget>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The package.json of the folder. */
export function readManifest(folder: string): Manifest {
  return parseManifest(readFileSync(join(folder, 'package.json'), 'utf8'));
}

export function parseManifest(text: string): Manifest {
  return JSON.parse(text) as Manifest;
}

/** Every file that a map leads to, with the conditions on the way to it. */
export function* leaves(
  target: MapTarget,
  conditions: readonly string[] = [],
): Generator<{ readonly conditions: readonly string[]; readonly file: string }> {
  if (typeof target === 'string') yield { conditions, file: target };
  else if (target !== null) {
    for (const [condition, next] of Object.entries(target)) {
      yield* leaves(next, [...conditions, condition]);
    }
  }
}
