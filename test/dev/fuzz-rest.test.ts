import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBareWorker } from '../../dev/fuzz/bare.ts';
import { atRest, type Rest } from '../../dev/fuzz/rest.ts';
import { TENANTS } from '../../dev/fuzz/tenants.ts';
import { Wire } from '../../dev/fuzz/wire.ts';

const REQUESTS = 600;
const BODY = 40_000;
/** What all of the bodies weigh. */
const ALL = REQUESTS * BODY;

const origin = createServer((asked, response) => {
  response.end(asked.url?.includes('nudge') === true ? 'x' : Buffer.alloc(BODY, 'x'));
});
beforeAll(() => new Promise<void>((resolve) => void origin.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  origin.closeAllConnections();
  origin.close();
});

/** What a Worker holds before and after some requests, each with a body of its own. */
async function grown(script?: string): Promise<Rest> {
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const worker = await startBareWorker({ plain: url }, script);
  const port = Number(new URL(worker.url).port);
  const wire = new Wire(port);
  const ask = (target: string) =>
    wire.send({
      method: 'GET',
      target,
      version: 'HTTP/1.1',
      lines: [`Host: ${TENANTS[0]?.hosts[0]}`],
      body: '',
    });
  try {
    for (let at = 0; at < REQUESTS; at += 1) await ask(`/nudge-before-${at}`);
    const before = await atRest(await worker.inspector(), port, worker.pid());
    for (let at = 0; at < REQUESTS; at += 1) await ask(`/page-${at}`);
    const after = await atRest(await worker.inspector(), port, worker.pid());
    return { heap: after.heap - before.heap, resident: after.resident - before.resident };
  } finally {
    wire.close();
    await worker.stop();
  }
}

const through = (what: string): string => `
  const kept = [];
  export default {
    async fetch(request, env, execution) {
      const key = 'https://cache.test/' + new URL(request.url).pathname;
      await caches.default.match(key);
      const response = await fetch(env.plain + new URL(request.url).pathname);
      ${what}
    },
  };`;

test('garbage is not counted as what a Worker holds', { timeout: 60_000 }, async () => {
  const { heap } = await grown();
  expect(heap).toBeLessThan(ALL / 10);
});

test('a Worker that keeps every body is seen by its isolate', { timeout: 60_000 }, async () => {
  const { heap } = await grown(
    through('kept.push(await response.arrayBuffer()); return new Response("ok");'),
  );
  expect(heap).toBeGreaterThan(ALL * 0.9);
});

test(
  'what is held by work that does not end is seen by the process alone',
  { timeout: 60_000 },
  async () => {
    const { heap, resident } = await grown(
      through(`
      const other = response.clone();
      execution.waitUntil(new Promise((end) => setTimeout(() => end(other), 25_000)));
      return response;`),
    );
    expect(heap).toBeLessThan(ALL / 2);
    expect(resident).toBeGreaterThan(ALL * 0.5);
  },
);
