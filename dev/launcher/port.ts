import { connect, createServer } from 'node:net';

/** The port cannot be used: one sentence that says why and what to do. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

const CONNECT_MS = 1000;

/**
 * Checks that a server can listen on 127.0.0.1:`port` and that nothing answers there already; `port` 0
 * finds a free one. Returns the port. Throws PortError.
 */
export async function claimPort(port: number): Promise<number> {
  // A listener on all addresses or on ::1 does not prevent listening on 127.0.0.1 everywhere, yet
  // it would get the requests for http://localhost.
  if (port !== 0 && ((await answers('127.0.0.1', port)) || (await answers('::1', port)))) {
    throw new PortError(taken(port));
  }
  return listenOnce(port);
}

function taken(port: number): string {
  return `Port ${port} is taken: end what listens there or choose another with --port N (0 picks a free one).`;
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new PortError(explain(port, error), { cause: error }));
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const chosen = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(chosen));
    });
  });
}

function explain(port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return taken(port);
  if (error.code === 'EACCES') {
    return `Port ${port} needs more rights than this user has: choose one above 1023 with --port N.`;
  }
  return `Port ${port} cannot be used (${error.message}): choose another with --port N.`;
}
