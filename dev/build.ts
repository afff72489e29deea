/**
 * `npm run build`: the library in dist/ and the Worker's bundle in .dev/bundle/, both proved to work: the library is
 * packed, checked, installed in an empty project and run there in Node and in workerd. Ends with the sizes of both.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildFailure, refuse, run } from './build/command.ts';
import { Consumer, typeProjects } from './build/consumer.ts';
import { findDoors, unbuiltDoors } from './build/doors.ts';
import { compileLibrary } from './build/library.ts';
import { readManifest } from './build/manifest.ts';
import { packageProblems } from './build/package-checks.ts';
import { measure, measureDoor, table } from './build/size.ts';
import { pack } from './build/tarball.ts';
import { printStep } from './checks/step.ts';
import { root, stepEnvironment, tool } from './checks/vitest.ts';

process.chdir(root);
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'tiercel-build-')));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => process.exit(code));
}

try {
  await build();
} catch (error) {
  const sentence = error instanceof Error ? error.message : String(error);
  console.error(`npm run build: ${sentence.replace(/\.$/, '')}.`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  const env = stepEnvironment('embedded');
  const manifest = readManifest(root);
  const doors = findDoors(root);

  const bundle = join('.dev', 'bundle');
  await step('Worker', async () => {
    const args = ['deploy', '--dry-run', '--outdir', bundle];
    await run({ name: 'Wrangler', file: tool('wrangler'), args, cwd: root, env });
  });
  await step('library', async () => {
    refuse(
      'The doors',
      doors.length === 0 ? ['src/index.ts is missing'] : unbuiltDoors(root, doors, manifest),
    );
    return `${await compileLibrary(root, env)} modules in dist/`;
  });
  const tarball = await step('package', async () => {
    const packed = await pack(root, scratch);
    refuse('The package', await packageProblems(packed, doors, [root, homedir(), scratch]));
    return packed;
  });
  const consumer = await step('installed in an empty project', () =>
    Consumer.install(join(scratch, 'consumer'), { root, env, manifest, tarball }),
  );
  for (const project of typeProjects) {
    await step(`its types (${project})`, async () => {
      const foreign = await consumer.checkTypes(project, manifest.name);
      return foreign.length === 0
        ? ''
        : `other packages have ${foreign.length} errors of their own`;
    });
  }
  await step('it runs in Node', () => consumer.runInNode(manifest, doors));
  await step('it runs in workerd', () => consumer.runInWorkerd(compatibilityDate()));

  const sizes = doors.map(({ subpath }) =>
    measureDoor(subpath.replace('.', manifest.name), consumer.folder),
  );
  console.log('');
  console.log(
    table([
      ...(await Promise.all(sizes)).map((size) => ({ ...size, name: `${size.name}, minified` })),
      measure('Worker', readFileSync(join(bundle, 'worker.js'))),
    ]),
  );
}

/** Runs one step and prints how it went; a text that it answers is printed with it. */
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    const answer = await work();
    const detail = typeof answer === 'string' ? answer : '';
    printStep({ name, ok: true, seconds: seconds(), output: '' }, detail);
    return answer;
  } catch (error) {
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const output = error instanceof BuildFailure ? error.output : unexpected;
    printStep({ name, ok: false, seconds: seconds(), output });
    throw error;
  }
}

/** The date that is deployed, so that the consumer runs in the behaviour that users get. */
function compatibilityDate(): string {
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(
    readFileSync('wrangler.toml', 'utf8'),
  )?.[1];
  if (date === undefined) throw new BuildFailure('wrangler.toml has no compatibility_date');
  return date;
}
