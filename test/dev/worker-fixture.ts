import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { startEndpoint, type Endpoint } from '../../dev/endpoint/server.ts';
import { compatibilityDate } from '../../dev/launcher/bundle.ts';
import { startRedis } from '../../dev/redis/redis.ts';
import { startTestOrigin, type TestOrigin } from './origin-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A Worker in a workerd process of its own, reached over TCP. */
export interface RunningWorker {
  readonly url: string;
  get(path: string): Promise<Response>;
  /** Sends a GET on a connection that the test may reset; does not wait for an answer. */
  open(path: string): Promise<Socket>;
  /** Ends the process: memory and the Cache API are gone. */
  stop(): Promise<void>;
}

/** The built bundle, and the Redis, endpoint and origin that it stands on. */
export interface WorkerFixture {
  readonly origin: TestOrigin;
  readonly endpoint: Endpoint;
  start(variables?: Readonly<Record<string, string>>): Promise<RunningWorker>;
  /** How often the path reached the origin. */
  originCount(path: string): Promise<number>;
  /** A control route of the endpoint. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Builds what would be deployed and starts what it needs. */
export async function startWorkerFixture(): Promise<WorkerFixture> {
  const bundle = mkdtempSync(join(tmpdir(), 'tiercel-bundle-'));
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  const building = promisify(execFile)(
    process.execPath,
    [wrangler, 'deploy', '--dry-run', '--outdir', bundle],
    { cwd: root, env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' } },
  );
  const redis = await startRedis('embedded');
  const token = randomBytes(24).toString('hex');
  const endpoint = await startEndpoint({ redis: redis.connection, token });
  const origin = await startTestOrigin();
  await building;
  const script = readFileSync(join(bundle, 'worker.js'), 'utf8');
  const tenants = [{ id: 'demo', hosts: ['127.0.0.1'], origin: origin.url }];

  // The port is part of every key: a Worker that starts again has to be found where it was.
  let port = 0;

  return {
    origin,
    endpoint,
    async start(variables = {}) {
      const values: Record<string, string> = {
        CACHE_PRESET: 'development',
        UPSTASH_REDIS_REST_URL: endpoint.url,
        UPSTASH_REDIS_REST_TOKEN: token,
        TENANTS: JSON.stringify(tenants),
        ...variables,
      };
      const miniflare = new Miniflare({
        host: '127.0.0.1',
        port,
        workers: [
          {
            config: {
              type: 'worker',
              name: 'tiercel',
              compatibilityDate: compatibilityDate(),
              manifest: {
                mainModule: 'worker.js',
                modulesRoot: bundle,
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
      port = Number(url.port);
      return {
        url: url.origin,
        get: (path) => fetch(url.origin + path),
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
    async originCount(path) {
      const counts = (await origin.get('/_/counts')).json() as {
        byPath: Record<string, Record<string, number>>;
      };
      return counts.byPath[path]?.['GET'] ?? 0;
    },
    async control(method, path, body) {
      const response = await fetch(endpoint.url + path, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return response.json();
    },
    async stop() {
      await endpoint.stop();
      await origin.stop();
      await redis.stop();
      rmSync(bundle, { recursive: true, force: true });
    },
  };
}
