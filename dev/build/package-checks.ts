import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import type { ResolutionKind } from '@arethetypeswrong/core';
import { filterProblems } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { contentProblems } from './contents.ts';
import { mapProblems } from './doors.ts';
import type { Door } from './doors.ts';
import { graphProblems } from './graph.ts';
import { parseManifest } from './manifest.ts';
import type { Tarball } from './tarball.ts';

/**
 * All that is wrong with a packed package, as sentences without a full stop. `folders` are the folders of this machine
 * that must not be named in it.
 */
export async function packageProblems(
  tarball: Tarball,
  doors: readonly Door[],
  folders: readonly string[],
): Promise<string[]> {
  const { files } = tarball;
  const manifest = parseManifest(files.get('package.json') ?? '{}');
  return [
    ...mapProblems(manifest, doors, new Set(files.keys())),
    ...contentProblems(files, doors, manifest, folders),
    ...graphProblems(files, doors, manifest),
    ...(await lintProblems(tarball)),
    ...(await typeProblems(tarball)),
  ];
}

/** What publint has to say about the package, suggestions included. */
async function lintProblems({ bytes }: Tarball): Promise<string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer },
    strict: true,
  });
  return messages
    .map((message) => formatMessage(message, pkg, { color: false }) ?? message.code)
    .map((sentence) => `publint: ${sentence}`);
}

/** The ways to resolve the package that it is made for. It is ESM only: `require` and its resolution get nothing. */
const resolutions: readonly ResolutionKind[] = ['node16-esm', 'bundler'];

/** What TypeScript would resolve otherwise than the runtime does. */
async function typeProblems({ bytes }: Tarball): Promise<string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(bytes));
  if (analysis.types === false) return ['attw: the package has no types'];
  return resolutions.flatMap((resolutionKind) =>
    filterProblems(analysis, { resolutionKind }).map((problem) => {
      const entry = 'entrypoint' in problem ? ` of ${problem.entrypoint}` : '';
      return `attw: ${problem.kind}${entry} (${resolutionKind})`;
    }),
  );
}
