import { request as send } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLiveOrigin, type LiveOrigin, type OriginSocket } from './live-origin.ts';
import { startWorkerFixture, type RunningWorker, type WorkerFixture } from './worker-fixture.ts';

/* What stays open, through the gateway in a workerd process, over real sockets. */

let fixture: WorkerFixture;
let origin: LiveOrigin;
let worker: RunningWorker;
beforeAll(async () => {
  [fixture, origin] = await Promise.all([startWorkerFixture(), startLiveOrigin()]);
  const tenants = [
    { id: 'live', hosts: ['127.0.0.1'], origin: origin.url },
    { id: 'few', hosts: ['localhost'], origin: origin.url, quotas: { loadsPerSecond: 1 } },
  ];
  worker = await fixture.start({ TENANTS: JSON.stringify(tenants) });
});
afterAll(async () => {
  await worker.stop();
  await origin.stop();
  await fixture.stop();
});

const WITHIN = { timeout: 10_000, interval: 10 };

interface ClientSocket {
  readonly socket: WebSocket;
  readonly received: (string | Uint8Array)[];
  readonly closed: () => number | undefined;
  /** The same connection, at the origin. */
  readonly peer: OriginSocket;
}

async function open(protocols: string[] = []): Promise<ClientSocket> {
  const before = origin.sockets.length;
  const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/socket`, protocols);
  socket.binaryType = 'arraybuffer';
  const received: (string | Uint8Array)[] = [];
  let closed: number | undefined;
  socket.addEventListener('message', (event) => {
    const data = event.data as string | ArrayBuffer;
    received.push(typeof data === 'string' ? data : new Uint8Array(data));
  });
  socket.addEventListener('close', ({ code }) => (closed = code));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('The WebSocket did not open.')));
  });
  const peer = origin.sockets[before];
  if (!peer) throw new Error('The origin has no WebSocket.');
  return { socket, received, closed: () => closed, peer };
}

describe('a WebSocket', () => {
  test('carries texts and bytes in both directions, whoever speaks first', async () => {
    const { socket, received, peer } = await open();
    const long = 'x'.repeat(10_000);
    peer.send('from the origin');
    await expect.poll(() => received, WITHIN).toEqual(['from the origin']);
    socket.send('from the client');
    socket.send(new Uint8Array([0, 1, 254, 255]));
    socket.send(long);
    const sent = ['from the client', new Uint8Array([0, 1, 254, 255]), long];
    await expect.poll(() => peer.received, WITHIN).toEqual(sent);
    for (const message of peer.received) peer.send(message);
    await expect.poll(() => received, WITHIN).toEqual(['from the origin', ...sent]);
    socket.close();
    await expect.poll(() => peer.closed, WITHIN).toBeDefined();
  });

  test('has the subprotocol that the origin chooses, and fields that say whose it is', async () => {
    const { socket, peer } = await open(['chat.v2', 'chat.v1']);
    expect(socket.protocol).toBe('chat.v2');
    expect(peer.headers).toMatchObject({
      'sec-websocket-protocol': 'chat.v2, chat.v1',
      'x-forwarded-host': new URL(worker.url).host,
      'x-forwarded-proto': 'http',
    });
    socket.close();
    await expect.poll(() => peer.closed, WITHIN).toBeDefined();
  });

  test('that the client closes is closed at the origin, with its code', async () => {
    const { socket, peer } = await open();
    socket.close(4001);
    await expect.poll(() => peer.closed, WITHIN).toBe(4001);
  });

  test('that the origin closes is closed at the client, with its code', async () => {
    const { closed, peer } = await open();
    peer.close(4002);
    await expect.poll(closed, WITHIN).toBe(4002);
  });

  test('is a 101 with the origin’s fields, and says how it came', async () => {
    const { status, headers, end } = await handshake('/socket');
    end();
    expect(status).toBe(101);
    expect(headers).toMatchObject({
      'x-own': 'yes',
      'cache-status': 'Tiercel; fwd=bypass; detail=upgrade',
    });
    expect(headers).not.toHaveProperty('cache-tag');
  });

  test('that the origin refuses is its refusal, and nothing is kept', async () => {
    for (let time = 1; time <= 2; time += 1) {
      const { status, headers, body } = await handshake('/refused');
      expect([status, await body()]).toEqual([403, 'no way']);
      expect(headers).toMatchObject({
        'x-why': 'not you',
        'cache-status': 'Tiercel; fwd=bypass; detail=upgrade',
      });
    }
  });

  test('takes of its tenant’s quota: a flood of handshakes does not reach the origin [trap:cache-busting]', async () => {
    const began = performance.now();
    const statuses: number[] = [];
    let refused: Awaited<ReturnType<typeof handshake>> | undefined;
    for (let time = 1; time <= 30; time += 1) {
      const answer = await handshake('/refused', 'localhost');
      statuses.push(answer.status);
      if (answer.status === 503) refused = answer;
      await answer.body();
    }
    const seconds = (performance.now() - began) / 1000;
    const passed = statuses.filter((status) => status === 403).length;
    expect(passed).toBeGreaterThanOrEqual(2);
    expect(passed).toBeLessThanOrEqual(2 + Math.ceil(seconds));
    expect(statuses.filter((status) => status === 503)).toHaveLength(30 - passed);
    expect(refused?.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
    // Others still have theirs.
    expect((await handshake('/refused')).status).toBe(403);
  });
});

describe('server-sent events', () => {
  test.each([
    ['asked for by an EventSource', 'GET', { accept: 'text/event-stream' }],
    ['that somebody gets without asking', 'GET', {}],
    ['in answer to a POST', 'POST', { accept: 'application/json, text/event-stream' }],
  ])('%s come one by one, while the stream is open', async (_what, method, headers) => {
    const before = origin.streams.length;
    const response = await fetch(`${worker.url}/events`, { method, headers });
    const stream = origin.streams[before];
    if (!stream || !response.body) throw new Error('There is no stream.');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (const data of ['one', 'two', 'three']) {
      stream.send(data);
      expect(await events.read()).toEqual({ done: false, value: `data: ${data}\n\n` });
    }
    stream.end();
    expect(await events.read()).toMatchObject({ done: true });
  });

  test('two clients have a stream each, and who leaves ends only its own', async () => {
    const before = origin.streams.length;
    const abort = new AbortController();
    const headers = { accept: 'text/event-stream' };
    await fetch(`${worker.url}/events`, { headers, signal: abort.signal });
    const other = await fetch(`${worker.url}/events`, { headers });
    const [first, second] = origin.streams.slice(before);
    if (!first || !second || !other.body) throw new Error('There are not two streams.');
    abort.abort();
    first.send('for nobody');
    await expect.poll(() => first.gone, WITHIN).toBe(true);
    second.send('still here');
    const events = other.body.pipeThrough(new TextDecoderStream()).getReader();
    expect((await events.read()).value).toBe('data: still here\n\n');
    second.end();
    await events.cancel();
  });
});

/** The opening handshake by hand: what a WebSocket client does not show. */
function handshake(
  path: string,
  host = '127.0.0.1',
): Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: () => Promise<string>;
  readonly end: () => void;
}> {
  return new Promise((resolve, reject) => {
    const request = send(worker.url.replace('127.0.0.1', host) + path, {
      family: 4,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.from('sixteen bytes it').toString('base64'),
      },
    });
    request.once('error', reject);
    request.once('upgrade', ({ statusCode = 0, headers }, socket) => {
      const end = (): void => void socket.destroy();
      resolve({ status: statusCode, headers, body: () => Promise.resolve(''), end });
    });
    request.once('response', (response) => {
      const { statusCode = 0, headers } = response;
      const body = async (): Promise<string> => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        return text;
      };
      resolve({ status: statusCode, headers, body, end: () => void response.destroy() });
    });
    request.end();
  });
}
