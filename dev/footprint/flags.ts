import { jsonFile, whole } from '../launcher/flag-values.ts';
import { parseFlagValues } from '../launcher/parse-flags.ts';
import type { Limits } from './verdict.ts';

/** What the command line asked for; every value is checked. */
export interface FootprintFlags extends Limits {
  readonly help: boolean;
  /** Of the body, in MB of a million bytes. */
  readonly mb: number;
  readonly slowSeconds: number;
  /** Where the figures go, besides the terminal. */
  readonly json: string | undefined;
}

const DEFAULTS = {
  mb: '1000',
  'limit-mb': '64',
  'first-byte-ms': '50',
  'slow-seconds': '10',
} as const;

/** What `--help` prints. */
export const HELP = `Sends large bodies through the gateway in workerd, and measures what memory that takes and when the first byte comes.

  npm run footprint -- [flags]

  --mb N             size of a body in MB, 1 to 100000 (default ${DEFAULTS.mb})
  --slow-seconds N   how long the slow reader reads 1 MB/s, 1 to 600 (default ${DEFAULTS['slow-seconds']})
  --limit-mb N       memory of the process above idle that is allowed, 1 to 100000 (default ${DEFAULTS['limit-mb']})
  --first-byte-ms N  time from the origin's first byte to the client's that is allowed, 1 to 60000 (default ${DEFAULTS['first-byte-ms']})
  --json FILE        the figures as JSON as well
  --help             print this

Exit code 0: within the limits, and every byte as the origin made it. 1: not so. 2: nothing could be measured; the line
before says why.`;

const NAMES = '--mb N, --slow-seconds N, --limit-mb N, --first-byte-ms N, --json FILE and --help';

/** Reads the command line (without `node` and the script). Throws FlagError at the first thing wrong. */
export function parseFootprintFlags(args: readonly string[]): FootprintFlags {
  const given = { ...DEFAULTS, ...parse(args) };
  return {
    help: given.help ?? false,
    mb: whole('--mb', given.mb, 1, 100_000),
    slowSeconds: whole('--slow-seconds', given['slow-seconds'], 1, 600),
    limitMb: whole('--limit-mb', given['limit-mb'], 1, 100_000),
    firstByteMs: whole('--first-byte-ms', given['first-byte-ms'], 1, 60_000),
    json: given.json === undefined ? undefined : jsonFile('--json', given.json),
  };
}

function parse(args: readonly string[]) {
  return parseFlagValues(
    args,
    {
      help: { type: 'boolean', short: 'h' },
      mb: { type: 'string' },
      'slow-seconds': { type: 'string' },
      'limit-mb': { type: 'string' },
      'first-byte-ms': { type: 'string' },
      json: { type: 'string' },
    },
    NAMES,
    'npm run footprint -- --mb 1000',
  );
}
