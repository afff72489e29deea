import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Child, watchChild } from './child.ts';
import { freePort } from './free-port.ts';
import { probe, type RedisInfo } from './probe.ts';
import { type RedisServer, RedisUnavailable } from './redis-server.ts';

const names = ['redis-server', 'valkey-server'] as const;
const readyWithinMs = 10_000;
const portAttempts = 3;

/**
 * Starts the first `redis-server` or `valkey-server` on PATH that is 7.0 or later. Without one, `server` is
 * absent and `passedOver` says what was found and not used.
 * @throws RedisUnavailable when the one that was found does not come up
 */
export async function startNative(
  env: NodeJS.ProcessEnv,
): Promise<{ server?: RedisServer; passedOver?: string }> {
  const passedOver: string[] = [];
  for (const name of names) {
    const file = await findOnPath(name, env['PATH'] ?? '');
    if (file === undefined) continue;
    const version = await versionOf(file);
    if (version === undefined || Number.parseInt(version, 10) < 7) {
      passedOver.push(`${file} is version ${version ?? 'unknown'}, 7.0 or later is needed`);
      continue;
    }
    return { server: await launch(name, file) };
  }
  return passedOver.length === 0 ? {} : { passedOver: passedOver.join('; ') };
}

async function findOnPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    const usable = await access(file, constants.X_OK)
      .then(async () => (await stat(file)).isFile())
      .catch(() => false);
    if (usable) return file;
  }
  return undefined;
}

async function versionOf(file: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 5000 });
    return /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function launch(name: (typeof names)[number], file: string): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'tiercel-redis-'));
    const child = watchChild(
      spawn(file, serverArguments(port, folder), {
        stdio: ['ignore', 'pipe', 'pipe'],
        // In a group of its own: Ctrl-C reaches only the launcher, which then stops its parts in order.
        detached: true,
      }),
      folder,
    );
    const removed = child.ended.then(() => rm(folder, { recursive: true, force: true }));
    const outcome = await ready(child, port);
    if (typeof outcome !== 'string') {
      return {
        kind: name,
        description: `${name} ${outcome.version ?? ''}, 127.0.0.1:${port}`,
        connection: { host: '127.0.0.1', port },
        died: child.died,
        async stop() {
          await child.stop();
          await removed;
        },
      };
    }
    await child.stop();
    await removed;
    const portWasTaken = /address already in use|failed listening/i.test(outcome);
    if (!portWasTaken || attempt === portAttempts) {
      throw new RedisUnavailable(`${file} did not start: it ${outcome}.`);
    }
  }
}

function serverArguments(port: number, folder: string): string[] {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    'protected-mode': 'yes',
    save: '',
    appendonly: 'no',
    dir: folder,
    logfile: '',
    daemonize: 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** What the server says once it answers, or a clause on why it does not. */
async function ready(child: Child, port: number): Promise<RedisInfo | string> {
  const state: { ended?: string } = {};
  void child.ended.then((reason) => {
    state.ended = reason;
  });
  const deadline = Date.now() + readyWithinMs;
  while (Date.now() < deadline) {
    if (state.ended !== undefined) return state.ended;
    const info = await probe({ host: '127.0.0.1', port }, 1000).catch(() => undefined);
    // Another process may have taken the port first; only our own child counts as ready.
    if (info !== undefined && info.processId === child.processId) return info;
    await sleep(10);
  }
  return `did not answer on 127.0.0.1:${port} within ${readyWithinMs} ms`;
}
