import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBundledGateway, type BundledGateway } from '../../dev/launcher/bundled-gateway.ts';

/* Two deployments that have each other as origin, in workerd processes of their own, over real sockets. */

/** Stands in front of a deployment under an address that is known before the deployment has one. */
interface Door {
  readonly url: string;
  /** `CDN-Loop` of what came through, in order. */
  readonly seen: (string | undefined)[];
  leadTo(url: string): void;
  stop(): Promise<void>;
}

async function openDoor(): Promise<Door> {
  let target = '';
  const seen: (string | undefined)[] = [];
  const server: Server = createServer((request, response) => {
    const { headers, method, url } = request;
    seen.push(String(headers['cdn-loop']));
    // A loop that nothing ends must not take the machine with it.
    if (seen.length > 30) return void response.writeHead(500).end('endless');
    const onward = send(target + (url ?? ''), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    return void request.pipe(onward);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    leadTo: (url) => void (target = url),
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

let doors: readonly [Door, Door];
const gateways: BundledGateway[] = [];
beforeAll(async () => {
  doors = [await openDoor(), await openDoor()];
  const [toA, toB] = doors;
  const variables = { CACHE_LOG_LEVEL: 'silent' };
  // One after the other: the bundler's service ends with the first bundle.
  for (const { url } of [toB, toA])
    gateways.push(await startBundledGateway({ origin: url, variables }));
  doors.forEach((door, at) => door.leadTo(gateways[at]?.url ?? ''));
});
afterAll(async () => {
  await Promise.all(gateways.map((one) => one.stop()));
  await Promise.all(doors.map((door) => door.stop()));
});

const hops = (): number => doors.reduce((sum, { seen }) => sum + seen.length, 0);

describe('[trap:ssrf] two deployments that are each other’s origin', () => {
  test.each(['GET', 'POST'])('a %s ends in a 508 after a few hops', async (method) => {
    for (const { seen } of doors) seen.length = 0;
    const entry = doors[0].url;
    const answer = await fetch(`${entry}/round/${method}`, { method });
    expect([answer.status, await answer.json()]).toEqual([
      508,
      expect.objectContaining({ code: 'loop_detected' }),
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    // In through the first door, once through each deployment, and back.
    expect(hops()).toBe(3);
    const [a, b] = doors.map(({ url }) => `tiercel; host="${new URL(url).host}"`);
    expect([doors[0].seen, doors[1].seen]).toEqual([['undefined', `${a}, ${b}`], [a]]);
  });

  test('nothing of it is stored: the next request goes round again', async () => {
    for (const { seen } of doors) seen.length = 0;
    const answer = await fetch(`${doors[0].url}/round/GET`);
    expect([answer.status, hops()]).toEqual([508, 3]);
    expect(answer.headers.get('cache-status')).not.toMatch(/hit|stored/);
  });

  test('a client that writes into the field makes it no longer', async () => {
    for (const garbage of ['"', 'x; a="', '\\', 'tiercel; host="', ',,,', 'Tiercel']) {
      for (const { seen } of doors) seen.length = 0;
      const headers = { 'cdn-loop': garbage };
      expect((await fetch(`${doors[0].url}/round/garbage`, { headers })).status).toBe(508);
      expect(hops()).toBe(3);
    }
  });
});
