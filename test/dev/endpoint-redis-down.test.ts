import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RespConnection } from '../../dev/endpoint/connection.ts';
import { type Endpoint, startEndpoint } from '../../dev/endpoint/server.ts';
import { freePort } from '../../dev/redis/free-port.ts';
import { type RedisConnection, type RedisServer, startRedis } from '../../dev/redis/redis.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function startOwn(): Promise<RedisServer> {
  const redis = await startRedis('embedded');
  stops.push(() => redis.stop());
  return redis;
}

/** Makes `port` lead to a Redis; closing it cuts every connection. */
async function lead(port: number, target: RedisConnection): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: target.host, port: target.port, noDelay: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => other.destroy());
    }
    near.pipe(far).pipe(near);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { close };
}

async function startOn(port: number): Promise<Endpoint> {
  const endpoint = await startEndpoint({ redis: { host: '127.0.0.1', port }, token: 't' });
  stops.push(() => endpoint.stop());
  return endpoint;
}

async function send(endpoint: Endpoint, path: string, body: unknown): Promise<[number, unknown]> {
  const headers = { authorization: 'Bearer t' };
  const response = await fetch(endpoint.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

const down = (message: string): [number, unknown] => [
  503,
  { error: expect.stringContaining(message) as unknown },
];

describe('Redis that goes and comes back', () => {
  test('503 while nothing listens, and answers as soon as Redis is there', async () => {
    const port = await freePort();
    const endpoint = await startOn(port);
    expect(await send(endpoint, '/', ['PING'])).toEqual(down('ECONNREFUSED'));
    expect(await send(endpoint, '/pipeline', [['PING'], ['PING']])).toEqual(down('ECONNREFUSED'));
    expect(await send(endpoint, '/multi-exec', [['PING']])).toEqual(down('ECONNREFUSED'));

    const redis = await startOwn();
    const route = await lead(port, redis.connection);
    stops.push(() => route.close());
    expect(await send(endpoint, '/', ['PING'])).toEqual([200, { result: 'PONG' }]);
  });

  test('a killed Redis is 503, and another one in its place is used', async () => {
    const port = await freePort();
    const first = await startOwn();
    const route = await lead(port, first.connection);
    const endpoint = await startOn(port);
    expect(await send(endpoint, '/', ['SET', 'a', '1'])).toEqual([200, { result: 'OK' }]);

    await first.stop();
    expect((await send(endpoint, '/', ['GET', 'a']))[0]).toBe(503);
    await route.close();
    expect(await send(endpoint, '/', ['GET', 'a'])).toEqual(down('ECONNREFUSED'));

    const second = await startOwn();
    const next = await lead(port, second.connection);
    stops.push(() => next.close());
    expect(await send(endpoint, '/', ['GET', 'a'])).toEqual([200, { result: null }]);
  });

  test('what was under way when the connection was lost is 503 and is not sent again', async () => {
    const port = await freePort();
    const received: Buffer[] = [];
    const silent = createServer((socket) => {
      socket.on('data', (bytes: Buffer) => {
        received.push(bytes);
        socket.destroy();
      });
    });
    silent.listen(port, '127.0.0.1');
    await once(silent, 'listening');
    stops.push(() => new Promise((resolve) => silent.close(resolve)));
    const endpoint = await startOn(port);
    expect(await send(endpoint, '/', ['INCR', 'n'])).toEqual(
      down('went away before it had answered'),
    );
    expect(Buffer.concat(received).toString()).toBe('*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n');
  });

  test('something that is not Redis is 503', async () => {
    const port = await freePort();
    const other = createServer((socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n').resume();
    });
    other.listen(port, '127.0.0.1');
    await once(other, 'listening');
    stops.push(() => new Promise((resolve) => other.close(resolve)));
    const endpoint = await startOn(port);
    expect(await send(endpoint, '/', ['PING'])).toEqual(down('not the beginning of a Redis reply'));
  });
});

describe('RespConnection', () => {
  test('signs in and selects the database, again after each loss', async () => {
    const redis = await startOwn();
    const admin = new RespConnection(redis.connection);
    await admin.send([['CONFIG', 'SET', 'requirepass', 'p w']]);
    const port = await freePort();
    const target = { host: '127.0.0.1', port, password: 'p w', database: 3 };
    const route = await lead(port, redis.connection);
    const connection = new RespConnection(target);
    await connection.send([['SET', 'a', '1']]);
    await route.close();
    await expect(connection.send([['GET', 'a']])).rejects.toThrow('127.0.0.1');
    const next = await lead(port, redis.connection);
    stops.push(() => next.close());
    expect(
      await connection.send([
        ['GET', 'a'],
        ['CLIENT', 'INFO'],
      ]),
    ).toMatchObject([{ type: 'bulk', bytes: Buffer.from('1') }, { type: 'bulk' }]);
    const wrong = new RespConnection({ ...target, password: 'no' });
    await expect(wrong.send([['PING']])).rejects.toThrow(/cannot be used: WRONGPASS/);
    for (const each of [admin, connection, wrong]) each.close();
    await expect(connection.send([['PING']])).rejects.toThrow('closed');
  });
});
