import { FlagError } from './flag-error.ts';
import { parseFlagValues } from './parse-flags.ts';

/** What the command line asked for; every value is checked. */
export interface Flags {
  readonly help: boolean;
  /** The Worker's port; 0 picks a free one. Default 8787. */
  readonly port: number;
  /** `auto`, `embedded`, or a redis:// or rediss:// URL. Default `auto`. */
  readonly redis: string;
  /** The origin to put the gateway in front of; absent: the GeoNames demo. */
  readonly origin?: string;
}

export const DEFAULT_PORT = 8787;

export const HELP = `Starts Tiercel's local stack: Redis, its HTTP endpoint, a demo origin and the Worker.

  npm start -- [flags]

  --origin URL   put the gateway in front of this origin, for instance http://127.0.0.1:8000,
                 instead of the GeoNames demo
  --port N       port of the Worker on 127.0.0.1 (default ${DEFAULT_PORT}; 0 picks a free one)
  --redis WHICH  auto: REDIS_URL, else redis-server or valkey-server on PATH, else embedded (default)
                 embedded: Valkey as WebAssembly, nothing to install
                 redis://... or rediss://...: a server that runs already
  --help         print this

Ctrl-C ends everything it started.`;

const NAMES = '--origin URL, --port N, --redis auto|embedded|URL and --help';

/** Reads the command line (without `node` and the script). Throws FlagError at the first thing wrong. */
export function parseFlags(args: readonly string[]): Flags {
  const values = parse(args);
  const flags = {
    help: values.help ?? false,
    port: parsePort(values.port ?? String(DEFAULT_PORT)),
    redis: parseRedis(values.redis ?? 'auto'),
  };
  return values.origin === undefined
    ? flags
    : { ...flags, origin: parseOrigin(values.origin, flags.port) };
}

function parse(args: readonly string[]) {
  return parseFlagValues(
    args,
    {
      help: { type: 'boolean', short: 'h' },
      origin: { type: 'string' },
      port: { type: 'string' },
      redis: { type: 'string' },
    },
    NAMES,
    'npm start -- --port 0',
  );
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new FlagError(`--port is "${text}": a whole number from 0 to 65535 is allowed.`);
}

function parseRedis(text: string): string {
  if (text === 'auto' || text === 'embedded') return text;
  const url = URL.parse(text);
  if (url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return text;
  // A URL may hold a password, which does not belong on a screen.
  const shown = text.includes('@') ? 'is no such URL' : `is "${text}"`;
  throw new FlagError(
    `--redis ${shown}: auto, embedded, or a URL like redis://127.0.0.1:6379 is allowed.`,
  );
}

function parseOrigin(text: string, port: number): string {
  const url = URL.parse(text);
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '' &&
    url.pathname === '/';
  if (!plain) {
    throw new FlagError(
      `--origin is "${text}": a URL of scheme, host and port is allowed, for instance http://127.0.0.1:8000.`,
    );
  }
  const loopback = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(
    url.hostname,
  );
  if (loopback && port !== 0 && Number(url.port || 80) === port) {
    throw new FlagError(
      `--origin is "${text}", which is the Worker's own port ${port}: give it another one with --port.`,
    );
  }
  return url.origin;
}
