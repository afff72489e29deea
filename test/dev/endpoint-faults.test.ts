import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, startEndpoint } from '../../dev/endpoint/server.ts';
import { type RedisServer, startRedis } from '../../dev/redis/redis.ts';

let redis: RedisServer;
let endpoint: Endpoint;

beforeAll(async () => {
  redis = await startRedis('embedded');
  endpoint = await startEndpoint({ redis: redis.connection, token: 't' });
});
afterAll(async () => {
  await endpoint?.stop();
  await redis?.stop();
});

function send(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(endpoint.url + path, {
    method,
    headers: { authorization: 'Bearer t' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
}

async function run(...command: readonly unknown[]): Promise<unknown> {
  return (await send('POST', '/', command)).json();
}

async function setFault(fault: unknown): Promise<void> {
  const response = await send('PUT', '/_/faults', fault);
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
}

async function readJson(path: string): Promise<unknown> {
  return (await send('GET', path)).json();
}

beforeEach(async () => {
  await send('DELETE', '/_/faults');
  await run('FLUSHALL');
  await send('DELETE', '/_/counts');
});

describe('faults', () => {
  test.each([500, 429, 503, 404])(
    'status %i: a JSON error, and Redis never sees the command',
    async (status) => {
      await setFault({ status });
      const response = await send('POST', '/', ['SET', 'a', '1']);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ error: `ERR injected fault: status ${status}` });
      await send('DELETE', '/_/faults');
      expect(await run('EXISTS', 'a')).toEqual({ result: 0 });
    },
  );

  test('body and contentType: a proxy that answers in place of Redis', async () => {
    await setFault({ status: 502, body: '<h1>Bad gateway</h1>', contentType: 'text/html' });
    const response = await send('POST', '/pipeline', [['GET', 'a']]);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      502,
      'text/html',
      '<h1>Bad gateway</h1>',
    ]);
    await setFault({ body: 'not JSON' });
    const plain = await send('POST', '/', ['GET', 'a']);
    expect([plain.status, await plain.text()]).toEqual([200, 'not JSON']);
  });

  test('delayMs: waits, then runs the command', async () => {
    await setFault({ delayMs: 150 });
    const start = performance.now();
    expect(await run('SET', 'a', '1')).toEqual({ result: 'OK' });
    expect(performance.now() - start).toBeGreaterThanOrEqual(145);
  });

  test('delayMs goes with another fault', async () => {
    await setFault({ delayMs: 100, status: 500 });
    const start = performance.now();
    expect((await send('POST', '/', ['PING'])).status).toBe(500);
    expect(performance.now() - start).toBeGreaterThanOrEqual(95);
  });

  test('reset: the connection ends with RST', async () => {
    await setFault({ reset: true });
    await expect(send('POST', '/', ['SET', 'a', '1'])).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    });
    await send('DELETE', '/_/faults');
    expect(await run('EXISTS', 'a')).toEqual({ result: 0 });
  });

  test('hang: no answer comes, and stop() does not wait for it', async () => {
    const own = await startEndpoint({ redis: redis.connection, token: 't' });
    const headers = { authorization: 'Bearer t' };
    await fetch(`${own.url}/_/faults`, { method: 'PUT', headers, body: '{"hang":true}' });
    const state = { settled: false };
    const hanging = fetch(`${own.url}/ping`, { headers }).finally(() => {
      state.settled = true;
    });
    hanging.catch(() => {});
    await expect
      .poll(async () => (await fetch(`${own.url}/_/faults`, { headers })).json())
      .toMatchObject({ hits: 1 });
    expect(state.settled).toBe(false);
    await own.stop();
    await expect(hanging).rejects.toThrow('fetch failed');
  });

  test('truncate: the command runs and half of the answer comes', async () => {
    await setFault({ truncate: true });
    const response = await send('POST', '/', ['SET', 'a', '1']);
    expect([response.status, response.headers.get('content-length')]).toEqual([
      200,
      String('{"result":"OK"}'.length),
    ]);
    const received: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const piece of response.body ?? []) received.push(piece as Uint8Array);
      })(),
    ).rejects.toThrow('terminated');
    expect(Buffer.concat(received).toString()).toBe('{"resul');
    await send('DELETE', '/_/faults');
    expect(await run('GET', 'a')).toEqual({ result: '1' });
  });

  test('times: only so many requests are hit', async () => {
    await setFault({ status: 500, times: 2 });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await send('POST', '/', ['PING'])).status);
    expect(statuses).toEqual([500, 500, 200, 200]);
    expect(await readJson('/_/faults')).toEqual({ fault: null, hits: 2 });
  });

  test('match: only requests that contain the command are hit, whatever its case', async () => {
    await setFault({ status: 500, match: 'eval', times: 1 });
    expect((await send('POST', '/', ['GET', 'EVAL'])).status).toBe(200);
    expect((await send('POST', '/pipeline', [['PING'], ['eval', 'return 1', 0]])).status).toBe(500);
    expect((await send('POST', '/', ['EVAL', 'return 1', 0])).status).toBe(200);
  });

  test('GET shows the fault, DELETE clears it, PUT replaces it', async () => {
    await setFault({ status: 500 });
    await setFault({ hang: true, match: 'EVAL', times: 3 });
    expect(await readJson('/_/faults')).toEqual({
      fault: { hang: true, match: 'EVAL', times: 3 },
      hits: 0,
    });
    expect(await (await send('DELETE', '/_/faults')).json()).toEqual({ fault: null, hits: 0 });
    expect(await run('PING')).toEqual({ result: 'PONG' });
  });

  test.each([
    [[], 'A fault is a JSON object.'],
    ['x', 'A fault is a JSON object.'],
    [{}, 'needs one of delayMs'],
    [{ times: 1 }, 'needs one of delayMs'],
    [{ statsu: 500 }, 'no field "statsu"'],
    [{ toString: true }, 'no field "toString"'],
    [{ status: 100 }, '"status" is 100, but must be an integer from 200 to 599'],
    [{ status: '500' }, '"status" is "500"'],
    [{ delayMs: -1 }, '"delayMs" is -1'],
    [{ delayMs: 1.5 }, '"delayMs" is 1.5'],
    [{ hang: false }, '"hang" is false, but must be true'],
    [{ status: 500, times: 0 }, '"times" is 0'],
    [{ status: 500, match: '' }, '"match" is ""'],
    [{ hang: true, reset: true }, 'at most one of'],
    [{ truncate: true, status: 500 }, 'at most one of'],
  ])('refuses %j', async (fault, message) => {
    const response = await send('PUT', '/_/faults', fault);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: expect.stringContaining(message) as unknown },
    ]);
    expect(await readJson('/_/faults')).toMatchObject({ fault: null });
  });
});

describe('counts', () => {
  test('one per request and one per command in it', async () => {
    await run('get', 'a');
    await send('POST', '/pipeline', [
      ['GET', 'a'],
      ['ZRANGE', 'z', 0, -1],
      ['NO-SUCH'],
      ['BLPOP', 'k', 0],
    ]);
    await send('POST', '/multi-exec', [
      ['SET', 'a', '1'],
      ['GET', 'a'],
    ]);
    await send('GET', '/get/a');
    expect(await readJson('/_/counts')).toEqual({
      requests: 4,
      commands: 8,
      byCommand: { GET: 4, ZRANGE: 1, 'NO-SUCH': 1, BLPOP: 1, SET: 1 },
    });
  });

  test('requests that fail are counted, control requests are not', async () => {
    await send('POST', '/', 'not a command');
    await fetch(`${endpoint.url}/get/a`);
    await setFault({ status: 500 });
    await run('GET', 'a');
    await readJson('/_/faults');
    await readJson('/_/counts');
    expect(await readJson('/_/counts')).toEqual({
      requests: 3,
      commands: 1,
      byCommand: { GET: 1 },
    });
  });

  test('DELETE resets', async () => {
    await run('PING');
    const empty = { requests: 0, commands: 0, byCommand: {} };
    expect(await (await send('DELETE', '/_/counts')).json()).toEqual(empty);
    expect(await readJson('/_/counts')).toEqual(empty);
  });

  test('names of Object.prototype are commands like any other', async () => {
    await run('__proto__');
    await run('constructor');
    const text = await (await send('GET', '/_/counts')).text();
    expect(text).toContain('"byCommand":{"__PROTO__":1,"CONSTRUCTOR":1}');
  });

  test('unknown control routes are 404, other methods 405', async () => {
    expect((await send('GET', '/_/none')).status).toBe(404);
    expect((await send('PUT', '/_/counts', {})).status).toBe(405);
    expect((await send('POST', '/_/faults', {})).status).toBe(405);
  });
});
