import type { FrameCodec } from '../codec/frame.ts';
import { InvalidFrame } from '../errors.ts';
import { frameInvalid, tierInert, type Sink } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { Copy, ExaminedCopy, Tier, TierStatus } from './tier.ts';

export interface RegionalOptions {
  /** The cache to keep copies in; undefined where the platform has none. See {@link platformCache}. */
  readonly cache: () => Promise<Cache> | undefined;
  /** Scheme and host under which a tenant's copies are filed. A host that the Worker serves saves the platform a DNS lookup. */
  readonly base: (tenant: TenantId) => string;
  readonly lifetimeMs: number;
  readonly frames: FrameCodec;
  readonly sink: Sink;
  /** How long a cache that was found inert is left alone, in milliseconds. Default 3 minutes. */
  readonly probeAgainMs?: number;
}

/** A copy as the platform's cache has it. */
interface Held {
  readonly until: number;
  readonly frame: Uint8Array;
}

const UNTIL = 'x-tiercel-until';
/** A probe that has been under way for so long has lost its owner. */
const PROBE_MS = 10_000;

/** Opens a cache of the platform by name. Undefined outside Workers: there is no `caches`. */
export function platformCache(name: string): Promise<Cache> | undefined {
  return 'caches' in globalThis ? caches.open(name) : undefined;
}

/**
 * The Workers Cache API of one data centre, as a store of frames. None of its HTTP behaviour is relied upon: it ignores
 * `Vary`, forgets at will, deletes in one data centre only, and its local emulation serves past `max-age` under
 * `stale-while-revalidate`; so the times and the stamp travel in our own bytes and are checked on every read.
 *
 * In some places (`workers.dev`, previews, playgrounds) the platform's cache accepts everything and keeps nothing. So the
 * first put of an isolate looks whether it can be read back, which costs one more call, unless a hit has shown it before. A cache
 * that keeps nothing is reported once and is then not called at all, until a put some minutes later looks again.
 */
export class RegionalTier implements Tier {
  readonly name = 'regional';
  readonly local = false;
  readonly lifetimeMs: number;
  readonly #options: RegionalOptions;
  #status: TierStatus = 'unknown';
  #probeSentAt: number | undefined;
  #inertSince = 0;

  constructor(options: RegionalOptions) {
    this.lifetimeMs = options.lifetimeMs;
    this.#options = options;
  }

  status(): TierStatus {
    return this.#status;
  }

  async get(key: CacheKey, now: number): Promise<Copy | undefined> {
    const cache = this.#status === 'inert' ? undefined : await this.#open(now);
    const held = await this.#match(cache, key);
    if (!held || !(held.until > now)) return undefined;
    const examined = await this.#decode(key, held);
    if (examined.state === 'copy') return examined.copy;
    if (examined.state === 'undecodable')
      this.#options.sink(frameInvalid(key.tenant, this.name, examined.fault));
    return undefined;
  }

  async examine(key: CacheKey): Promise<ExaminedCopy> {
    const held = await this.#match(await this.#options.cache(), key);
    return held ? this.#decode(key, held) : { state: 'absent' };
  }

  async put(copy: Copy, now: number): Promise<void> {
    if (copy.until <= now || this.#isLeftAlone(now)) return;
    const cache = await this.#open(now);
    if (!cache) return;
    const frame = await this.#options.frames.encode(copy.key, copy.entry);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(frame.byteLength),
      'cache-control': `public, max-age=${Math.max(1, Math.ceil((copy.until - now) / 1000))}`,
      [UNTIL]: String(copy.until),
    };
    const url = this.#url(copy.key);
    await cache.put(url, new Response(frame, { headers }));
    if (this.#status !== 'works') await this.#probe(cache, url, now);
  }

  async delete(key: CacheKey): Promise<void> {
    // Also while inert: this call is for purges, and what is known of the cache may be out of date.
    await (await this.#options.cache())?.delete(this.#url(key));
  }

  async #match(cache: Cache | undefined, key: CacheKey): Promise<Held | undefined> {
    const response = await cache?.match(this.#url(key));
    if (!response) return undefined;
    this.#status = 'works';
    const until = Number(response.headers.get(UNTIL));
    // Read in any case: an unread body holds one of the request's few connections.
    return { until, frame: new Uint8Array(await response.arrayBuffer()) };
  }

  async #decode(key: CacheKey, { until, frame }: Held): Promise<ExaminedCopy> {
    try {
      const entry = await this.#options.frames.decode(key, frame);
      return { state: 'copy', copy: { key, entry, until, heldAt: 0, prepared: undefined } };
    } catch (error) {
      if (!(error instanceof InvalidFrame)) throw error;
      return { state: 'undecodable', fault: error.fault };
    }
  }

  async #open(now: number): Promise<Cache | undefined> {
    const cache = await this.#options.cache();
    if (!cache) this.#foundInert(now);
    return cache;
  }

  /** Looks whether what was just put is there. One at a time; one that fails says nothing, and the next put looks again. */
  async #probe(cache: Cache, url: string, now: number): Promise<void> {
    if (this.#probeSentAt !== undefined && age(this.#probeSentAt, now) < PROBE_MS) return;
    this.#probeSentAt = now;
    try {
      const response = await cache.match(url);
      await response?.body?.cancel();
      if (response) this.#status = 'works';
      // A hit may have been seen meanwhile.
      else if (this.#status !== 'works') this.#foundInert(now);
    } finally {
      this.#probeSentAt = undefined;
    }
  }

  #foundInert(now: number): void {
    this.#inertSince = now;
    if (this.#status === 'inert') return;
    this.#status = 'inert';
    this.#options.sink(tierInert(this.name));
  }

  #isLeftAlone(now: number): boolean {
    const { probeAgainMs = 180_000 } = this.#options;
    return this.#status === 'inert' && age(this.#inertSince, now) < probeAgainMs;
  }

  #url(key: CacheKey): string {
    return `${this.#options.base(key.tenant)}/_tiercel/regional/${encodeURIComponent(key.name)}`;
  }
}

/** On either side of zero: a clock may be set back. */
function age(since: number, now: number): number {
  return Math.abs(now - since);
}
