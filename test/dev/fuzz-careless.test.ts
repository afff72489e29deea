import { createServer, type IncomingHttpHeaders, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Finding, Invariant } from '../../dev/fuzz/checks.ts';
import { attackOf } from '../../dev/fuzz/generate.ts';
import { startFuzzOrigin } from '../../dev/fuzz/origin.ts';
import { Session } from '../../dev/fuzz/session.ts';
import { TENANTS } from '../../dev/fuzz/tenants.ts';

interface Stored {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** A gateway that does everything wrong: it passes every field on, and stores every answer under its path alone, for everybody. */
async function carelessGateway(originOf: (host: string) => URL | undefined): Promise<Server> {
  const store = new Map<string, Stored>();
  const server = createServer({ insecureHTTPParser: true }, (asked, response) => {
    asked.resume();
    const name = asked.url ?? '';
    const hit = store.get(name);
    const answer = ({ status, headers, body }: Stored): void => {
      response.writeHead(status, [
        ...headers,
        'Cache-Status',
        hit ? 'Tiercel; hit; key="x"' : 'Tiercel; fwd=miss',
      ]);
      response.end(body);
    };
    const origin = originOf(asked.headers.host ?? '');
    if (hit) return answer(hit);
    if (!origin) return void response.writeHead(500).end('{"code":"internal_error"}');
    const forwarded = send(
      {
        host: origin.hostname,
        port: origin.port,
        path: name.replace(/[^\x21-\x7e]/g, ''),
        method: asked.method ?? '',
        headers: printable(asked.headers),
        agent: false,
      },
      (got) => {
        const chunks: Buffer[] = [];
        got.on('data', (chunk: Buffer) => chunks.push(chunk));
        got.on('error', () => response.destroy());
        got.on('end', () => {
          const headers = got.rawHeaders.flatMap((text, at, all) =>
            at % 2 === 0 && !/^(?:content-length|transfer-encoding|connection)$/i.test(text)
              ? [text, all[at + 1] ?? '']
              : [],
          );
          const stored = { status: got.statusCode ?? 500, headers, body: Buffer.concat(chunks) };
          store.set(name, stored);
          try {
            answer(stored);
          } catch {
            response.destroy();
          }
        });
      },
    );
    forwarded.on('error', () => response.destroy());
    forwarded.end();
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

/** Node refuses to send what it has let in. */
function printable(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      String(value).replace(/[^\t\x20-\x7e]/g, '?'),
    ]),
  );
}

test(
  'a gateway that does everything wrong is found out, in every way',
  { timeout: 60_000 },
  async () => {
    const seen = new Set<Invariant>();
    const hear = ({ invariant }: Finding): void => void seen.add(invariant);
    const origins = await Promise.all(
      TENANTS.map(async (tenant) => ({ tenant, origin: await startFuzzOrigin(tenant, hear) })),
    );
    const gateway = await carelessGateway((host) => {
      const found = origins.find(({ tenant }) => tenant.hosts.some((own) => host.startsWith(own)));
      return found && new URL(found.origin.url);
    });
    const session = new Session((gateway.address() as AddressInfo).port, hear, undefined, 500);
    try {
      let number = 0;
      const client = async (): Promise<void> => {
        while (number < 600) {
          number += 1;
          await session.attack(attackOf(1, number));
        }
      };
      await Promise.all(Array.from({ length: 12 }, client));
      // Chance does not have two clients meet at every page.
      const lines = ['Host: plain.fuzz.test'];
      for (const target of ['/b/cookie/9', '/b/cookie/9'])
        await session.attack({ method: 'GET', target, version: 'HTTP/1.1', lines, body: '' });
      await session.cleanAll();
      expect([...seen]).toEqual(
        expect.arrayContaining([
          'own-500',
          'other-tenant',
          'canary',
          'cookie',
          'tags',
          'key',
          'clean',
          'origin-saw',
          'no-answer',
        ]),
      );
    } finally {
      session.close();
      gateway.closeAllConnections();
      await new Promise((resolve) => {
        gateway.close(resolve);
      });
      await Promise.all(origins.map(({ origin }) => origin.stop()));
    }
  },
);
