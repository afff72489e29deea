import { jsonFile, oneOf, whole } from '../launcher/flag-values.ts';
import { parseFlagValues } from '../launcher/parse-flags.ts';

/** What the command line asked for; every value is checked. */
export interface FuzzFlags {
  readonly help: boolean;
  readonly requests: number;
  /** Decides every request. */
  readonly seed: number;
  readonly sockets: number;
  /** A Worker that does next to nothing takes the gateway's place, and only its memory is measured. */
  readonly bare: boolean;
  readonly heapMb: number;
  readonly residentMb: number;
  readonly redis: 'auto' | 'embedded';
  /** Where the figures go, besides the terminal. */
  readonly json: string | undefined;
  /** Folder for the cases that failed. */
  readonly keep: string;
  /** A case to send again, in place of a run. */
  readonly replay: string | undefined;
}

const DEFAULTS = {
  requests: '5000',
  seed: '1',
  sockets: '12',
  'heap-mb': '64',
  'resident-mb': '256',
  redis: 'auto',
  keep: '.dev/fuzz',
} as const;

/** What `--help` prints. */
export const HELP = `Sends hostile requests to the gateway in workerd, for several tenants with hostile origins, and checks every answer.

  npm run fuzz -- [flags]
  npm run fuzz -- --replay FILE   sends a case again that has failed

  --requests N     how many attacks, 1 to 10000000 (default ${DEFAULTS.requests})
  --seed N         decides every one of them, 0 to 4294967295 (default ${DEFAULTS.seed})
  --sockets N      how many at a time, 1 to 64 (default ${DEFAULTS.sockets})
  --heap-mb N      what the isolate may hold after a collection, 1 to 100000 (default ${DEFAULTS['heap-mb']})
  --resident-mb N  what the process may hold above idle after a collection, 1 to 100000 (default ${DEFAULTS['resident-mb']})
  --bare           measures the memory of a Worker that does next to nothing, in place of the gateway's
  --redis WHICH    auto: redis-server or valkey-server on PATH, else embedded (default)
                   embedded: Valkey as WebAssembly
  --keep DIR       where cases that fail are written (default ${DEFAULTS.keep})
  --json FILE      the figures as JSON
  --help           print this

Exit code 0: no violation. 1: violations. 2: the flags cannot be followed, or the run could not be made.`;

const NAMES =
  '--requests N, --seed N, --sockets N, --heap-mb N, --resident-mb N, --bare, --redis auto|embedded, --keep DIR, --json FILE, --replay FILE and --help';

/** Reads the command line (without `node` and the script). Throws FlagError at the first thing wrong. */
export function parseFuzzFlags(args: readonly string[]): FuzzFlags {
  const given = { ...DEFAULTS, ...parse(args) };
  return {
    help: given.help ?? false,
    requests: whole('--requests', given.requests, 1, 10_000_000),
    seed: whole('--seed', given.seed, 0, 4_294_967_295),
    sockets: whole('--sockets', given.sockets, 1, 64),
    heapMb: whole('--heap-mb', given['heap-mb'], 1, 100_000),
    residentMb: whole('--resident-mb', given['resident-mb'], 1, 100_000),
    bare: given.bare ?? false,
    redis: oneOf('--redis', given.redis, ['auto', 'embedded']),
    json: given.json === undefined ? undefined : jsonFile('--json', given.json),
    keep: given.keep,
    replay: given.replay === undefined ? undefined : jsonFile('--replay', given.replay),
  };
}

function parse(args: readonly string[]) {
  return parseFlagValues(
    args,
    {
      help: { type: 'boolean', short: 'h' },
      requests: { type: 'string' },
      seed: { type: 'string' },
      sockets: { type: 'string' },
      'heap-mb': { type: 'string' },
      'resident-mb': { type: 'string' },
      bare: { type: 'boolean' },
      redis: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'string' },
      replay: { type: 'string' },
    },
    NAMES,
    'npm run fuzz -- --requests 5000',
  );
}
