import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { startEndpoint } from '../../dev/endpoint/server.ts';
import { bundleWorker, compatibilityDate } from '../../dev/launcher/bundle.ts';
import { startRedis } from '../../dev/redis/redis.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What keeps the work of a library process alive: the request that it was given, what it finds by itself, or nothing. */
export type Hold = 'request' | 'default' | 'nothing';

/** A workerd process with test/support/library-worker.ts in it. */
export interface LibraryProcess {
  readonly url: string;
  /** The process by its inspector, where one was asked for. */
  readonly inspector: URL | undefined;
  ask(path: string, signal?: AbortSignal): Promise<unknown>;
  /** Sends a GET on a connection that the test may reset, and does not wait for an answer. */
  open(path: string): Promise<Socket>;
  stop(): Promise<void>;
}

export interface LibraryFixture {
  /** Starts a process of its own. `redis: false`: the isolate is its own authority. */
  start(options?: {
    readonly hold?: Hold;
    readonly redis?: false;
    readonly inspector?: true;
    readonly cache?: Readonly<Record<string, unknown>>;
  }): Promise<LibraryProcess>;
  readonly origin: SlowOrigin;
  /** A control route of the endpoint of Redis. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** One command of Redis. */
  command(...words: readonly string[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** An origin that counts, and takes as long as it is told. */
export interface SlowOrigin {
  delayMs: number;
  /** Requests for the path so far, those included that wait. */
  count(path: string): number;
  /** What requests were for, in their order, with the time that passed since the fixture began. */
  readonly url: string;
}

/** Bundles the Worker and starts what it needs. */
export async function startLibraryFixture(): Promise<LibraryFixture> {
  const building = bundleWorker('test/support/library-worker.ts');
  const redis = await startRedis('embedded');
  const token = randomBytes(24).toString('hex');
  const endpoint = await startEndpoint({ redis: redis.connection, token });
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const answer = `${path} ${counts.get(path)}`;
    void sleep(origin.delayMs, undefined, { ref: false }).then(() => response.end(answer));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const origin = {
    delayMs: 0,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (path: string) => counts.get(path) ?? 0,
  };
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(endpoint.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  };
  const script = await building;
  return {
    origin,
    async start({ hold = 'request', redis: withRedis, inspector, cache = {} } = {}) {
      const values = {
        REDIS_URL: withRedis === false ? '' : endpoint.url,
        REDIS_TOKEN: token,
        ORIGIN: origin.url,
        OPTIONS: JSON.stringify(cache),
        HOLD: hold,
      };
      const miniflare = new Miniflare({
        host: '127.0.0.1',
        port: 0,
        ...(inspector && { inspectorPort: 0, inspectorHost: '127.0.0.1' }),
        workers: [
          {
            config: {
              type: 'worker',
              name: 'library',
              compatibilityDate: compatibilityDate(),
              manifest: {
                mainModule: 'worker.js',
                modulesRoot: root,
                modules: { 'worker.js': { type: 'esm', contents: script } },
              },
              env: Object.fromEntries(
                Object.entries(values).map(([name, value]) => [name, { type: 'text', value }]),
              ),
            },
          },
        ],
      });
      const url = await miniflare.ready;
      return {
        url: url.origin,
        inspector: inspector && (await miniflare.getInspectorURL()),
        async ask(path, signal) {
          const response = await fetch(url.origin + path, signal ? { signal } : {});
          const text = await response.text();
          if (!response.ok) throw new Error(`${path} was answered by ${response.status}: ${text}`);
          return JSON.parse(text) as unknown;
        },
        async open(path) {
          const socket = connect(Number(url.port), '127.0.0.1');
          // A reset of ours, and one by the other side, are no failure of the test.
          socket.on('error', () => {});
          await new Promise<void>((resolve) => void socket.once('connect', resolve));
          socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
          return socket;
        },
        stop: () => miniflare.dispose(),
      };
    },
    control,
    command: (...words) => control('POST', '/', words),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      await endpoint.stop();
      await redis.stop();
    },
  };
}
