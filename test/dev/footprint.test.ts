import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { content, digestOf } from '../../dev/footprint/content.ts';
import { HELP, parseFootprintFlags } from '../../dev/footprint/flags.ts';
import { type Measured, measureFootprint } from '../../dev/footprint/measure.ts';
import { faults, table } from '../../dev/footprint/verdict.ts';

const MB = 1e6;

/** So large that a build which holds the body, or leaves each of its pieces to the garbage collector, is far over the bound. */
const BODY = 200 * MB;
const BOUND = 64 * MB;

test.for([
  ['length', 'fast'],
  ['chunked', 'fast'],
  ['chunked', 'slow'],
] as const)(
  'a body far over the size that is stored comes as it was made, and takes no memory: %s, a %s reader [trap:oversized]',
  { timeout: 60_000 },
  async ([form, reader], { annotate }) => {
    const [one] = await measureFootprint({
      bytes: BODY,
      slowSeconds: 2,
      forms: [form],
      readers: [reader],
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    if (one === undefined) throw new Error('Nothing was measured.');
    await annotate(table([one]));
    expect(one).toMatchObject({ status: 200, same: true });
    expect(one.above).toBeLessThan(BOUND);
    // What a slow reader has not taken stands in the pipes between the processes, and is not made in advance.
    if (reader === 'slow') expect(one.made - one.received).toBeLessThan(BOUND);
    else expect([one.received, one.made]).toEqual([BODY, BODY]);
  },
);

test('the content is the same in every process, and no two blocks of it are', () => {
  const blocks = [...content(200_000)];
  expect(blocks.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 3392]);
  expect(new Set(blocks.map((block) => block.toString('latin1', 0, 3392))).size).toBe(4);
  const sha256 = createHash('sha256').update(Buffer.concat(blocks)).digest('hex');
  expect(digestOf(200_000)).toBe(sha256);
  expect(digestOf(199_999)).not.toBe(sha256);
});

const good: Measured = {
  form: 'length',
  reader: 'fast',
  status: 200,
  cacheStatus: undefined,
  idle: 90 * MB,
  peak: 100 * MB,
  above: 10 * MB,
  exact: true,
  samples: 9,
  firstByteMs: 3,
  received: 1000,
  made: 1000,
  same: true,
  seconds: 1,
};

test('what is over a limit, or came other than it was made, is told of', () => {
  const limits = { limitMb: 64, firstByteMs: 50 };
  expect(faults([good], limits)).toEqual([]);
  expect(
    faults(
      [
        { ...good, above: 64.1 * MB },
        { ...good, firstByteMs: 50.1 },
        { ...good, firstByteMs: undefined, received: 0, same: false },
      ],
      limits,
    ),
  ).toEqual([
    'length, fast reader: 64.1 MB above idle, 64 MB are allowed.',
    "length, fast reader: the first byte came 50.1 ms after the origin's, 50 ms are allowed.",
    'length, fast reader: not a byte came.',
    'length, fast reader: 0 bytes came (status 200), which are not what the origin made.',
  ]);
  expect(table([good]).split('\n')[1]).toMatch(/^length +fast +90\.0 +100\.0 +10\.0 +3\.0 /);
});

describe('the flags of a footprint run', () => {
  test('have defaults', () => {
    expect(parseFootprintFlags([])).toEqual({
      help: false,
      mb: 1000,
      slowSeconds: 10,
      limitMb: 64,
      firstByteMs: 50,
      json: undefined,
    });
    for (const flag of ['--mb', '--slow-seconds', '--limit-mb', '--first-byte-ms', '--json'])
      expect(HELP).toContain(flag);
  });

  test.each([
    [['--megabytes', '1'], /^Unknown flag --megabytes: the flags are --mb N, .* and --help\.$/],
    [['1000'], /^Unexpected argument "1000": .*npm run footprint -- --mb 1000/],
    [['--mb', '0'], '--mb is "0": a whole number from 1 to 100000 is allowed.'],
    [['--limit-mb', '1.5'], /^--limit-mb is "1\.5"/],
    [['--first-byte-ms', 'soon'], /^--first-byte-ms is "soon"/],
    [['--slow-seconds', '601'], /^--slow-seconds is "601"/],
    [['--json', 'x'], /^--json is "x": a file whose name ends in \.json/],
  ])('%j is refused in one sentence', (args, message) => {
    expect(() => parseFootprintFlags(args)).toThrow(message);
  });
});
