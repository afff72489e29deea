import type { Entry } from '../../codec/entry.ts';
import { frameToText, textToFrame } from '../../codec/frame-text.ts';
import type { FrameCodec } from '../../codec/frame.ts';
import { InvalidFrame } from '../../errors.ts';
import { frameInvalid, type Sink } from '../../telemetry/events.ts';
import type { CacheKey } from '../../tenant/key.ts';

export interface StoredEntriesOptions {
  readonly frames: FrameCodec;
  readonly now: () => number;
  readonly sink: Sink;
  /** The tier's name in events. */
  readonly tier: string;
}

/** Entries as the text that Redis holds. */
export class StoredEntries {
  readonly #options: StoredEntriesOptions;

  constructor(options: StoredEntriesOptions) {
    this.#options = options;
  }

  async toText(key: CacheKey, entry: Entry): Promise<string> {
    return frameToText(await this.#options.frames.encode(key, entry));
  }

  /** Undefined when it is no text, or an entry that is over; also when it can't be read, which is an event. */
  async fromText(key: CacheKey, value: unknown): Promise<Entry | undefined> {
    if (typeof value !== 'string') return undefined;
    const { frames, now, sink, tier } = this.#options;
    try {
      const entry = await frames.decode(key, textToFrame(value));
      return entry.expiresAt > now() ? entry : undefined;
    } catch (error) {
      if (!(error instanceof InvalidFrame)) throw error;
      sink(frameInvalid(key.tenant, tier, error.fault));
      return undefined;
    }
  }
}
