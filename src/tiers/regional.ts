import { decodeFrame, encodeFrame } from '../codec/frame.ts';
import { InvalidFrame } from '../errors.ts';
import { frameInvalid, type Sink } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { Copy, Tier } from './tier.ts';

export interface RegionalOptions {
  readonly cache: () => Promise<Cache>;
  /** Scheme and host under which a tenant's copies are filed. A host that the Worker serves saves the platform a DNS lookup. */
  readonly base: (tenant: TenantId) => string;
  readonly lifetimeMs: number;
  readonly sink: Sink;
}

const UNTIL = 'x-tiercel-until';

/**
 * The Workers Cache API of one data centre, as a store of frames. None of its HTTP behaviour is relied upon: it ignores
 * `Vary`, forgets at will, deletes in one data centre only, and its local emulation serves past `max-age` under
 * `stale-while-revalidate`; so the times and the stamp travel in our own bytes and are checked on every read.
 */
export class RegionalTier implements Tier {
  readonly name = 'regional';
  readonly local = false;
  readonly lifetimeMs: number;
  readonly #options: RegionalOptions;

  constructor(options: RegionalOptions) {
    this.lifetimeMs = options.lifetimeMs;
    this.#options = options;
  }

  async get(key: CacheKey, now: number): Promise<Copy | undefined> {
    const cache = await this.#options.cache();
    const response = await cache.match(this.#url(key));
    if (!response) return undefined;
    const until = Number(response.headers.get(UNTIL));
    // Read in any case: an unread body holds one of the request's few connections.
    const frame = new Uint8Array(await response.arrayBuffer());
    if (!(until > now)) return undefined;
    try {
      return { key, entry: decodeFrame(key.fullName, frame), until, heldAt: 0 };
    } catch (error) {
      if (!(error instanceof InvalidFrame)) throw error;
      this.#options.sink(frameInvalid(key.tenant, this.name, error.fault));
      return undefined;
    }
  }

  async put(copy: Copy, now: number): Promise<void> {
    if (copy.until <= now) return;
    const frame = encodeFrame(copy.key.fullName, copy.entry);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(frame.byteLength),
      'cache-control': `public, max-age=${Math.max(1, Math.ceil((copy.until - now) / 1000))}`,
      [UNTIL]: String(copy.until),
    };
    const cache = await this.#options.cache();
    await cache.put(this.#url(copy.key), new Response(frame, { headers }));
  }

  async delete(key: CacheKey): Promise<void> {
    const cache = await this.#options.cache();
    await cache.delete(this.#url(key));
  }

  #url(key: CacheKey): string {
    return `${this.#options.base(key.tenant)}/_tiercel/regional/${encodeURIComponent(key.name)}`;
  }
}
