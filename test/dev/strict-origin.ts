import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a strict parser has read it; names of fields in lower case, repeated ones repeated. */
export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** An origin that takes nothing which HTTP does not allow, and answers each request with its own line, for a minute fresh. */
export interface StrictOrigin {
  readonly url: string;
  readonly seen: StrictRequest[];
  /** What came and was no request. */
  readonly malformed: readonly string[];
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startStrictOrigin(): Promise<StrictOrigin> {
  const seen: StrictRequest[] = [];
  const malformed: string[] = [];
  const server = createServer({ insecureHTTPParser: false }, (request, response) => {
    const { method = '', url: target = '', rawHeaders } = request;
    const fields = rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? ''] as const] : [],
    );
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ method, target, fields, body });
      response.setHeader('cache-control', 'max-age=60');
      response.end(`${method} ${target}`);
    });
  });
  server.on('clientError', (error, socket) => {
    malformed.push(String(error));
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    malformed,
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
