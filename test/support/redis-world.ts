import type { Retention } from '../../src/authority/authority.ts';
import { RedisClient } from '../../src/authority/redis/client.ts';
import { RedisAuthority } from '../../src/authority/redis/redis.ts';
import type { Entry } from '../../src/codec/entry.ts';
import { FrameCodec, type FrameOptions } from '../../src/codec/frame.ts';
import type { TelemetryEvent } from '../../src/telemetry/events.ts';
import type { CacheKey, KeySpace } from '../../src/tenant/key.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import type { TestEndpoint } from './control.ts';
import { keySpace } from './entries.ts';

/** An authority over a real endpoint, the clock of its caller, and what it reported. */
export interface RedisWorld {
  readonly authority: RedisAuthority;
  readonly events: TelemetryEvent[];
  readonly advance: (ms: number) => void;
  /** Does something before the next frame is encoded, which is between the read of a touch and its write. */
  readonly beforeNextFrame: (action: () => Promise<unknown>) => void;
}

export interface RedisWorldOptions {
  /** How long one request may take, in milliseconds. Default 10 s. */
  readonly timeoutMs?: number;
  readonly keys?: KeySpace;
  readonly frames?: FrameOptions;
}

/** Makes an authority of its own on an endpoint. */
export function redisWorld(
  endpoint: TestEndpoint,
  retention: Retention,
  { timeoutMs = 10_000, keys = keySpace, frames }: RedisWorldOptions = {},
): RedisWorld {
  const events: TelemetryEvent[] = [];
  let skew = 0;
  const codec = new PausingCodec(frames);
  const authority = new RedisAuthority({
    client: new RedisClient({ url: endpoint.url, token: endpoint.token, timeoutMs }),
    keys,
    frames: codec,
    retention,
    source: {
      now: () => Date.now() + skew,
      randomId: () => crypto.randomUUID().replaceAll('-', ''),
    },
    sink: (event) => void events.push(event),
  });
  return {
    authority,
    events,
    advance: (ms) => void (skew += ms),
    beforeNextFrame: (action) => void (codec.pause = action),
  };
}

class PausingCodec extends FrameCodec {
  pause: (() => Promise<unknown>) | undefined;

  override async encode(key: CacheKey, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
    const { pause } = this;
    this.pause = undefined;
    if (pause) await pause();
    return super.encode(key, entry);
  }
}

/** The name of the tenant's ledger in Redis. */
export const ledgerName = (tenant: TenantId): string => keySpace.record(tenant, 'ledger');

/** The member of a ledger that holds its epoch. */
export async function epochMember(endpoint: TestEndpoint, tenant: TenantId): Promise<string> {
  const rows = await endpoint.command('ZRANGEBYSCORE', ledgerName(tenant), '+inf', '+inf');
  if (!Array.isArray(rows) || typeof rows[0] !== 'string') throw new Error('There is no epoch.');
  return rows[0];
}

/** Puts another member in place of the one that holds the epoch. */
export async function rewriteEpoch(
  endpoint: TestEndpoint,
  tenant: TenantId,
  rewrite: (member: string) => string,
): Promise<void> {
  const member = await epochMember(endpoint, tenant);
  await endpoint.command('ZREM', ledgerName(tenant), member);
  await endpoint.command('ZADD', ledgerName(tenant), '+inf', rewrite(member));
}
