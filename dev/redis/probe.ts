import { RespConnection } from '../endpoint/connection.ts';
import type { RedisConnection } from './redis-server.ts';

/** What a Redis says of itself. */
export interface RedisInfo {
  readonly product: 'Redis' | 'Valkey';
  /** Absent where the server does not tell, as some managed services do not. */
  readonly version?: string;
  readonly processId?: number;
  /** True when the server is known to lack the Redis 7.0 command set. */
  readonly tooOld: boolean;
}

/**
 * Sends PING and asks for the version. Rejects with one sentence when there is no answer within
 * `timeoutMs` (default 3000), or when the answer is an error or not Redis at all.
 */
export async function probe(connection: RedisConnection, timeoutMs = 3000): Promise<RedisInfo> {
  const redis = new RespConnection(connection, { connectTimeoutMs: timeoutMs });
  const timer = setTimeout(() => {
    redis.close(`no answer within ${timeoutMs} ms`);
  }, timeoutMs);
  try {
    const [pong, info] = await redis.send([['PING'], ['INFO', 'server']]);
    if (pong?.type === 'error') throw new Error(`it answers PING with "${pong.text}".`);
    return readInfo(info?.type === 'bulk' ? info.bytes.toString() : '');
  } finally {
    clearTimeout(timer);
    redis.close();
  }
}

function readInfo(text: string): RedisInfo {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:(.+?)\\r?$`, 'm').exec(text)?.[1];
  const commandSet = field('redis_version');
  const version = field('valkey_version') ?? commandSet;
  const processId = field('process_id');
  return {
    product: field('valkey_version') === undefined ? 'Redis' : 'Valkey',
    ...(version !== undefined && { version }),
    ...(processId !== undefined && { processId: Number(processId) }),
    // Valkey reports the Redis version that it is compatible with as redis_version.
    tooOld: commandSet !== undefined && Number.parseInt(commandSet, 10) < 7,
  };
}
