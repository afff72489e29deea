import { Redis } from '@upstash/redis/cloudflare';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { AuthorityUnavailable } from '../../errors.ts';

export interface RedisClientOptions {
  /** `https:` outside loopback. */
  readonly url: string;
  readonly token: string;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Lets the managed service lock only the keys that a script declares instead of the whole database. Other servers
   * refuse a script that carries the flag. Default: on for hosts of the managed service (`*.upstash.io`).
   */
  readonly keyLocking?: boolean;
}

/** A script, its digest computed when it is first called. */
export class Script {
  readonly #source: string;
  readonly #variants = new Map<boolean, { readonly source: string; readonly sha: string }>();

  constructor(source: string) {
    this.#source = source;
  }

  /** The text to send, with the key-locking flag or without. */
  variant(keyLocking: boolean): { readonly source: string; readonly sha: string } {
    let variant = this.#variants.get(keyLocking);
    if (!variant) {
      const source = keyLocking ? `#!lua flags=allow-key-locking\n${this.#source}` : this.#source;
      variant = { source, sha: bytesToHex(sha1(new TextEncoder().encode(source))) };
      this.#variants.set(keyLocking, variant);
    }
    return variant;
  }
}

/**
 * The wire to Redis: explicit pipelines and scripts, every failure an `AuthorityUnavailable`.
 *
 * Options of the SDK that are off, and why: auto-pipelining (one bad command fails its neighbours), deserialization
 * (`"null"` would look like a miss), base64 replies (frames are ASCII), read-your-writes (its token is shared by all
 * requests of an isolate), retries (a write that lost its reply must not run twice). The time limit is a function: as
 * a value it makes an aborted read look like an empty one.
 */
export class RedisClient {
  readonly #redis: Redis;
  readonly #keyLocking: boolean;

  constructor(options: RedisClientOptions) {
    this.#redis = new Redis({
      url: options.url,
      token: options.token,
      enableAutoPipelining: false,
      automaticDeserialization: false,
      responseEncoding: false,
      readYourWrites: false,
      enableTelemetry: false,
      retry: { retries: 0 },
      signal: () => AbortSignal.timeout(options.timeoutMs),
    });
    this.#keyLocking = options.keyLocking ?? new URL(options.url).hostname.endsWith('.upstash.io');
  }

  /** One request: the entries of `names`, then the members and scores of a sorted set from `since` on. */
  async readWithRange(
    names: readonly string[],
    sortedSet: string,
    since: number,
  ): Promise<{ values: unknown[]; range: unknown }> {
    return this.#guard('read', async () => {
      const pipeline = this.#redis.pipeline();
      if (names.length > 0) pipeline.mget(...names);
      pipeline.zrange(sortedSet, since, '+inf', { byScore: true, withScores: true });
      const replies: unknown[] = await pipeline.exec();
      const values = names.length > 0 ? replies[0] : [];
      if (!Array.isArray(values) || values.length !== names.length)
        throw new Error('MGET answered no list of values');
      return { values, range: replies.at(-1) };
    });
  }

  /** Calls a script by its digest, and with its text where the server does not know it yet. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const { source, sha } = script.variant(this.#keyLocking);
    return this.#guard('script', async () => {
      try {
        return await this.#redis.evalsha(sha, [...keys], [...args]);
      } catch (error) {
        // At the beginning only: messages of the SDK go on with the command itself, and so with what callers chose.
        if (!(error instanceof Error) || !/^(?:ERR )?NOSCRIPT\b/.test(error.message)) throw error;
        return this.#redis.eval(source, [...keys], [...args]);
      }
    });
  }

  /** `SET name value NX PX ttl`: true when it was set. */
  async setIfAbsent(name: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#guard(
      'lease',
      async () => (await this.#redis.set(name, value, { nx: true, px: ttlMs })) === 'OK',
    );
  }

  async #guard<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      // The SDK's messages hold the whole command, values included.
      const reason =
        cause instanceof Error ? `${cause.name}: ${cause.message.slice(0, 120)}` : 'unknown error';
      throw new AuthorityUnavailable(`Redis did not answer a ${what}: ${reason}`, { cause });
    }
  }
}
