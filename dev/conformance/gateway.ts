import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBundledGateway } from '../launcher/bundled-gateway.ts';
import { readIfPresent } from '../launcher/run-folder.ts';
import { createStack, describeEnding } from '../launcher/stack.ts';
import { Interrupted } from '../launcher/supervisor.ts';
import { readUserSettings } from '../launcher/user-settings.ts';
import { ConformanceFailed } from './failure.ts';
import type { ConformanceResult, Through } from './result.ts';

/** The gateway in front of the suite's server. */
export interface TestedGateway {
  readonly url: string;
  readonly settings: ConformanceResult['settings'];
  /** Resolves with the reason when a part ends by itself. Never rejects. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly through: Through;
  readonly origin: string;
  readonly tenant: Readonly<Record<string, unknown>>;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

const LINES_KEPT = 20;
const CRASH = /Workers runtime (?:crashed|failed)/;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts it on a free port, with an embedded Redis. Throws {@link ConformanceFailed} when it does not come up. */
export async function startTestedGateway(options: GatewayOptions): Promise<TestedGateway> {
  try {
    return await (options.through === 'start' ? startLocalStack(options) : startBundle(options));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConformanceFailed(`The gateway did not start: ${reason}`, { cause: error });
  }
}

async function startBundle({ origin, tenant }: GatewayOptions): Promise<TestedGateway> {
  const gateway = await startBundledGateway({ origin, tenant });
  const { url, preset, redis, died } = gateway;
  const settings = { preset, redis: named(redis), tenant };
  return { url, settings, died, stop: () => gateway.stop() };
}

async function startLocalStack(options: GatewayOptions): Promise<TestedGateway> {
  const { origin, tenant, onProgress, signal } = options;
  // Settings of the user's own would make it a measurement of those.
  const user = readUserSettings(readIfPresent(join(root, '.dev.vars')) ?? '');
  const own = ['CACHE_PRESET', 'TENANTS'].filter((name) => user.names.has(name));
  if (own.length > 0)
    throw new Error(
      `${own.join(' and ')} in .dev.vars would decide what is measured: take it out for the run, or use --through workerd.`,
    );
  const crashed = Promise.withResolvers<string>();
  const said: string[] = [];
  const stack = createStack({
    origin,
    redis: 'embedded',
    onProgress: (part, line) => onProgress(`${part}: ${line}`),
    onLine(part, line) {
      said.push(`${part}: ${line}`);
      said.splice(0, said.length - LINES_KEPT);
      // It would be started again, and what was tested in between is worth nothing.
      if (CRASH.test(line)) crashed.resolve(`the runtime crashed.\n  ${said.join('\n  ')}`);
    },
  });
  const interrupt = (): void => stack.end({ kind: 'signal', signal: 'SIGINT' });
  signal.addEventListener('abort', interrupt, { once: true });
  const stop = async (): Promise<void> => {
    signal.removeEventListener('abort', interrupt);
    await stack.stop();
  };
  try {
    if (signal.aborted) interrupt();
    const { url, redis } = await stack.start();
    return {
      url,
      settings: { preset: 'development', redis: named(redis), tenant },
      died: Promise.race([stack.ended.then(describeEnding), crashed.promise]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error instanceof Interrupted ? new Error('the run was interrupted.') : error;
  }
}

/** Without its address. */
function named(redis: string): string {
  return redis.split(',', 1)[0] ?? redis;
}
