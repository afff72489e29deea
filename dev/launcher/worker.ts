import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Unhealthy, waitUntilHealthy } from './health.ts';
import { startOwnedProcess } from './owned-process.ts';
import type { Part } from './supervisor.ts';

export interface WorkerOptions {
  /** The checkout. */
  readonly root: string;
  /** Wrangler's configuration file. */
  readonly configFile: string;
  /** On 127.0.0.1; must be free. */
  readonly port: number;
  /** A host name that a tenant has. */
  readonly host: string;
  /** Later ones override earlier ones. */
  readonly envFiles: readonly string[];
  /** Where the Cache API keeps its entries; a new folder is a data centre that has seen nothing yet. */
  readonly stateFolder: string;
  /** `log` shows each request and what the Worker logs; `warn` only warnings and errors, and is faster. */
  readonly logLevel: 'log' | 'warn';
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface WorkerPart extends Part {
  /** `http://HOST:PORT` */
  readonly url: string;
}

const startMs = 60_000;
/** Once it has printed an error, how long it may still take to come up. */
const afterErrorMs = 3000;
/** The launcher's own questions, among the requests that wrangler lists. */
const isHealthRequest = /^GET \/_tiercel\/healthz 200 /;
const restartMs = 10_000;

/** Wrangler's program in the checkout. Throws where it is not installed. */
export function findWrangler(root: string): string {
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  if (existsSync(wrangler)) return wrangler;
  throw new Error('Wrangler is not installed (node_modules/wrangler is missing): run npm ci.');
}

/**
 * Starts the Worker in `wrangler dev` and waits until its health route answers 200. Throws with what it said
 * when it does not come up.
 */
export async function startWorker(options: WorkerOptions): Promise<WorkerPart> {
  const wrangler = findWrangler(options.root);
  const health = `http://127.0.0.1:${options.port}/_tiercel/healthz`;
  const host = `${options.host}:${options.port}`;
  const crashed = Promise.withResolvers<string>();
  const giveUp = new AbortController();
  const errors: string[] = [];
  let ready = false;
  const child = startOwnedProcess({
    script: wrangler,
    args: wranglerArguments(options),
    cwd: options.root,
    env: wranglerEnvironment(options),
    onLine(raw) {
      const line = raw.replace(/^\[wrangler:info\] /, '');
      if (/Workers runtime crashed/.test(line)) void expectRestart();
      if (ready) {
        if (!isHealthRequest.test(line)) options.onLine(line);
      } else if (errors.length > 0 || line.includes('[ERROR]')) {
        if (errors.length === 0) setTimeout(() => giveUp.abort(), afterErrorMs).unref();
        errors.push(line);
      }
    },
  });

  /** Wrangler restarts a crashed runtime, but not always successfully. */
  async function expectRestart(): Promise<void> {
    try {
      await waitUntilHealthy(health, host, AbortSignal.timeout(restartMs));
    } catch (error) {
      const reason = (error as Error).message;
      crashed.resolve(`the Workers runtime crashed and did not come back (${reason}).`);
    }
  }

  const died = Promise.race([child.died, crashed.promise]);
  const deadline = AbortSignal.timeout(startMs);
  const signal = AbortSignal.any([options.signal, giveUp.signal, deadline]);
  const deathBeforeReady = child.died.then((reason): never => {
    throw new Error(`The Worker did not start: ${reason}`);
  });
  try {
    await Promise.race([waitUntilHealthy(health, host, signal), deathBeforeReady]);
  } catch (error) {
    await child.stop();
    if (!(error instanceof Unhealthy) || options.signal.aborted) throw error;
    const said = errors.map((line) => `\n    ${line}`).join('');
    throw new Error(`The Worker does not serve: ${error.message}${said}`, { cause: error });
  }
  ready = true;
  return { ...child, died, url: `http://${host}` };
}

function wranglerArguments(options: WorkerOptions): string[] {
  return [
    'dev',
    `--config=${options.configFile}`,
    '--ip=127.0.0.1',
    `--port=${options.port}`,
    '--inspector-port=0',
    '--local',
    '--test-scheduled',
    '--show-interactive-dev-session=false',
    ...options.envFiles.map((file) => `--env-file=${file}`),
    `--persist-to=${options.stateFolder}`,
    `--log-level=${options.logLevel}`,
  ];
}

/** Nothing is sent, fetched, or kept outside the checkout, and the caller's shell changes nothing. */
function wranglerEnvironment(options: WorkerOptions): Record<string, string | undefined> {
  return {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_SEND_ERROR_REPORTS: 'false',
    // The banner is also what checks for updates.
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    WRANGLER_REGISTRY_PATH: join(options.stateFolder, 'registry'),
    WRANGLER_LOG: undefined,
    // Collects a trace of every request.
    X_LOCAL_OBSERVABILITY: 'false',
    X_LOCAL_EXPLORER: 'false',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    CLOUDFLARE_ENV: undefined,
    CLOUDFLARE_INCLUDE_PROCESS_ENV: 'false',
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: 'true',
  };
}
