import { probe } from './probe.ts';
import { type RedisConnection, type RedisServer, RedisUnavailable } from './redis-server.ts';

export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//i.test(text);
}

/** The text fit for a terminal or a log: user name and password replaced. */
export function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//***@');
}

/**
 * Reads `redis://[[user]:password@]host[:port][/database]`; `rediss` means TLS, the port defaults to 6379.
 * `source` names where the text came from, for the message.
 * @throws RedisUnavailable
 */
export function parseRedisUrl(text: string, source: string): RedisConnection {
  const shape = 'redis://[[user]:password@]host[:port][/database], or rediss:// for TLS';
  const refuse = (): RedisUnavailable =>
    new RedisUnavailable(`${source} is "${withoutSecrets(text)}", but must be ${shape}.`);
  if (!isRedisUrl(text) || !URL.canParse(text)) throw refuse();
  const url = new URL(text);
  const database = /^(?:\/(\d{1,5})?)?$/.exec(url.pathname);
  if (url.hostname === '' || database === null || url.port === '0') throw refuse();
  // An option that is not understood must not be dropped in silence: it could be the one that matters.
  if (url.search !== '' || url.hash !== '') throw refuse();
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username !== '' && { username: decode(url.username, refuse) }),
    ...(url.password !== '' && { password: decode(url.password, refuse) }),
    ...(database[1] !== undefined && { database: Number(database[1]) }),
    ...(url.protocol === 'rediss:' && { tls: true }),
  };
}

function decode(text: string, refuse: () => RedisUnavailable): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse();
  }
}

/**
 * Uses the running Redis that the URL names, after it has answered a PING.
 * @throws RedisUnavailable
 */
export async function connectToUrl(text: string, source: string): Promise<RedisServer> {
  const connection = parseRedisUrl(text, source);
  const shown = withoutSecrets(text);
  const info = await probe(connection).catch((error: Error) => {
    throw new RedisUnavailable(
      `The Redis that ${source} names, ${shown}, cannot be used: ${error.message}`,
    );
  });
  if (info.tooOld) {
    throw new RedisUnavailable(
      `The Redis that ${source} names, ${shown}, is version ${info.version ?? 'unknown'}, but 7.0 or later is needed.`,
    );
  }
  return {
    kind: 'url',
    description: `${info.product}${info.version === undefined ? '' : ` ${info.version}`} at ${shown} (${source})`,
    connection,
    died: new Promise<string>(() => {}),
    stop: () => Promise.resolve(),
  };
}
