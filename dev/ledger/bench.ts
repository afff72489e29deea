import { randomBytes } from 'node:crypto';
import type { Authority, MarkReply } from '../../src/authority/authority.ts';
import { RedisClient } from '../../src/authority/redis/client.ts';
import { RedisAuthority } from '../../src/authority/redis/redis.ts';
import { FrameCodec } from '../../src/codec/frame.ts';
import { KeySpace } from '../../src/tenant/key.ts';
import type { Target } from '../../src/tenant/target.ts';
import { isTenantId, type TenantId } from '../../src/tenant/tenant-id.ts';
import { startEndpoint } from '../endpoint/server.ts';
import { startRedis } from '../redis/redis.ts';

/** The most marks of a kind that a ledger keeps; see src/engine/assemble.ts, which is for Workers only. */
export const MAX_MARKS = 2000;

/** An authority over a Redis of its own, and what it costs to ask it. */
export interface Bench {
  /** Which Redis it is, for people. */
  readonly redis: string;
  readonly authority: Authority;
  /** Name of the heads in Redis. */
  readonly heads: string;
  /** Name of a tenant's ledger in Redis. */
  readonly ledger: (tenant: TenantId) => string;
  readonly tenants: (count: number) => TenantId[];
  /** The newest seq of a tenant's ledger that was marked here; its floor when none was. */
  readonly seen: (tenant: TenantId) => number;
  mark(tenant: TenantId, targets: readonly Target[]): Promise<MarkReply>;
  /** Bytes of the bodies of all HTTP answers that the work got. */
  bytes(work: () => Promise<unknown>): Promise<number>;
  /** One command, past the authority. */
  command(...words: readonly (string | number)[]): Promise<unknown>;
  /** Deletes everything. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** Starts a Redis, or takes an empty one by its URL, with an endpoint in front of it. Throws when it holds data. */
export async function openBench(choice: string): Promise<Bench> {
  const redis = await startRedis(choice);
  const token = randomBytes(24).toString('hex');
  const endpoint = await startEndpoint({ redis: redis.connection, token });
  const keys = new KeySpace('tc', 1);
  const client = new RedisClient({ url: endpoint.url, token, timeoutMs: 60_000 });
  const authority = new RedisAuthority({
    client,
    keys,
    frames: new FrameCodec(),
    retention: { entriesMs: 30 * DAY_MS, copiesMs: DAY_MS, cap: MAX_MARKS },
    source: { now: () => Date.now(), randomId: () => randomBytes(16).toString('hex') },
    sink: () => {},
  });
  const newest = new Map<TenantId, number>();
  let received = 0;
  const platformFetch = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const answer = await platformFetch(...request);
    received += (await answer.clone().arrayBuffer()).byteLength;
    return answer;
  };

  async function command(...words: readonly (string | number)[]): Promise<unknown> {
    const answer = await platformFetch(endpoint.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(words),
    });
    const { result, error } = (await answer.json()) as { result?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${String(words[0])} was refused: ${error}`);
    return result;
  }

  async function close(): Promise<void> {
    globalThis.fetch = platformFetch;
    await command('FLUSHALL');
    await endpoint.stop();
    await redis.stop();
  }

  if (Number(await command('DBSIZE')) > 0) {
    await endpoint.stop();
    await redis.stop();
    throw new Error(`${redis.description} holds data, and measuring would delete it.`);
  }
  return {
    redis: redis.description,
    authority,
    heads: keys.heads,
    ledger: (tenant) => keys.record(tenant, 'ledger'),
    tenants: (count) =>
      Array.from({ length: count }, (_, at) => `tenant-${at}`).filter((id) => isTenantId(id)),
    seen: (tenant) => newest.get(tenant) ?? Number.MAX_SAFE_INTEGER,
    async mark(tenant, targets) {
      const reply = await authority.mark(tenant, targets, 'hard', undefined);
      newest.set(tenant, reply.seq);
      return reply;
    },
    async bytes(work) {
      received = 0;
      await work();
      return received;
    },
    command,
    async empty() {
      await command('FLUSHALL');
      newest.clear();
    },
    close,
  };
}
