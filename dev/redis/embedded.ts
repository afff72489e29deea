import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { watchChild } from './child.ts';
import { probe } from './probe.ts';
import { type RedisServer, RedisUnavailable } from './redis-server.ts';

const readyWithinMs = 30_000;

/**
 * Starts the Valkey engine as WebAssembly in a child process on a free loopback port. `because` says, for
 * the description, why a server of the machine was not used.
 * @throws RedisUnavailable
 */
export async function startEmbedded(because?: string): Promise<RedisServer> {
  const program = fileURLToPath(new URL('./embedded-child.ts', import.meta.url));
  const process = fork(program, [], {
    // WASI is still experimental in Node, which says so on every start. Given here also so that flags of
    // the calling process, for instance those of a test runner, are not passed on.
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const child = watchChild(process);
  const listening = new Promise<number>((resolve) => {
    process.once('message', (message) => resolve(Number(message)));
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`was not ready within ${readyWithinMs} ms`), readyWithinMs);
  });
  const outcome = await Promise.race([listening, child.ended, late]);
  clearTimeout(timer);

  const refuse = async (reason: string): Promise<never> => {
    await child.stop();
    throw new RedisUnavailable(`The embedded Valkey did not start: it ${reason}.`);
  };
  if (typeof outcome === 'string') return refuse(outcome);
  const connection = { host: '127.0.0.1', port: outcome };
  const info = await probe(connection).catch((error: Error) => refuse(error.message));
  const note = because === undefined ? '' : ` (${because})`;
  return {
    kind: 'embedded',
    description: `embedded Valkey ${info.version ?? ''} (WebAssembly), 127.0.0.1:${outcome}${note}`,
    connection,
    died: child.died,
    stop: () => child.stop(),
  };
}
