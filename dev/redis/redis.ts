import { startEmbedded } from './embedded.ts';
import { startNative } from './native.ts';
import { type RedisServer, RedisUnavailable } from './redis-server.ts';
import { connectToUrl, isRedisUrl, withoutSecrets } from './url.ts';

export { type RedisConnection, type RedisServer, RedisUnavailable } from './redis-server.ts';

/**
 * Brings up the Redis that `choice` asks for.
 *
 * - `auto`: REDIS_URL where it is set; else `redis-server` or `valkey-server` on PATH, 7.0 or later, on a
 *   free loopback port; else the embedded engine.
 * - `embedded`: the Valkey engine as WebAssembly, in a child process.
 * - a `redis://` or `rediss://` URL: a server that is already running.
 *
 * What is started keeps nothing on disk, listens on 127.0.0.1 only and does not outlive this process.
 * `env` (default `process.env`) supplies REDIS_URL and PATH.
 * @throws RedisUnavailable
 */
export async function startRedis(
  choice: string,
  options: { env?: NodeJS.ProcessEnv } = {},
): Promise<RedisServer> {
  const env = options.env ?? process.env;
  if (choice === 'embedded') return startEmbedded();
  if (isRedisUrl(choice)) return connectToUrl(choice, '--redis');
  if (choice !== 'auto') {
    throw new RedisUnavailable(
      `--redis is "${withoutSecrets(choice)}", but must be auto, embedded or a redis:// or rediss:// URL.`,
    );
  }
  const url = env['REDIS_URL'];
  if (url !== undefined && url !== '') return connectToUrl(url, 'REDIS_URL');
  const { server, passedOver } = await startNative(env);
  return server ?? startEmbedded(passedOver);
}
