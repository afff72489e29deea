import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RespConnection } from '../endpoint/connection.ts';
import { type Endpoint, startEndpoint } from '../endpoint/server.ts';
import { type RedisServer, startRedis } from '../redis/redis.ts';
import { compatibilityDate } from '../launcher/bundle.ts';
import { undoAll, type Undo } from '../launcher/undo.ts';
import { gatewayHost } from './places.ts';
import type { LoadBook } from './load-book.ts';
import { startTortureOrigin, type TortureOrigin } from './origin.ts';
import type { Random } from './random.ts';
import { WorkerProcess } from './worker-process.ts';

/** The tenants that have pages; those of the library may have any name. So many that isolates ask by heads. */
export const BUSY_TENANTS = ['shop', 'news', 'blog', 'maps', 'mail'] as const;
/** Those of directed episodes, so many that two episodes seldom meet in one. */
export const PAGE_DRILL_TENANTS = Array.from({ length: 24 }, (_, at) => `drill-pages-${at}`);

export interface StackOptions {
  readonly redis: 'auto' | 'embedded';
  readonly processes: number;
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
  readonly script: string;
  readonly book: LoadBook;
  readonly random: Random;
}

/** Everything that a run stands on. */
export interface Stack {
  readonly redis: RedisServer;
  /** A connection of the run's own, past the endpoints. */
  readonly commands: RespConnection;
  /** One for each process, all of them on the one Redis: so a fault can hit one process or all. */
  readonly endpoints: readonly Endpoint[];
  readonly origin: TortureOrigin;
  readonly processes: readonly WorkerProcess[];
  /** The token that the gateway's routes take. */
  readonly token: string;
  /** Resolves with the reason when a part that should run ends by itself. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/** Starts Redis, its endpoints, the origin and the processes; what was started is stopped when one of them does not come up. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const undo: Undo[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= undoAll(undo));
  try {
    const folder = await mkdtemp(join(tmpdir(), 'tiercel-torture-'));
    undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    // Never the one that REDIS_URL names: it is flushed.
    const redis = await startRedis(options.redis, { env: { ...process.env, REDIS_URL: '' } });
    undo.push(() => redis.stop());
    const commands = new RespConnection(redis.connection);
    undo.push(async () => commands.close());
    const redisToken = randomBytes(24).toString('hex');
    const endpoints: Endpoint[] = [];
    for (let index = 0; index < options.processes; index += 1) {
      const endpoint = await startEndpoint({ redis: redis.connection, token: redisToken });
      undo.push(() => endpoint.stop());
      endpoints.push(endpoint);
    }
    const origin = await startTortureOrigin(options.book, options.random);
    undo.push(() => origin.stop());
    const token = randomBytes(24).toString('hex');
    const shared = variables(options, origin.url, redisToken, token);
    const processes: WorkerProcess[] = [];
    undo.push(() => Promise.all(processes.map((process) => process.stop())));
    for (const [index, { url }] of endpoints.entries()) {
      processes.push(
        await WorkerProcess.start({
          index,
          name: 'torture',
          script: options.script,
          compatibilityDate: compatibilityDate(),
          // For the Worker of the run itself, which tells whose event is whose by it.
          compatibilityFlags: ['nodejs_als'],
          variables: { ...shared, UPSTASH_REDIS_REST_URL: url },
          folder,
        }),
      );
    }
    return {
      redis,
      commands,
      endpoints,
      origin,
      processes,
      token,
      died: redis.died.then((reason) => `Redis ${reason}`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function variables(
  options: StackOptions,
  origin: string,
  redisToken: string,
  token: string,
): Readonly<Record<string, string>> {
  const tenants = [...BUSY_TENANTS, ...PAGE_DRILL_TENANTS].map((id) => ({
    id,
    hosts: [gatewayHost(id), `www.${gatewayHost(id)}`],
    origin: `${origin}/${id}`,
  }));
  const sha256 = createHash('sha256').update(token).digest('hex');
  return {
    CACHE_PRESET: 'development',
    CACHE_LOG_LEVEL: 'silent',
    CACHE_COHERENCE_MS: String(options.coherenceMs),
    CACHE_MAX_UNVERIFIED_MS: String(options.maxUnverifiedMs),
    // The least that is allowed, so that entries keep falling out of memory.
    CACHE_MEMORY_BYTES: '1MiB',
    CACHE_REDIS_TIMEOUT_MS: '500',
    UPSTASH_REDIS_REST_TOKEN: redisToken,
    TENANTS: JSON.stringify(tenants),
    CREDENTIALS: JSON.stringify([{ id: 'torture', sha256, tenant: '*', scopes: ['purge'] }]),
    TORTURE_ORIGIN: origin,
  };
}
