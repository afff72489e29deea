import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startEndpoint } from '../endpoint/server.ts';
import { startRedis } from '../redis/redis.ts';
import {
  type DevelopmentCredential,
  developmentCredential,
  developmentEventSecret,
} from './credential.ts';
import { type EventsAddress, startOriginProcess } from './origin.ts';
import { claimPort } from './port.ts';
import { createRunFolder, removeRunFolder, writeEnvFile, readIfPresent } from './run-folder.ts';
import { type Ending, Interrupted, Supervisor } from './supervisor.ts';
import { readUserSettings } from './user-settings.ts';
import { ADMIN_HOST, runVariables } from './variables.ts';
import { findWrangler, startWorker } from './worker.ts';

export interface StackOptions {
  /** Port of the Worker on 127.0.0.1; 0 (the default) picks a free one. */
  readonly port?: number;
  /** `auto` (default), `embedded`, or a redis:// or rediss:// URL. */
  readonly redis?: string;
  /** Default: the GeoNames demo, which is then started too. */
  readonly origin?: string;
  /** The checkout. Default: the one this file belongs to. */
  readonly root?: string;
  /** Wrangler's configuration. Default: the checkout's wrangler.toml. */
  readonly configFile?: string;
  /** Default `warn`; `log` shows each request, which costs time. */
  readonly logLevel?: 'log' | 'warn';
  /** What is being done, by part. Default: not told. */
  readonly onProgress?: (part: string, line: string) => void;
  /** What a part prints once it runs. Default: dropped. */
  readonly onLine?: (part: string, line: string) => void;
}

/** The addresses of a stack that runs. */
export interface RunningStack {
  /** The Worker, `http://localhost:PORT`; where `.dev.vars` has tenants of its own, by a host of the launched one. */
  readonly url: string;
  readonly adminHost: string;
  /** Which Redis it is, for people. */
  readonly redis: string;
  readonly endpoint: { readonly url: string; readonly token: string };
  readonly origin: string;
  /** Whether the origin is the GeoNames demo. */
  readonly demo: boolean;
  readonly credential: DevelopmentCredential;
}

/** The local stack as one thing to start and stop, for `npm start` and for tools that need one. */
export interface Stack {
  /** Starts the parts in order. Throws with the reason, or Interrupted; call stop() then as well. */
  start(): Promise<RunningStack>;
  /** Resolves when a part dies or end() is called. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Cuts starting short and resolves `ended`. */
  end(ending: Ending): void;
  /** Ends all parts, last first, and removes what the run left on disk. May be repeated. */
  stop(): Promise<void>;
  /** Ends at once what can be ended at once. */
  kill(): void;
}

/**
 * What an event of the demo origin purges: the city's own page, and every list and search, because a city that changes its
 * name may come into any search. Pages of other cities carry neither tag.
 */
const demoRules = [{ on: 'city.updated', tags: ['city:{id}', 'cities'] }];
const demoWarm = ['/cities/1', '/cities/2', '/cities?country=AD&limit=20'];
const checkout = fileURLToPath(new URL('../..', import.meta.url));

export function createStack(options: StackOptions = {}): Stack {
  const root = options.root ?? checkout;
  const supervisor = new Supervisor();
  let folder: string | undefined;
  const progress = (part: string, line: string) => options.onProgress?.(part, line);
  const lines = (part: string) => (line: string) => options.onLine?.(part, line);

  async function start(): Promise<RunningStack> {
    // What can be known to be missing is, before anything is started.
    findWrangler(root);
    const userFile = join(root, '.dev.vars');
    const userText = readIfPresent(userFile);
    const user = readUserSettings(userText ?? '');
    const port = await claimPort(options.port ?? 0);
    const credential = developmentCredential(join(root, '.dev', 'credentials.json'));
    const secret = developmentEventSecret(join(root, '.dev', 'event-secret.json'));
    folder = createRunFolder(root);

    const redis = await supervisor.start('Redis', () => startRedis(options.redis ?? 'auto'));
    progress('Redis', redis.description);

    const token = randomBytes(24).toString('base64url');
    const endpoint = await supervisor.start('endpoint', () =>
      startEndpoint({ redis: redis.connection, token }),
    );
    progress('endpoint', endpoint.url);

    const events = {
      url: `http://127.0.0.1:${port}/_tiercel/v1/events`,
      host: `${user.tenant.host}:${port}`,
      secret,
    };
    const origin = options.origin ?? (await startDemoOrigin(events));
    progress('origin', origin);

    progress('Worker', 'building and starting');
    const demo = options.origin === undefined;
    const warm = demo ? demoWarm : ['/'];
    const own = join(folder, 'vars');
    const { variables, notes } = runVariables(
      { port, endpoint, origin, warm, credential, secret, ...(demo && { rules: demoRules }) },
      user,
    );
    for (const note of notes) progress('Worker', note);
    writeEnvFile(own, variables);
    const stateFolder = join(folder, 'state');
    const worker = await supervisor.start('Worker', (signal) =>
      startWorker({
        root,
        configFile: options.configFile ?? join(root, 'wrangler.toml'),
        port,
        host: user.tenant.host,
        // The user's is read, and never written.
        envFiles: [...(userText === undefined ? [] : [userFile]), own],
        stateFolder,
        logLevel: options.logLevel ?? 'warn',
        onLine: lines('Worker'),
        signal,
      }),
    );
    progress('Worker', worker.url);
    const { url } = worker;
    const adminHost = user.adminHost ?? ADMIN_HOST;
    return { url, adminHost, redis: redis.description, endpoint, origin, demo, credential };
  }

  /** @param events where it sends what happens to its data */
  async function startDemoOrigin(events: EventsAddress): Promise<string> {
    const databaseFile = join(root, '.dev', 'geonames.sqlite');
    const { url } = await supervisor.start('origin', (signal) =>
      startOriginProcess({
        root,
        databaseFile,
        events,
        onProgress: (line) => progress('origin', line),
        onLine: lines('origin'),
        signal,
      }),
    );
    return url;
  }

  async function stop(): Promise<void> {
    await supervisor.stop();
    if (folder !== undefined) removeRunFolder(folder);
  }

  return {
    start,
    stop,
    ended: supervisor.ended,
    end: (ending) => supervisor.end(ending),
    kill() {
      supervisor.kill();
      if (folder !== undefined) removeRunFolder(folder);
    },
  };
}

/** Starts a stack; when it does not come up, nothing of it is left. Throws with the reason. */
export async function startStack(
  options: StackOptions = {},
): Promise<RunningStack & Pick<Stack, 'ended' | 'stop'>> {
  const stack = createStack(options);
  try {
    return { ...(await stack.start()), ended: stack.ended, stop: () => stack.stop() };
  } catch (error) {
    await stack.stop();
    throw error instanceof Interrupted ? new Error(describeEnding(await stack.ended)) : error;
  }
}

/** One sentence, and below it the last lines of what died. */
export function describeEnding(ending: Ending): string {
  if (ending.kind === 'signal') return `Ended by ${ending.signal}.`;
  const subject = ending.part === 'Redis' ? 'Redis' : `The ${ending.part}`;
  return `${subject} died: ${ending.reason}`;
}
