import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildK6, findGo } from './build.ts';
import { K6Unavailable, k6Version } from './version.ts';

export interface K6 {
  /** What to run: `k6` for the one on PATH, else the absolute path of the one that was built. */
  readonly command: string;
  /** For instance `1.8.1`. */
  readonly version: string;
  readonly from: 'PATH' | 'build';
}

export interface FindK6Options {
  /** Where the built k6 is kept: the project's ignored folder. */
  readonly binFolder: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress?: (line: string) => void;
  /** Ends a build that is under way. */
  readonly signal?: AbortSignal;
}

const run = promisify(execFile);

/** The k6 on PATH, whichever its version; else the pinned version that was built earlier; else undefined. */
export async function existingK6(
  binFolder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<K6 | undefined> {
  const onPath = await versionOf('k6', env);
  if (onPath !== undefined) return { command: 'k6', version: onPath, from: 'PATH' };

  const command = join(binFolder, 'k6');
  const version = await versionOf(command, env);
  return version === k6Version ? { command, version, from: 'build' } : undefined;
}

/**
 * Finds k6, and builds the pinned version with Go when there is none.
 *
 * @throws K6Unavailable when there is neither k6 nor a Go that can build it
 */
export async function findK6(options: FindK6Options): Promise<K6> {
  const { binFolder, env = process.env, onProgress = () => {}, signal } = options;
  const existing = await existingK6(binFolder, env);
  if (existing !== undefined) return existing;

  const go = await findGo(env);
  if (go === undefined) {
    throw new K6Unavailable(
      'Neither k6 nor Go is on this machine: install k6 from https://grafana.com/docs/k6/latest/set-up/install-k6/, or Go from https://go.dev/dl/ to have k6 built here.',
    );
  }
  const file = join(binFolder, 'k6');
  await buildK6({ file, go, env, onProgress, signal });
  const built = await existingK6(binFolder, env);
  if (built === undefined) {
    throw new K6Unavailable(`The k6 that was built does not run as v${k6Version}: ${file}.`);
  }
  return built;
}

/** The version that `k6 version` prints, or undefined when it does not run. */
async function versionOf(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, ['version'], { env, timeout: 30_000 });
    return /^k6(?:\.exe)? v(\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
