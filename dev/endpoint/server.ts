import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RedisConnection } from '../redis/redis-server.ts';
import { RespConnection } from './connection.ts';
import { createHandler } from './handler.ts';

/** The REST endpoint of a Redis, as the managed service offers one. */
export interface Endpoint {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** Resolves with the reason when the server ends without stop() having been called. Never rejects. */
  readonly died: Promise<string>;
  /** Ends every connection, answered or not. May be called again. */
  stop(): Promise<void>;
}

/**
 * Serves the REST protocol for `redis` on 127.0.0.1, on `port` or (default) a free one. Redis need not be
 * there: while it is away requests are answered with 503. Control routes for tests, with the same token:
 * `GET`/`DELETE /_/counts` (see Counts) and `GET`/`PUT`/`DELETE /_/faults` (see Fault).
 * @throws Error when the port is taken or the token empty, in one sentence
 */
export async function startEndpoint(options: {
  redis: RedisConnection;
  token: string;
  port?: number;
}): Promise<Endpoint> {
  if (options.token === '') throw new Error('The token of the Redis endpoint must not be empty.');
  const redis = new RespConnection(options.redis);
  const handle = createHandler(redis, options.token);
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch(() => response.destroy());
  });
  // Longer than clients keep idle connections: the one that closes first should be the client, which
  // otherwise may send a request into a connection that is just being closed.
  server.keepAliveTimeout = 120_000;
  const port = await listen(server, options.port ?? 0);

  let stopped: Promise<void> | undefined;
  const closed = new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(error.message));
    server.once('close', () => resolve('its server was closed'));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    token: options.token,
    died: new Promise((resolve) => {
      void closed.then((reason) => {
        if (stopped === undefined) resolve(reason);
      });
    }),
    stop() {
      stopped ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        redis.close('the endpoint was stopped');
      });
      return stopped;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'it is already in use' : error.message;
      reject(new Error(`The Redis endpoint cannot listen on 127.0.0.1:${port}: ${reason}.`));
    });
    server.listen(port, '127.0.0.1', () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(address === null || typeof address === 'string' ? port : address.port);
    });
  });
}
