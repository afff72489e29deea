import { LRUCache } from 'lru-cache';
import { textToFrame } from '../../codec/frame-text.ts';
import type { FrameCodec } from '../../codec/frame.ts';
import { InvalidFrame } from '../../errors.ts';
import { draw, fractionOf } from '../../runtime.ts';
import { parseName, type CacheKey, type KeySpace } from '../../tenant/key.ts';
import type { TenantId } from '../../tenant/tenant-id.ts';
import { SAMPLE_REQUESTS, type Examined } from '../authority.ts';
import type { RedisClient } from './client.ts';

/** Names that Redis looks at in one step: the most that the managed service takes. */
const SCAN_COUNT = 1000;
/** Of so many tenants it is known where the last search ended. */
const MAX_CURSORS = 1000;

export interface RedisExaminationOptions {
  readonly client: Pick<RedisClient, 'getAll' | 'scan'>;
  readonly keys: KeySpace;
  readonly frames: FrameCodec;
  readonly randomId: () => string;
}

/** Looks at what Redis holds, for operators: without events, without a change, whether or not it is still valid. */
export class RedisExamination {
  readonly #client: Pick<RedisClient, 'getAll' | 'scan'>;
  readonly #keys: KeySpace;
  readonly #frames: FrameCodec;
  readonly #randomId: () => string;
  /** Each search goes on where the tenant's last one ended, so that several of them see other keys. */
  readonly #cursors = new LRUCache<TenantId, string>({ max: MAX_CURSORS });

  constructor({ client, keys, frames, randomId }: RedisExaminationOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#frames = frames;
    this.#randomId = randomId;
  }

  async examine(keys: readonly CacheKey[]): Promise<readonly Examined[]> {
    const values = await this.#client.getAll(keys.map(({ name }) => name));
    return Promise.all(keys.map((key, at) => this.#examine(key, values[at])));
  }

  /** By SCAN, with at most {@link SAMPLE_REQUESTS} steps. A name that was shortened does not tell its key: it is left out. */
  async sample(tenant: TenantId, count: number): Promise<readonly string[]> {
    const head = `${this.#keys.prefix}:v${this.#keys.version}:t:${tenant}:`;
    const found = new Set<string>();
    let cursor = this.#cursors.get(tenant) ?? '0';
    let ends = cursor === '0' ? 1 : 2;
    // A cursor that Redis refuses must not be tried again.
    this.#cursors.delete(tenant);
    for (let step = 0; step < SAMPLE_REQUESTS && found.size < count && ends > 0; step += 1) {
      // No character of a prefix or a tenant has a meaning in a pattern.
      const answer = await this.#client.scan(cursor, `${head}*`, SCAN_COUNT);
      for (const name of answer.names)
        if (parseName(name)?.segments) found.add(name.slice(head.length));
      cursor = answer.cursor;
      if (cursor === '0') ends -= 1;
    }
    this.#cursors.set(tenant, cursor);
    return draw([...found], count, () => fractionOf(this.#randomId()));
  }

  async #examine(key: CacheKey, value: unknown): Promise<Examined> {
    if (typeof value !== 'string') return { state: 'absent' };
    try {
      return { state: 'entry', entry: await this.#frames.decode(key, textToFrame(value)) };
    } catch (error) {
      if (!(error instanceof InvalidFrame)) throw error;
      return { state: 'undecodable', fault: error.fault };
    }
  }
}
