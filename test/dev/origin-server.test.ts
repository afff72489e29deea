import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OriginUnavailable, startOrigin } from '../../dev/origin/server.ts';
import { smallDataSet, startTestOrigin, temporaryFolder } from './origin-fixture.ts';

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

const options = () => ({
  databaseFile: join(folder.path, 'cities.sqlite'),
  dataSet: smallDataSet,
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.internal === false && address.family === 'IPv4')?.address;
if (outside === undefined) {
  console.log('Skipped: "listens on loopback only" needs an IPv4 address besides 127.0.0.1.');
}

describe('stop', () => {
  it('ends idle keep-alive connections at once, and may be repeated', async () => {
    const origin = await startTestOrigin();
    const socket = connect(Number(new URL(origin.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /cities/1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await Promise.all([origin.stop(), origin.stop()]);
    await closed;
    await expect(origin.get('/cities/1')).rejects.toThrow('fetch failed');
  });

  it('drops a request that waits for a fault', async () => {
    const origin = await startTestOrigin();
    await origin.send('POST', '/_/faults', { latencyMs: 60_000 });
    const failure = origin.get('/cities/1').then(
      ({ status }) => `answered ${status}`,
      (error: Error) => error.message,
    );
    await vi.waitFor(async () => {
      const counts = (await origin.get('/_/counts')).json();
      expect(counts).toMatchObject({ requests: 1 });
    });
    const started = performance.now();
    await origin.stop();
    expect(await failure).toBe('fetch failed');
    // Not by the 2 s after which stop() ends what is still under way.
    expect(performance.now() - started).toBeLessThan(1_900);
  });

  it('is not taken for a death', async () => {
    const origin = await startOrigin(options());
    await origin.stop();
    expect(await Promise.race([origin.died, delay(50, 'alive')])).toBe('alive');
  });
});

describe('start', () => {
  it('says in one sentence that a port is taken, and can be tried again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startOrigin({ ...options(), port })).rejects.toThrow(
      new OriginUnavailable(
        `Port ${port} of 127.0.0.1 is already in use: give the origin another one.`,
      ),
    );
    other.close();
    await once(other, 'close');

    const origin = await startOrigin({ ...options(), port });
    expect(origin.url).toBe(`http://127.0.0.1:${port}`);
    await origin.stop();
  });

  it('listens on loopback only', async (context) => {
    context.skip(outside === undefined, 'this machine has no IPv4 address but loopback');
    const origin = await startTestOrigin();
    const { port } = new URL(origin.url);
    await expect(fetch(`http://${outside}:${port}/`)).rejects.toThrow('fetch failed');
    await origin.stop();
  });

  it('prints each event as one line of JSON unless it is given a sink', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const origin = await startOrigin(options());
    await fetch(`${origin.url}/cities/1`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"lat":1}',
    });
    await origin.stop();
    expect(log.mock.calls).toEqual([
      [expect.stringMatching(/^\{"type":"city\.updated","id":1,"country":"AD","at":"[^"]+Z"\}$/)],
    ]);
    log.mockRestore();
  });

  it('a sink that fails is reported and leaves the change and the answer alone', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const origin = await startOrigin({
      ...options(),
      onEvent: () => Promise.reject(new Error('no route')),
    });
    const response = await fetch(`${origin.url}/cities/1`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"lat":1}',
    });
    expect(response.status).toBe(200);
    await vi.waitFor(() =>
      expect(error).toHaveBeenCalledWith(
        'origin: the event city.updated for city 1 was not taken:',
        new Error('no route'),
      ),
    );
    await origin.stop();
    error.mockRestore();
  });
});
