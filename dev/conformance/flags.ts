import { jsonFile, oneOf } from '../launcher/flag-values.ts';
import { FlagError } from '../launcher/flag-error.ts';
import { parseFlagValues } from '../launcher/parse-flags.ts';
import { THROUGH, type Through } from './result.ts';

/** What the command line asked for; every value is checked. */
export interface ConformanceFlags {
  readonly help: boolean;
  /** A checkout of the suite. Absent: nothing is run. */
  readonly suite: string | undefined;
  readonly through: Through;
  /** Where the result goes. */
  readonly json: string;
  /** Whether the result is kept with the docs, and the page written anew. */
  readonly write: boolean;
  /** A result to compare with. */
  readonly base: string | undefined;
  /** Commit of the suite, for a checkout that is no git repository. */
  readonly commit: string | undefined;
  /** Members of the tenant's entry; for `workerd` only. */
  readonly tenant: Readonly<Record<string, unknown>>;
}

const FOLDER = '.dev/conformance';

/** What `--help` prints. */
export const HELP = `Runs the public suite of tests for HTTP caches (https://github.com/http-tests/cache-tests) through the gateway.
Its server is the origin. Nothing of it is part of this project: get a checkout of your own.

  npm run conformance -- --suite DIR [flags]
  npm run conformance -- --write               writes docs/reference/conformance.md anew from the results kept

  --suite DIR      the checkout
  --through WHICH  start: the local stack of npm start, wrangler dev included (default)
                   workerd: the bundle in workerd, with no development server in front
  --json FILE      the result (default ${FOLDER}/WHICH.json)
  --base FILE      lists what is other than in this result
  --write          keeps the result in docs/reference/conformance/ and writes the page anew
  --tenant JSON    settings of the tenant, for instance '{"setCookie":"store"}'; with --through workerd
  --commit SHA     commit of the suite, where the checkout is no git repository
  --help           print this

Exit code 0: the suite ran to its end, whatever the tests said. 2: it did not; the line before says why.`;

const NAMES =
  '--suite DIR, --through start|workerd, --json FILE, --base FILE, --write, --tenant JSON, --commit SHA and --help';

/** Reads the command line (without `node` and the script). Throws FlagError at the first thing wrong. */
export function parseConformanceFlags(args: readonly string[]): ConformanceFlags {
  const given = parse(args);
  const through = oneOf('--through', given.through ?? 'start', THROUGH);
  const flags: ConformanceFlags = {
    help: given.help ?? false,
    suite: given.suite,
    through,
    json: jsonFile('--json', given.json ?? `${FOLDER}/${through}.json`),
    write: given.write ?? false,
    base: given.base === undefined ? undefined : jsonFile('--base', given.base),
    commit: commitOf(given.commit),
    tenant: tenantOf(given.tenant),
  };
  if (flags.help) return flags;
  if (given.tenant !== undefined && through !== 'workerd')
    throw new FlagError(
      '--tenant is for --through workerd: npm start takes its tenants from .dev.vars.',
    );
  // What the page says is of the settings that everybody begins with.
  if (given.tenant !== undefined && flags.write)
    throw new FlagError('--write keeps results of the default policy: leave --tenant out.');
  if (flags.suite === undefined && !flags.write)
    throw new FlagError(
      '--suite is missing: it names a checkout of https://github.com/http-tests/cache-tests.',
    );
  return flags;
}

function parse(args: readonly string[]) {
  return parseFlagValues(
    args,
    {
      help: { type: 'boolean', short: 'h' },
      suite: { type: 'string' },
      through: { type: 'string' },
      json: { type: 'string' },
      base: { type: 'string' },
      write: { type: 'boolean' },
      tenant: { type: 'string' },
      commit: { type: 'string' },
    },
    NAMES,
    'npm run conformance -- --suite DIR',
  );
}

function commitOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{7,40}$/.test(text)) return text;
  throw new FlagError(`--commit is "${text}": 7 to 40 hexadecimal digits are allowed.`);
}

const OWN_MEMBERS = ['id', 'hosts', 'origin'];

function tenantOf(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FlagError(
      `--tenant is "${text}": a JSON object is allowed, for instance {"setCookie":"store"}.`,
    );
  const own = OWN_MEMBERS.find((name) => Object.hasOwn(value, name));
  if (own === undefined) return { ...value };
  throw new FlagError(`--tenant has "${own}": ${OWN_MEMBERS.join(', ')} are set by the run.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
