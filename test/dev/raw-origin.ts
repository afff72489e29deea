import { createServer, type AddressInfo, type Socket } from 'node:net';

/** An origin that answers each request with bytes, one for each character, and closes; behind the status line it says so. */
export interface RawOrigin {
  readonly url: string;
  /** Paths as they were asked for, in order. */
  readonly asked: string[];
  /** What a path is answered with, from now on. */
  script(path: string, bytes: string | Buffer): void;
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startRawOrigin(): Promise<RawOrigin> {
  const answers = new Map<string, string | Buffer>();
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const path = head.split(' ', 2)[1] ?? '';
      asked.push(path);
      const answer = answers.get(path) ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
      socket.end(closing(typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer));
      head = '';
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    script: (path, bytes) => void answers.set(path, bytes),
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Without it a client would use the connection again, and sometimes find it closed. */
function closing(answer: Buffer): Buffer {
  const end = answer.indexOf('\r\n') + 2;
  if (answer.toString('latin1', 0, 5) !== 'HTTP/') return answer;
  return Buffer.concat([
    answer.subarray(0, end),
    Buffer.from('Connection: close\r\n'),
    answer.subarray(end),
  ]);
}
