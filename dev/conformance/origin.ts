import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startOwnedProcess } from '../launcher/owned-process.ts';
import type { Part } from '../launcher/supervisor.ts';
import { ConformanceFailed } from './failure.ts';
import type { ServerMessage } from './suite-server.ts';
import type { Suite } from './suite.ts';

export interface SuiteOrigin extends Part {
  readonly url: string;
}

const script = fileURLToPath(new URL('suite-server.ts', import.meta.url));
const START_MS = 20_000;

/** Starts the suite's server on a free port of 127.0.0.1. Throws {@link ConformanceFailed} when it does not come up. */
export async function startSuiteOrigin({ folder }: Suite): Promise<SuiteOrigin> {
  const ready = Promise.withResolvers<string>();
  const child = startOwnedProcess({
    script,
    cwd: folder,
    // It reads them where npm has put its settings; the port is decided in the process.
    env: { npm_config_protocol: 'http', npm_config_port: '0', npm_config_pidfile: devNull },
    onMessage: (message) => ready.resolve((message as ServerMessage).url),
  });
  const failed = (reason: string): void =>
    ready.reject(new ConformanceFailed(`The suite's server did not start: ${reason}`));
  void child.died.then(failed);
  const timer = setTimeout(
    () => failed(`it did not listen within ${START_MS / 1000} s.`),
    START_MS,
  );
  try {
    return { ...child, url: await ready.promise };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
