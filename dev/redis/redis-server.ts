/** How to reach a Redis. `port` in 1..65535; `database` defaults to 0, `tls` to false. */
export interface RedisConnection {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
  readonly tls?: boolean;
}

/** A Redis that was started here or, for `url`, found running. */
export interface RedisServer {
  readonly kind: 'url' | 'redis-server' | 'valkey-server' | 'embedded';
  /** One line for people, for instance "embedded Valkey 9.1.1 (WebAssembly), 127.0.0.1:41234". No secrets. */
  readonly description: string;
  readonly connection: RedisConnection;
  /**
   * Resolves with the reason when the server ends without stop() having been called. Never rejects.
   * For `url` it never resolves: that server is not ours to watch, and its clients reconnect.
   */
  readonly died: Promise<string>;
  /** Resolves once the process has gone. May be called again. For `url` it leaves the server alone. */
  stop(): Promise<void>;
}

/** No Redis can be had. The message is one sentence meant for the person at the terminal. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}
