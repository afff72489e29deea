import { request as httpRequest, Agent } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { maxBodyBytes } from '../../dev/endpoint/body.ts';
import { type Endpoint, startEndpoint } from '../../dev/endpoint/server.ts';
import { type RedisServer, startRedis } from '../../dev/redis/redis.ts';

let redis: RedisServer;
let endpoint: Endpoint;

beforeAll(async () => {
  redis = await startRedis('embedded');
  endpoint = await startEndpoint({ redis: redis.connection, token: 'secret token' });
});
afterAll(async () => {
  await endpoint?.stop();
  await redis?.stop();
});

interface Sent {
  readonly method?: string;
  readonly body?: string | Buffer | readonly unknown[];
  readonly headers?: Record<string, string>;
}

async function send(
  path: string,
  sent: Sent = {},
): Promise<{ status: number; json: unknown; headers: Headers }> {
  const body = Array.isArray(sent.body) ? JSON.stringify(sent.body) : sent.body;
  const response = await fetch(endpoint.url + path, {
    method: sent.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { authorization: 'Bearer secret token', ...sent.headers },
    ...(body !== undefined && { body: body as string }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

async function run(...command: readonly unknown[]): Promise<unknown> {
  return (await send('/', { body: command })).json;
}

beforeEach(async () => {
  await run('FLUSHALL');
});

describe('who may ask', () => {
  test.each([
    ['no header', {}, ''],
    ['a wrong token', { authorization: 'Bearer wrong' }, ''],
    ['the token and more', { authorization: 'Bearer secret token2' }, ''],
    ['an empty token', { authorization: 'Bearer ' }, ''],
    ['another scheme', { authorization: 'Basic secret token' }, ''],
    ['a wrong token in the query', {}, '?_token=wrong'],
    [
      'a wrong header, whatever the query says',
      { authorization: 'Bearer x' },
      '?_token=secret%20token',
    ],
  ])('401 for %s', async (_, headers, query) => {
    for (const path of [
      '/',
      '/pipeline',
      '/multi-exec',
      '/get/a',
      '/_/counts',
      '/_/faults',
      '/_/none',
    ]) {
      const response = await fetch(endpoint.url + path + query, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: '[["FLUSHALL"]]',
      });
      expect([path, response.status, await response.json()]).toEqual([
        path,
        401,
        { error: 'Unauthorized' },
      ]);
    }
  });

  test('the token may stand in the query, and is then no part of the command', async () => {
    const response = await fetch(`${endpoint.url}/set/a/1?EX=60&_token=secret%20token`);
    expect(await response.json()).toEqual({ result: 'OK' });
    expect(await run('TTL', 'a')).toEqual({ result: 60 });
  });

  test('an empty token is no token to start with', async () => {
    await expect(startEndpoint({ redis: redis.connection, token: '' })).rejects.toThrow(
      'must not be empty',
    );
  });

  test('only the loopback address is listened on', () => {
    expect(new URL(endpoint.url).hostname).toBe('127.0.0.1');
  });
});

describe('the path form', () => {
  test('segments are decoded one by one', async () => {
    expect((await send('/set/a%2Fb/%F0%9F%9C%81%20x')).json).toEqual({ result: 'OK' });
    expect(await run('GET', 'a/b')).toEqual({ result: '🜁 x' });
    expect((await send('/set/broken/%zz')).status).toBe(400);
  });

  test('a body is the next argument, bytes as they are; the query follows it', async () => {
    const bytes = Buffer.from([0, 1, 13, 10, 0xff, 0xfe, 0xef, 0xbb, 0xbf]);
    expect((await send('/set/bin?EX=60&NX', { body: bytes })).json).toEqual({ result: 'OK' });
    expect(await run('TTL', 'bin')).toEqual({ result: 60 });
    expect(await run('STRLEN', 'bin')).toEqual({ result: bytes.length });
    const encoded = await send('/get/bin', { headers: { 'upstash-encoding': 'base64' } });
    expect(encoded.json).toEqual({ result: bytes.toString('base64') });
    expect((await send('/get/bin')).json).toEqual({ result: '\0\u0001\r\n\ufffd\ufffd\ufeff' });
    expect((await send('/set/bin/again?NX')).json).toEqual({ result: null });
  });

  test('HEAD runs the command and has no body; other methods are refused', async () => {
    await run('SET', 'n', 1);
    expect(await send('/incr/n', { method: 'HEAD' })).toMatchObject({
      status: 200,
      json: undefined,
    });
    expect((await send('/get/n', { method: 'PUT' })).json).toEqual({ result: '2' });
    for (const method of ['DELETE', 'PATCH', 'OPTIONS']) {
      expect((await send('/get/n', { method })).status).toBe(405);
    }
    for (const path of ['/', '/pipeline', '/multi-exec']) {
      expect((await send(path)).status).toBe(405);
    }
  });
});

describe('requests and replies', () => {
  test.each([
    ['not JSON', '/', '["GET"'],
    ['nothing', '/', ''],
    ['an object', '/', '{"GET":"a"}'],
    ['no command', '/', '[]'],
    ['a nested list', '/', '["GET",["a"]]'],
    ['null as an argument', '/', '["GET",null]'],
    ['one command where a list is due', '/pipeline', '["GET","a"]'],
    ['an empty list', '/pipeline', '[]'],
    ['an empty list', '/multi-exec', '[]'],
    ['an empty command in a list', '/multi-exec', '[["SET","a","1"],[]]'],
  ])('400 for %s (%s)', async (_, path, body) => {
    const answer = await send(path, { body, method: 'POST' });
    expect(answer).toMatchObject({
      status: 400,
      json: { error: expect.stringMatching(/^ERR /) as unknown },
    });
    expect(await run('GET', 'a')).toEqual({ result: null });
  });

  test('numbers and booleans are taken as arguments', async () => {
    await run('MSET', 'i', 12, 'f', 0.5, 'e', 1e21, 'b', true, 'big', 1760000000000001);
    expect(await run('MGET', 'i', 'f', 'e', 'b', 'big')).toEqual({
      result: ['12', '0.5', '1e+21', 'true', '1760000000000001'],
    });
  });

  test('64-bit integers keep their digits', async () => {
    await run('SET', 'n', '9223372036854775806');
    const response = await fetch(`${endpoint.url}/incr/n`, {
      headers: { authorization: 'Bearer secret token' },
    });
    expect(await response.text()).toBe('{"result":9223372036854775807}');
  });

  test('base64: only a plain OK is left as it is, errors are text', async () => {
    const headers = { 'upstash-encoding': 'base64' };
    await run('SET', 'ok', 'OK');
    const batch = [
      ['SET', 'a', 'é'],
      ['GET', 'ok'],
      ['PING'],
      ['GET', 'none'],
      ['INCR', 'a'],
      ['STRLEN', 'a'],
    ];
    expect((await send('/pipeline', { body: batch, headers })).json).toEqual([
      { result: 'OK' },
      { result: 'T0s=' },
      { result: 'UE9ORw==' },
      { result: null },
      { error: 'ERR value is not an integer or out of range' },
      { result: 2 },
    ]);
    const nested = ['EVAL', "return {'a', {redis.status_reply('OK'), 1}}", 0];
    expect((await send('/', { body: nested, headers })).json).toEqual({
      result: ['YQ==', ['T0s=', 1]],
    });
  });

  test('a command error is 400 on / and an item in a batch', async () => {
    expect(await send('/', { body: ['GET'] })).toMatchObject({
      status: 400,
      json: { error: "ERR wrong number of arguments for 'get' command" },
    });
    expect((await send('/pipeline', { body: [['GET'], ['PING']] })).status).toBe(200);
  });

  test('every answer to a command has a new sync token', async () => {
    const tokens = [await send('/ping'), await send('/ping')].map(({ headers }) =>
      headers.get('upstash-sync-token'),
    );
    expect(tokens[0]).toMatch(/^.+$/);
    expect(tokens[1]).not.toBe(tokens[0]);
  });

  test('one HTTP connection carries many requests', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve, reject) => {
        const options = { agent, headers: { authorization: 'Bearer secret token' } };
        httpRequest(`${endpoint.url}/ping`, options, (response) => {
          ports.add(response.socket.localPort);
          response.resume().on('end', resolve);
        })
          .on('error', reject)
          .end();
      });
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  test('pipelines of many requests at once stay in order', async () => {
    const batches = Array.from({ length: 50 }, (_, n) =>
      send('/pipeline', { body: Array.from({ length: 20 }, (_item, i) => ['ECHO', `${n}:${i}`]) }),
    );
    (await Promise.all(batches)).forEach(({ json }, n) => {
      expect(json).toEqual(Array.from({ length: 20 }, (_item, i) => ({ result: `${n}:${i}` })));
    });
  });
});

describe('size', () => {
  test('a request of 10 MB passes, one byte more is 413', async () => {
    const frame = JSON.stringify(['SET', 'big', '']).length;
    const fits = ['SET', 'big', 'x'.repeat(maxBodyBytes - frame)];
    expect(await send('/', { body: fits })).toMatchObject({ status: 200, json: { result: 'OK' } });
    const over = ['SET', 'big', 'x'.repeat(maxBodyBytes - frame + 1)];
    expect(await send('/', { body: over })).toMatchObject({
      status: 413,
      json: { error: expect.stringContaining('max request size exceeded') as unknown },
    });
    expect(await run('STRLEN', 'big')).toEqual({ result: maxBodyBytes - frame });
  });

  test('a body whose length was not told is measured on the way', async () => {
    const piece = Buffer.alloc(1024 * 1024, 120);
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 12; i++) controller.enqueue(piece);
        controller.close();
      },
    });
    const response = await fetch(`${endpoint.url}/set/big`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret token' },
      body: stream,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
    expect(await run('EXISTS', 'big')).toEqual({ result: 0 });
  });
});

test('a taken port is one clear sentence', async () => {
  const port = Number(new URL(endpoint.url).port);
  await expect(startEndpoint({ redis: redis.connection, token: 't', port })).rejects.toThrow(
    `The Redis endpoint cannot listen on 127.0.0.1:${port}: it is already in use.`,
  );
});
