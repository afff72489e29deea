import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { help, parseTortureFlags } from '../../dev/torture/flags.ts';
import { prepareOutput } from '../../dev/torture/output.ts';

const mutants = ['floor-ignored', 'epoch-ignored'];
const parse = (...args: string[]) => parseTortureFlags(args, mutants);

describe('the flags of a torture run', () => {
  test('have defaults', () => {
    expect(parse()).toEqual({
      help: false,
      seconds: 60,
      processes: 4,
      seed: 1,
      faults: ['kill', 'pause', 'flush', 'drop-ledger', 'delay', 'cut'],
      json: '.dev/torture/report.json',
      coherenceMs: 1000,
      mutant: undefined,
      redis: 'auto',
    });
  });

  test('say what they are given', () => {
    const line =
      '--seconds 600 --processes 2 --seed 7 --faults cut,kill --json a/b.json --coherence-ms 250 --mutant floor-ignored --redis embedded';
    const flags = parse(...line.split(' '));
    expect(flags).toMatchObject({ seconds: 600, processes: 2, seed: 7, coherenceMs: 250 });
    expect(flags).toMatchObject({ json: 'a/b.json', mutant: 'floor-ignored', redis: 'embedded' });
    expect(flags.faults).toEqual(['kill', 'cut']);
    expect(parse('--faults', 'none').faults).toEqual([]);
    expect(parse('--help').help).toBe(true);
  });

  test.each([
    [['--second', '9'], /^Unknown flag --second: the flags are --seconds N, .* and --help\.$/],
    [['60'], /^Unexpected argument "60": .*npm run torture -- --seconds 60/],
    [['--seconds'], /^--seconds needs a value/],
    [['--seconds', 'ten'], '--seconds is "ten": a whole number from 5 to 86400 is allowed.'],
    [['--seconds', '1.5'], '--seconds is "1.5": a whole number from 5 to 86400 is allowed.'],
    [['--processes', '1'], '--processes is "1": a whole number from 2 to 16 is allowed.'],
    [['--seed', '-1'], /^--seed/],
    [['--coherence-ms', '5'], /^--coherence-ms is "5": a whole number from 100 to 60000/],
    [
      ['--faults', 'kill,fire'],
      '--faults names "fire": all, none, or a list of kill, pause, flush, drop-ledger, delay, cut is allowed.',
    ],
    [['--faults', ''], /^--faults names "": all, none/],
    [
      ['--mutant', 'nobody'],
      '--mutant is "nobody": one of floor-ignored, epoch-ignored is allowed.',
    ],
    [['--json', 'report.txt'], /^--json is "report\.txt": a file whose name ends in \.json/],
    [['--redis', 'redis://u:secret@h'], /^--redis is "a URL": auto or embedded is allowed/],
    [['--help=1'], '--help takes no value.'],
  ])('%j is refused in one sentence', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
    expect(() => parse(...args)).not.toThrow(/secret/);
  });

  test('are all in the help, with the faults and the mutants', () => {
    const text = help(mutants);
    for (const word of ['--seconds', '--seed', '--coherence-ms', 'drop-ledger', 'epoch-ignored'])
      expect(text).toContain(word);
  });
});

describe('the files of a report', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tiercel-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are the JSON and the page beside it', () => {
    const json = join(folder, 'run.json');
    expect(prepareOutput(json)).toEqual({ json, page: join(folder, 'run.html') });
    expect(existsSync(json)).toBe(true);
  });

  test('that cannot be written are refused before the run', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const json of [join(file, 'run.json'), join(folder, 'none', 'run.json')])
      expect(() => prepareOutput(json)).toThrow(
        /^--json is ".*run\.json", but .* cannot be written: /,
      );
  });
});
