import { Redis } from '@upstash/redis/cloudflare';
import { AuthorityUnavailable } from '../../errors.ts';
import type { Script, ScriptCall } from './script.ts';

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

/** The newest members of a sorted set from `since` on, the newest first, and their scores. */
export interface NewestOf {
  readonly name: string;
  readonly since: number | '-inf';
  readonly limit: number;
}

/** What one request is to read, in this order. */
export interface Reading {
  /** Is set first, if nobody has it. */
  readonly lease?: { readonly name: string; readonly token: string; readonly ttlMs: number };
  /** Entries. */
  readonly names: readonly string[];
  /** The newest members of another sorted set, and the score of one of them. */
  readonly heads?: (NewestOf & { readonly member: string }) | undefined;
  /** A sorted set, of which members and scores from `since` on are read. */
  readonly sortedSet: string;
  readonly since: number;
}

/** What became of one call among several. */
export type ScriptReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: AuthorityUnavailable };

/** One place of a pipeline's answer. */
interface Reply {
  readonly result?: unknown;
  readonly error?: unknown;
}

type Pipeline = ReturnType<Redis['pipeline']>;

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

  /** One request. `acquired` is false without a lease. */
  async read(reading: Reading): Promise<{
    acquired: boolean;
    values: readonly unknown[];
    range: unknown;
    changes: { readonly newest: unknown; readonly own: unknown } | undefined;
  }> {
    const { lease, names, heads, sortedSet, since } = reading;
    return guard(lease ? 'lease' : 'read', async () => {
      const pipeline = this.#redis.pipeline();
      if (lease) {
        const px = Math.max(1, Math.ceil(lease.ttlMs));
        pipeline.set(lease.name, lease.token, { nx: true, px });
      }
      if (names.length > 0) pipeline.mget(...names);
      if (heads) {
        pipeline.zrange(heads.name, '+inf', heads.since, newest(heads));
        pipeline.zscore(heads.name, heads.member);
      }
      pipeline.zrange(sortedSet, since, '+inf', { byScore: true, withScores: true });
      const replies = (await send(pipeline)).values();
      const next = (): unknown => resultOf(replies.next().value ?? {});
      const taken = lease ? next() : null;
      // SET NX answers OK, or nothing when somebody has it.
      if (taken !== 'OK' && taken !== null) throw new Error('SET answered neither OK nor null');
      const values = names.length > 0 ? next() : [];
      if (!Array.isArray(values) || values.length !== names.length)
        throw new Error('MGET answered no list of values');
      // A hint: whatever is wrong with it, the read counts.
      const hint = (): unknown => replies.next().value?.result;
      const changes = heads && { newest: hint(), own: hint() };
      return { acquired: taken === 'OK', values, changes, range: next() };
    });
  }

  /** The newest members of a sorted set, and their scores; undefined when Redis refuses the command. */
  async newest(of: NewestOf): Promise<unknown> {
    return guard('read of the heads', async () => {
      const pipeline = this.#redis.pipeline();
      pipeline.zrange(of.name, '+inf', of.since, newest(of));
      const [reply] = await send(pipeline);
      return reply?.result;
    });
  }

  /** The text that stands under the name. */
  async get(name: string): Promise<string | undefined> {
    return guard('read', async () => {
      const value: unknown = await this.#redis.get(name);
      if (value !== null && typeof value !== 'string') throw new Error('GET answered no text');
      return value ?? undefined;
    });
  }

  /** What stands under the names, in their order; null where there is nothing, or no text. One request. */
  async getAll(names: readonly string[]): Promise<readonly unknown[]> {
    if (names.length === 0) return [];
    return guard('read', async () => {
      const values: unknown = await this.#redis.mget(...names);
      if (!Array.isArray(values) || values.length !== names.length)
        throw new Error('MGET answered no list of values');
      const each: readonly unknown[] = values;
      return each;
    });
  }

  /** One step of a scan. The cursor is `0` at the beginning, and in the answer at the end. */
  async scan(
    cursor: string,
    match: string,
    count: number,
  ): Promise<{ cursor: string; names: readonly string[] }> {
    return guard('scan', async () => {
      const reply: unknown = await this.#redis.scan(cursor, { match, count });
      const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
      const [next, names] = parts;
      if (!/^\d+$/.test(String(next)) || !isStrings(names))
        throw new Error('SCAN answered no cursor and list of names');
      return { cursor: String(next), names };
    });
  }

  /** Calls a script by its digest, and with its text where the server does not know it yet. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const { source, sha } = script.variant(this.#keyLocking);
    return guard('script', async () => {
      try {
        return await this.#redis.evalsha(sha, [...keys], [...args]);
      } catch (error) {
        if (!(error instanceof Error) || !isUnknownScript(error.message)) throw error;
        return this.#redis.eval(source, [...keys], [...args]);
      }
    });
  }

  /**
   * Calls a script several times in one request, in order; replies in order. Rejects when the request failed: then each
   * of the calls may have run. Those that met a server that does not know the script have not run, and they alone are
   * sent again, with its text.
   */
  async runEach(script: Script, calls: readonly ScriptCall[]): Promise<readonly ScriptReply[]> {
    const { source, sha } = script.variant(this.#keyLocking);
    return guard('pipeline of scripts', async () => {
      const replies = await this.#each(calls, (pipeline, { keys, args }) =>
        pipeline.evalsha(sha, [...keys], [...args]),
      );
      const unknown = [...calls.keys()].filter((at) => isUnknownScript(replies[at]?.error));
      if (unknown.length > 0) {
        const again = await this.#each(
          calls.filter((_, at) => unknown.includes(at)),
          (pipeline, { keys, args }) => pipeline.eval(source, [...keys], [...args]),
        );
        for (const [place, reply] of again.entries()) replies[unknown[place] ?? 0] = reply;
      }
      return replies.map((reply) =>
        isFailed(reply)
          ? { ok: false, error: unavailable('script', new Error(String(reply.error))) }
          : { ok: true, value: reply.result },
      );
    });
  }

  async #each(
    calls: readonly ScriptCall[],
    add: (pipeline: Pipeline, call: ScriptCall) => unknown,
  ): Promise<Reply[]> {
    const pipeline = this.#redis.pipeline();
    for (const call of calls) add(pipeline, call);
    return send(pipeline);
  }
}

function newest({ limit }: NewestOf) {
  return { byScore: true, rev: true, offset: 0, count: limit, withScores: true } as const;
}

/** Sends a pipeline; each command has one reply, an error of its own included. */
async function send(pipeline: Pipeline): Promise<Reply[]> {
  const replies: Reply[] = await pipeline.exec({ keepErrors: true });
  if (replies.length !== pipeline.length())
    throw new Error(`${replies.length} replies to ${pipeline.length()} commands`);
  return replies;
}

function resultOf(reply: Reply): unknown {
  if (isFailed(reply)) throw new Error(String(reply.error));
  return reply.result;
}

function isFailed({ error }: Reply): boolean {
  return error !== undefined && error !== null;
}

/** At the beginning only: messages of the SDK go on with the command itself, and so with what callers chose. */
function isUnknownScript(message: unknown): boolean {
  return typeof message === 'string' && /^(?:ERR )?NOSCRIPT\b/.test(message);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

async function guard<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw unavailable(what, cause);
  }
}

/** The SDK's messages hold the whole command, values and tokens included: neither the message nor the cause keeps it. */
function unavailable(what: string, thrown: unknown): AuthorityUnavailable {
  const said =
    thrown instanceof Error ? (thrown.message.split(', command was:', 1)[0] ?? '') : String(thrown);
  const cause = new Error(said.slice(0, 120));
  cause.name = thrown instanceof Error ? thrown.name : 'Error';
  const reason = `${cause.name}: ${cause.message}`;
  // Waiting does not help against this.
  if (/\b(?:unauthorized|WRONGPASS|NOAUTH|NOPERM)\b/i.test(reason))
    return new AuthorityUnavailable(
      `Redis refused the token, or what the token may do (${what}): ${reason}`,
      { cause, retryable: false },
    );
  if (reason.endsWith(': undefined'))
    return new AuthorityUnavailable(
      `What answers at the URL of Redis does not speak its REST protocol, or not now (${what}).`,
      { cause },
    );
  return new AuthorityUnavailable(`Redis did not answer a ${what}: ${reason}`, { cause });
}
