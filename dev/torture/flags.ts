import { FAULT_KINDS, type FaultKind } from './fault-plan.ts';
import { jsonFile, whole } from '../launcher/flag-values.ts';
import { FlagError } from '../launcher/flag-error.ts';
import { parseFlagValues } from '../launcher/parse-flags.ts';

/** What the command line asked for; every value is checked. */
export interface TortureFlags {
  readonly help: boolean;
  /** How long operations are begun, in seconds. Default 60. */
  readonly seconds: number;
  /** Processes of workerd. Default 4. */
  readonly processes: number;
  /** Decides the plan of operations, episodes and faults. Default 1. */
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  /** Where the report goes; the page goes beside it. */
  readonly json: string;
  readonly coherenceMs: number;
  /** Name of a broken build; undefined: the build as it is. */
  readonly mutant: string | undefined;
  readonly redis: 'auto' | 'embedded';
}

/** Where the report goes when nobody says so; its folder is made. */
export const DEFAULT_JSON = '.dev/torture/report.json';

const DEFAULTS = {
  seconds: '60',
  processes: '4',
  seed: '1',
  faults: 'all',
  json: DEFAULT_JSON,
  'coherence-ms': '1000',
  redis: 'auto',
} as const;

/** What `--help` prints. */
export function help(mutants: readonly string[]): string {
  return `Starts several workerd processes on one Redis and one origin, writes and purges at random while it reads
everywhere, breaks things, and looks for reads that a purge should have ended.

  npm run torture -- [flags]

  --seconds N       how long, 5 to 86400 (default ${DEFAULTS.seconds})
  --processes N     workerd processes, 2 to 16 (default ${DEFAULTS.processes})
  --seed N          plan of operations, episodes and faults, 0 to 4294967295 (default ${DEFAULTS.seed})
  --faults WHICH    all (default), none, or a list: ${FAULT_KINDS.join(',')}
  --coherence-ms N  the bound, 100 to 60000 (default ${DEFAULTS['coherence-ms']})
  --json FILE       the report (default ${DEFAULTS.json}); the page goes beside it, as .html
  --redis WHICH     auto: redis-server or valkey-server on PATH, else embedded (default)
                    embedded: Valkey as WebAssembly
  --mutant NAME     a broken build, which has to be found out: ${mutants.join(', ')}
  --help            print this

Exit code 0: no violation; with --mutant: it was found out. 1: a violation; with --mutant: it was not found out.
2: the flags cannot be followed, or the run could not be made.`;
}

const NAMES =
  '--seconds N, --processes N, --seed N, --faults LIST, --coherence-ms N, --json FILE, --redis auto|embedded, --mutant NAME and --help';

/** Reads the command line (without `node` and the script). Throws {@link FlagError} at the first thing wrong. */
export function parseTortureFlags(
  args: readonly string[],
  mutants: readonly string[],
): TortureFlags {
  const given = { ...DEFAULTS, ...parse(args) };
  return {
    help: given.help ?? false,
    seconds: whole('--seconds', given.seconds, 5, 86_400),
    processes: whole('--processes', given.processes, 2, 16),
    seed: whole('--seed', given.seed, 0, 4_294_967_295),
    faults: faultsOf(given.faults),
    json: jsonFile('--json', given.json),
    coherenceMs: whole('--coherence-ms', given['coherence-ms'], 100, 60_000),
    mutant: mutantOf(given.mutant, mutants),
    redis: redisOf(given.redis),
  };
}

function parse(args: readonly string[]) {
  return parseFlagValues(
    args,
    {
      help: { type: 'boolean', short: 'h' },
      seconds: { type: 'string' },
      processes: { type: 'string' },
      seed: { type: 'string' },
      faults: { type: 'string' },
      json: { type: 'string' },
      'coherence-ms': { type: 'string' },
      mutant: { type: 'string' },
      redis: { type: 'string' },
    },
    NAMES,
    'npm run torture -- --seconds 60',
  );
}

function faultsOf(text: string): readonly FaultKind[] {
  if (text === 'all') return FAULT_KINDS;
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !FAULT_KINDS.some((kind) => kind === name));
  if (unknown !== undefined)
    throw new FlagError(
      `--faults names "${unknown}": all, none, or a list of ${FAULT_KINDS.join(', ')} is allowed.`,
    );
  return FAULT_KINDS.filter((kind) => names.includes(kind));
}

function mutantOf(name: string | undefined, mutants: readonly string[]): string | undefined {
  if (name === undefined || mutants.includes(name)) return name;
  throw new FlagError(`--mutant is "${name}": one of ${mutants.join(', ')} is allowed.`);
}

function redisOf(text: string): 'auto' | 'embedded' {
  if (text === 'auto' || text === 'embedded') return text;
  // What runs elsewhere may be somebody's: this run flushes it.
  throw new FlagError(
    `--redis is "${text.includes('@') ? 'a URL' : text}": auto or embedded is allowed, because the run empties its Redis.`,
  );
}
