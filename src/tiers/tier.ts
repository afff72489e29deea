import type { Entry } from '../codec/entry.ts';
import type { FrameFault } from '../errors.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';

/** A copy of an entry in a tier. */
export interface Copy {
  readonly key: CacheKey;
  readonly entry: Entry;
  /** The tier must not return the copy from this time on. Absolute, so that a copy of the copy lives no longer. */
  readonly until: number;
  /** Generation of the view at which the copy was last found valid; 0 for never. Only the engine reads and writes it. */
  heldAt: number;
  /** What the face that serves the entry has made of its bytes, so that a hit need not. Local tiers keep it; others forget it. */
  readonly prepared: Prepared | undefined;
}

/** An entry in the form in which it is served. */
export interface Prepared {
  /** The heap that it occupies, estimated from above: counted against the budget of the tier that keeps it. */
  readonly bytes: number;
  readonly value: unknown;
  /** The entry's own bytes are needed besides. Default: only when `bytes` is 0. */
  readonly needsEntry?: boolean;
}

/** What is known of a tier: nothing yet; that it keeps copies; or that it accepts them and has none a moment later. */
export type TierStatus = 'unknown' | 'works' | 'inert';

/** What a tier holds under a key, as it stands: its time may be over. */
export type ExaminedCopy =
  | { readonly state: 'absent' }
  | { readonly state: 'undecodable'; readonly fault: FrameFault }
  | { readonly state: 'copy'; readonly copy: Copy };

/**
 * A store of copies that may lose any of them at any time, and knows nothing of purges: whoever reads decides whether
 * a copy is still valid. What it returns is whole and of that key, or undefined; a tier that fails rejects.
 */
export interface Tier {
  /** The name in `Cache-Status` and in statistics. */
  readonly name: string;
  /** True when its calls stay inside the isolate: the platform counts the others as outgoing requests. */
  readonly local: boolean;
  /** The longest that a copy may live here, in milliseconds; the ledger keeps key marks at least as long. */
  readonly lifetimeMs: number;
  get(key: CacheKey, now: number): Copy | undefined | Promise<Copy | undefined>;
  /** Keeps the copy, in place of another one of its key. One that does not fit, or whose time is over, is not kept. */
  put(copy: Copy, now: number): void | Promise<void>;
  delete(key: CacheKey): void | Promise<void>;
  /** Drops every copy that the test names. Only tiers that can list what they hold have it. */
  deleteWhere?(test: (copy: Copy) => boolean): void;
  /**
   * Looks at what is there, for operators: nothing is reported or changed, the order in which copies give way included.
   * Without it, `get` is all that can be known of a tier.
   */
  examine?(key: CacheKey): ExaminedCopy | Promise<ExaminedCopy>;
  /** Up to `count` keys of the tenant, drawn at random. Only tiers that can list what they hold have it. */
  sample?(tenant: TenantId, count: number, random: () => number): readonly string[];
  /** Only tiers that may turn out to keep nothing have it. */
  readonly status?: () => TierStatus;
}
