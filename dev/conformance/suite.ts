import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { memberOf } from '../launcher/user-settings.ts';
import { ConformanceFailed } from './failure.ts';

/** A checkout of the suite. */
export interface Suite {
  readonly folder: string;
  readonly commit: string;
  readonly version: string;
  /** Version of the package that the interim tests import, `none` where it is missing. */
  readonly undici: string;
}

/** The files that a run needs; all of them are the suite's own. */
export const SUITE_FILES = {
  server: 'test-engine/server/server.mjs',
  runner: 'test-engine/client/runner.mjs',
  results: 'test-engine/lib/results.mjs',
  tests: 'tests/index.mjs',
} as const;

/**
 * Looks at the checkout. Throws {@link ConformanceFailed} when it is none.
 * @param commit what to take for its commit where git knows none
 */
export function openSuite(folder: string, commit: string | undefined): Suite {
  const missing = Object.values(SUITE_FILES).find((file) => !existsSync(join(folder, file)));
  if (missing !== undefined)
    throw new ConformanceFailed(
      `${folder} is no checkout of http-tests/cache-tests (${missing} is missing): git clone https://github.com/http-tests/cache-tests, and name its folder with --suite.`,
    );
  return {
    folder: resolve(folder),
    commit: commitOf(folder) ?? commit ?? 'unknown',
    version: versionIn(join(folder, 'package.json')) ?? 'unknown',
    undici: versionIn(join(folder, 'node_modules/undici/package.json')) ?? 'none',
  };
}

/** What is worth knowing before the run, for people. */
export function remarks({ folder, commit, undici }: Suite): string[] {
  return [
    ...(undici === 'none'
      ? [
          `The suite's tests of interim responses need undici, and will fail without it: (cd ${folder} && npm install --no-save --ignore-scripts undici@7)`,
        ]
      : []),
    ...(commit === 'unknown'
      ? ['The checkout is no git repository: say which commit it is with --commit SHA.']
      : []),
  ];
}

function commitOf(folder: string): string | undefined {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', ['-C', folder, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    // It may be a plain folder inside of another repository, whose commit says nothing.
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync(folder))
      return undefined;
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', 'HEAD')}${changed ? '-changed' : ''}`;
  } catch {
    return undefined;
  }
}

function versionIn(file: string): string | undefined {
  try {
    const version = memberOf(JSON.parse(readFileSync(file, 'utf8')), 'version');
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
