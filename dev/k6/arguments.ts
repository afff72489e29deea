import { parseArgs } from 'node:util';

export interface LoadArguments {
  readonly scenario: string;
  /** As k6 takes it, for instance `30s`. Absent: the script's own. */
  readonly duration?: string;
  readonly vus?: number;
  /** Without a trailing slash. Absent: start the local stack. */
  readonly target?: string;
}

/** A mistake on the command line; the message is one sentence for people. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

/** @throws BadArguments */
export function parseLoadArguments(
  args: readonly string[],
  scenarios: readonly string[],
): LoadArguments | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';

  const [scenario, extra] = positionals;
  const known = `these exist: ${scenarios.join(', ')}`;
  if (scenario === undefined) throw new BadArguments(`Name a load scenario; ${known}.`);
  if (!scenarios.includes(scenario)) {
    throw new BadArguments(`There is no load scenario "${scenario}"; ${known}.`);
  }
  if (extra !== undefined) {
    throw new BadArguments(`One scenario at a time: "${extra}" is one too many.`);
  }
  const { duration, vus, target, 'allow-remote': allowRemote = false } = values;
  if (duration !== undefined && !/^[1-9]\d*(ms|s|m|h)$/.test(duration)) {
    throw new BadArguments(
      `--duration must be a number and a unit, such as 30s or 5m, not "${duration}".`,
    );
  }
  if (vus !== undefined && !/^[1-9]\d{0,3}$/.test(vus)) {
    throw new BadArguments(`--vus must be an integer from 1 to 9999, not "${vus}".`);
  }
  return {
    scenario,
    ...(duration !== undefined && { duration }),
    ...(vus !== undefined && { vus: Number(vus) }),
    ...(target !== undefined && { target: checkTarget(target, allowRemote) }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        duration: { type: 'string' },
        vus: { type: 'string' },
        target: { type: 'string' },
        'allow-remote': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\. /);
    throw new BadArguments(`${sentence}; --help shows what there is.`, { cause: error });
  }
}

/** Load on somebody else's machine is an attack unless it was agreed on, so it has to be asked for. */
function checkTarget(text: string, allowRemote: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new BadArguments(
      `--target must be an http or https address such as http://localhost:8787, not "${text}".`,
    );
  }
  if (!isLoopback(url.hostname) && !allowRemote) {
    throw new BadArguments(
      `--target ${url.hostname} is not this machine: add --allow-remote if it is yours to load.`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(hostname);
}
