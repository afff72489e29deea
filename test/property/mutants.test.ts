import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mutants } from '../../dev/mutants/mutants.ts';
import { mutated, mutantPlugin } from '../../dev/mutants/plugin.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SEED = 1;
/** Each is found out in a fifth of them, and less. */
const MOST_RUNS = 4000;

/** What the bundle of ./search.ts has. */
interface Searching {
  readonly search: (options: {
    readonly seed: number;
    readonly runs: number;
    readonly shrinks: boolean;
  }) => Promise<{ readonly runs: number; readonly violation: string | undefined }>;
}

let folder: string;
/** In how many runs each mutant was found out. */
const foundIn = new Map<string, number>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutants-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function searching(name: string, plugins: readonly Plugin[]): Promise<Searching> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(root, 'test/property/search.ts')],
    bundle: true,
    outfile,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [...plugins],
  });
  return (await import(pathToFileURL(outfile).href)) as Searching;
}

describe('a build that is broken on purpose is found out', () => {
  test.each(mutants)(
    '$name',
    async (mutant) => {
      const { search } = await searching(mutant.name, [mutantPlugin(mutant)]);
      const { runs, violation } = await search({ seed: SEED, runs: MOST_RUNS, shrinks: false });
      expect(violation, `${mutant.name} was not found out in ${runs} runs`).toBeDefined();
      foundIn.set(mutant.name, runs);
    },
    120_000,
  );

  test('and the build that is not broken holds in as many runs of the same seed', async () => {
    expect([...foundIn.keys()]).toEqual(mutants.map(({ name }) => name));
    const { search } = await searching('whole', []);
    const runs = Math.max(...foundIn.values());
    expect(await search({ seed: SEED, runs, shrinks: false })).toMatchObject({
      runs,
      violation: undefined,
    });
  }, 120_000);
});

describe('an edit that does not fit fails loudly', () => {
  const edit = { file: 'src/a.ts', find: 'one', replace: 'two' };
  const mutant = { name: 'broken', breaks: 'Nothing.', edits: [edit] };

  test('a text that is missing, or there twice', () => {
    expect(mutated('one;', 'src/a.ts', mutant)).toBe('two;');
    expect(() =>
      mutated('none of it', 'src/a.ts', { ...mutant, edits: [{ ...edit, find: 'ones' }] }),
    ).toThrow(
      'The mutant broken looks for a text in src/a.ts that is there 0 times, not once: "ones".',
    );
    expect(() => mutated('one, one', 'src/a.ts', mutant)).toThrow('there 2 times');
  });

  test('a file that is in no build', async () => {
    await expect(searching('missing', [mutantPlugin(mutant)])).rejects.toThrow(
      'The mutant broken changes no file of this build.',
    );
  });
});
