import type { RedisConnection } from '../redis/redis-server.ts';
import { openLink, RedisDown, type RespLink } from './link.ts';
import type { Command, Reply } from './resp.ts';

/** Connecting and signing in must be done within `connectTimeoutMs` (default 2000). */
export interface RespConnectionOptions {
  readonly connectTimeoutMs?: number;
}

/**
 * A connection to one Redis that opens itself when it is first used, and again when it is used after it
 * was lost. Nothing runs in between: while Redis is away each use makes one attempt, shared by all that
 * come meanwhile, and fails with it.
 */
export class RespConnection {
  readonly #redis: RedisConnection;
  readonly #connectTimeoutMs: number;
  #opening: Promise<RespLink> | undefined;
  #link: RespLink | undefined;
  #closed: string | undefined;

  constructor(redis: RedisConnection, options: RespConnectionOptions = {}) {
    this.#redis = redis;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 2000;
  }

  /**
   * Sends commands in one piece, so that no others come between them, and gives their replies in order.
   * Error replies are replies. Nothing is ever sent twice.
   * @throws RedisDown
   */
  async send(commands: readonly Command[]): Promise<Reply[]> {
    if (this.#closed !== undefined)
      throw new RedisDown(`The connection is closed: ${this.#closed}.`);
    const link = this.#link?.alive === true ? this.#link : await this.#open();
    return link.send(commands);
  }

  /** Ends the connection for good; whatever still waits for an answer is rejected. */
  close(reason = 'the connection was ended here'): void {
    this.#closed ??= reason;
    this.#link?.close(reason);
  }

  async #open(): Promise<RespLink> {
    this.#opening ??= openLink(this.#redis, this.#connectTimeoutMs).finally(() => {
      this.#opening = undefined;
    });
    const link = await this.#opening;
    if (this.#closed !== undefined) link.close(this.#closed);
    this.#link = link;
    return link;
  }
}
