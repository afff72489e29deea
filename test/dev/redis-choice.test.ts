import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { RespConnection } from '../../dev/endpoint/connection.ts';
import { replyJson } from '../../dev/endpoint/reply-json.ts';
import { freePort } from '../../dev/redis/free-port.ts';
import { startNative } from '../../dev/redis/native.ts';
import { type RedisServer, RedisUnavailable, startRedis } from '../../dev/redis/redis.ts';
import { parseRedisUrl } from '../../dev/redis/url.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function start(choice: string, env: NodeJS.ProcessEnv = {}): Promise<RedisServer> {
  const server = await startRedis(choice, { env });
  stops.push(() => server.stop());
  return server;
}

async function run(server: RedisServer, ...command: string[]): Promise<unknown> {
  const connection = new RespConnection(server.connection);
  const [reply = { type: 'null' as const }] = await connection.send([command]);
  connection.close();
  return JSON.parse(replyJson(reply, 'text'));
}

/** A PATH with nothing on it but a program of that name; sh and the like are found all the same. */
function pathWith(name: string, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-path-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return folder;
}

/** A TCP server that answers whatever it is sent with `bytes`. */
async function answerWith(bytes: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', () => socket.write(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function refusalOf(choice: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const error: unknown = await start(choice, env).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RedisUnavailable))
    throw new Error(`Not RedisUnavailable: ${String(error)}`);
  expect(error.message).toMatch(/^[^\n]+\.$/);
  return error.message;
}

describe('auto', () => {
  test('takes the embedded engine where nothing else is there', async () => {
    const server = await start('auto', { PATH: '', REDIS_URL: '' });
    expect(server.kind).toBe('embedded');
    expect(server.description).toMatch(
      new RegExp(
        `^embedded Valkey 9\\.1\\.1 \\(WebAssembly\\), 127\\.0\\.0\\.1:${server.connection.port}$`,
      ),
    );
    expect(await run(server, 'ECHO', 'hello')).toBe('hello');
  });

  test('takes the server of the machine, which keeps nothing and listens on loopback only', async (context) => {
    const found = await startNative(process.env);
    if (found.server === undefined) {
      console.log('skipped: no redis-server or valkey-server of 7.0 or later is on PATH');
      context.skip('no native Redis');
      return;
    }
    await found.server.stop();
    const server = await start('auto', { PATH: process.env['PATH'] });
    expect(server.kind).toBe(found.server.kind);
    expect(server.description).toMatch(/^(redis|valkey)-server \d+\.\d+\.\d+, 127\.0\.0\.1:\d+$/);
    const settings = await Promise.all(
      ['save', 'appendonly', 'bind', 'protected-mode'].map((name) =>
        run(server, 'CONFIG', 'GET', name),
      ),
    );
    expect(settings).toEqual([
      ['save', ''],
      ['appendonly', 'no'],
      ['bind', '127.0.0.1'],
      ['protected-mode', 'yes'],
    ]);
  });

  test('passes over a server that is too old, and says so', async () => {
    const folder = pathWith('redis-server', 'echo "Redis server v=6.0.16 sha=00000000:0 bits=64"');
    const server = await start('auto', { PATH: folder });
    expect(server.kind).toBe('embedded');
    expect(server.description).toContain(
      `(${folder}/redis-server is version 6.0.16, 7.0 or later is needed)`,
    );
  });

  test('says why a server of the machine did not start', async () => {
    const script = `[ "$1" = --version ] && { echo "Valkey server v=8.1.1 sha=0"; exit; }
echo "Fatal config error" >&2; exit 3`;
    const folder = pathWith('valkey-server', script);
    expect(await refusalOf('auto', { PATH: folder })).toBe(
      `${folder}/valkey-server did not start: it exited with code 3; its last line was: Fatal config error.`,
    );
  });

  test('uses REDIS_URL first, and leaves that server alone', async () => {
    const own = await start('embedded');
    const url = `redis://127.0.0.1:${own.connection.port}/2`;
    const server = await start('auto', { ...process.env, REDIS_URL: url });
    expect(server.kind).toBe('url');
    expect(server.description).toBe(`Valkey 9.1.1 at ${url} (REDIS_URL)`);
    expect(server.connection).toEqual({ ...own.connection, database: 2 });
    await run(server, 'SET', 'a', '1');
    await server.stop();
    expect(await run({ ...own, connection: server.connection }, 'GET', 'a')).toBe('1');
    expect(await run(own, 'EXISTS', 'a')).toBe(0);
  });

  test('does not fall back when REDIS_URL is wrong', async () => {
    const port = await freePort();
    expect(await refusalOf('auto', { REDIS_URL: `redis://127.0.0.1:${port}` })).toMatch(
      /^The Redis that REDIS_URL names, redis:\/\/127\.0\.0\.1:\d+, cannot be used: .*ECONNREFUSED.*$/,
    );
    expect(await refusalOf('auto', { REDIS_URL: 'localhost:6379' })).toContain(
      'REDIS_URL is "localhost:6379", but must be redis://',
    );
  });
});

describe('a URL', () => {
  test.each([
    ['redis://h', { host: 'h', port: 6379 }],
    ['redis://h:1/', { host: 'h', port: 1 }],
    ['REDISS://h', { host: 'h', port: 6379, tls: true }],
    ['redis://:p%40w@h/3', { host: 'h', port: 6379, password: 'p@w', database: 3 }],
    ['redis://u:p@[::1]:7000', { host: '::1', port: 7000, username: 'u', password: 'p' }],
  ])('%s', (url, connection) => {
    expect(parseRedisUrl(url, '--redis')).toEqual(connection);
  });

  test.each([
    'redis://',
    'redis://h:0',
    'redis://h:70000',
    'redis://h/x',
    'redis://h/1/2',
    'redis://h?protocol=3',
    'redis://h#x',
    'redis://:%zz@h',
  ])('refuses %s', (url) => {
    expect(() => parseRedisUrl(url, '--redis')).toThrow(RedisUnavailable);
    expect(() => parseRedisUrl(url, '--redis')).toThrow(
      /^--redis is "redis:.*but must be redis:\/\//,
    );
  });

  test('its password is used, and never shown', async () => {
    const own = await start('embedded');
    await run(own, 'CONFIG', 'SET', 'requirepass', 'hunter2');
    const at = `127.0.0.1:${own.connection.port}`;
    const server = await start(`redis://:hunter2@${at}/1`);
    expect(server.description).toBe(`Valkey 9.1.1 at redis://***@${at}/1 (--redis)`);

    expect(await refusalOf(`redis://${at}`)).toContain('NOAUTH');
    const wrong = await refusalOf(`redis://:hunter3@${at}`);
    expect(wrong).toContain('WRONGPASS');
    expect(wrong).not.toContain('hunter');
  });

  test('a server that does not speak Redis, is silent or too old is refused with the reason', async () => {
    const http = await answerWith('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await refusalOf(`redis://127.0.0.1:${http}`)).toContain(
      'not the beginning of a Redis reply',
    );
    const silent = await answerWith('');
    expect(await refusalOf(`redis://127.0.0.1:${silent}`)).toContain('no answer within 3000 ms');
    const info = 'redis_version:6.2.14\r\n';
    const old = await answerWith(`+PONG\r\n$${info.length}\r\n${info}\r\n`);
    expect(await refusalOf(`redis://127.0.0.1:${old}`)).toContain(
      'is version 6.2.14, but 7.0 or later is needed',
    );
  });

  test('rediss:// to a server without TLS is refused', async () => {
    const own = await start('embedded');
    expect(await refusalOf(`rediss://127.0.0.1:${own.connection.port}`)).toContain(
      'cannot be used',
    );
  });
});

test.each(['', 'Embedded', 'redis', 'redis:h', '6379'])(
  'refuses the choice "%s"',
  async (choice) => {
    expect(await refusalOf(choice)).toBe(
      `--redis is "${choice}", but must be auto, embedded or a redis:// or rediss:// URL.`,
    );
  },
);

test('shows no secret of a choice that it refuses', async () => {
  expect(await refusalOf('http://user:hunter2@host')).not.toContain('hunter2');
});
