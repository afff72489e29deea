import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEndpoint } from '../endpoint/server.ts';
import { startRedis } from '../redis/redis.ts';
import { type LogLine, WorkerProcess } from '../torture/worker-process.ts';
import { bundleWorker, compatibilityDate } from './bundle.ts';
import { undoAll, type Undo } from './undo.ts';

export interface BundledGatewayOptions {
  readonly origin: string;
  /** Members of the tenant's entry besides `id`, `hosts` and `origin`. Default: none. */
  readonly tenant?: Readonly<Record<string, unknown>>;
  /** Settings besides the preset, Redis and the tenants, or in place of them. Default: none. */
  readonly variables?: Readonly<Record<string, string>>;
  /** `auto`: a server from PATH, else the embedded one; never the one that REDIS_URL names. Default `embedded`. */
  readonly redis?: 'auto' | 'embedded';
  /** Hears what the Worker and the runtime itself write. Default: nobody does. */
  readonly onLog?: (line: LogLine) => void;
  /** True: its isolate can be inspected. */
  readonly inspected?: true;
}

/** The deployed Worker in workerd, with a Redis of its own and nothing of a development server in front. */
export interface BundledGateway {
  /** `http://127.0.0.1:PORT`; the port is a free one. */
  readonly url: string;
  /** The process of workerd. Throws when it does not run. */
  readonly pid: () => number;
  /** Where its inspector listens. Throws where none was asked for. */
  readonly inspector: () => Promise<URL>;
  readonly preset: string;
  /** Which Redis it is, for people. */
  readonly redis: string;
  /** Resolves with the reason when Redis ends by itself. Never rejects. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/** The one that `npm start` uses. */
const PRESET = 'development';

/** Bundles `src/worker.ts` and starts it; what was started is stopped when a part does not come up. */
export async function startBundledGateway({
  origin,
  tenant = {},
  variables = {},
  redis: choice = 'embedded',
  onLog,
  inspected,
}: BundledGatewayOptions): Promise<BundledGateway> {
  const undo: Undo[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'tiercel-gateway-'));
    undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    const script = await bundleWorker('src/worker.ts');
    const redis = await startRedis(choice, { env: { ...process.env, REDIS_URL: '' } });
    undo.push(() => redis.stop());
    const token = randomBytes(24).toString('hex');
    const endpoint = await startEndpoint({ redis: redis.connection, token });
    undo.push(() => endpoint.stop());
    const worker = await WorkerProcess.start({
      index: 0,
      name: 'tiercel',
      script,
      compatibilityDate: compatibilityDate(),
      folder,
      direct: true,
      ...(onLog && { onLog }),
      ...(inspected && { inspected }),
      variables: {
        CACHE_PRESET: PRESET,
        UPSTASH_REDIS_REST_URL: endpoint.url,
        UPSTASH_REDIS_REST_TOKEN: token,
        TENANTS: JSON.stringify([{ ...tenant, id: 'demo', hosts: ['127.0.0.1'], origin }]),
        ...variables,
      },
    });
    undo.push(() => worker.stop());
    return {
      url: `http://127.0.0.1:${worker.port}`,
      pid: () => worker.pid,
      inspector: () => worker.inspector(),
      preset: PRESET,
      redis: redis.description,
      died: redis.died.then((reason) => `Redis ${reason}`),
      stop: () => undoAll(undo),
    };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}
