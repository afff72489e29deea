import type { Entry, EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { PurgeMode, Target } from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';

/** The newest purge of a target in one mode. */
export interface Mark {
  readonly target: Target;
  readonly mode: PurgeMode;
  readonly seq: number;
}

/** Up to where a reader knows a ledger: all marks up to `seen`, of the ledger `epoch`. */
export interface Cursor {
  readonly epoch: string;
  readonly seen: number;
}

/** What a ledger answered. Complete for every mark with `seq >= since`; `since` 0 is the whole ledger. */
export interface LedgerReply {
  readonly since: number;
  readonly epoch: string;
  /** Anything loaded before this seq is invalid everywhere. */
  readonly floor: number;
  /** Memory and regional copies loaded before this seq are invalid. */
  readonly keyFloor: number;
  readonly marks: readonly Mark[];
}

/** The answer to a read: one place per key, undefined where nothing readable is stored; `ledger` is undefined when there is none yet. */
export interface ReadReply {
  readonly entries: readonly (Entry | undefined)[];
  readonly ledger: LedgerReply | undefined;
}

/**
 * What became of a conditional write. `stored`; or dropped because the ledger has another `epoch`, because the stamp
 * is below a `floor`, because a purge of the key is newer than the stamp (`purged`), or because a `newer` entry stands.
 */
export type CommitOutcome = 'stored' | 'epoch' | 'floor' | 'purged' | 'newer';

/** What became of a `set`: stored under a seq of its own, or dropped because a purge that it may have been computed before is newer. */
export type SupersedeOutcome =
  | { readonly stored: true; readonly stamp: Stamp }
  | { readonly stored: false; readonly reason: 'superseded' };

/** A purge, acknowledged. `seq` is the newest mark's; it moves no cursor, only `ledger` does. */
export interface MarkReply {
  readonly seq: number;
  readonly ledger: LedgerReply;
}

/**
 * The one shared store that orders things: a ledger of purges per tenant, and entries that are exact per key. Its seqs
 * are issued inside the operation that needs them; no caller's clock orders anything.
 *
 * Every method rejects with `AuthorityUnavailable` when the store did not answer in time. Undecodable entries are
 * absent, and reported to the sink.
 */
export interface Authority {
  /** `redis` or `isolate`: the tier's name in `Cache-Status` and in statistics. */
  readonly name: string;

  /** True when its calls stay inside the isolate: the platform counts the others as outgoing requests. */
  readonly local: boolean;

  /** Reads entries, then the ledger from `since` (inclusive), in one round trip; no keys is a poll. All keys are of `tenant`. */
  read(tenant: TenantId, keys: readonly CacheKey[], since: number): Promise<ReadReply>;

  /**
   * Asks the primary: makes the ledger when there is none, and gives it a new epoch, for everybody, when it is behind
   * `cursor` (rolled back) or was made by another process of the store. Answers from `cursor.seen` when the epoch is
   * still the cursor's, else with the whole ledger.
   */
  confirm(tenant: TenantId, cursor: Cursor | undefined): Promise<LedgerReply>;

  /**
   * Purges the targets: one mark each, in one step, and a hard purge of a key unlinks its entry as well, which is what
   * makes the authority exact per key without the mark. Answers as `confirm`, own marks included. May be repeated.
   */
  mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
  ): Promise<MarkReply>;

  /** Stores what a load made, on the conditions of {@link CommitOutcome}. May be repeated: an equal stamp overwrites. */
  commit(key: CacheKey, entry: Entry): Promise<CommitOutcome>;

  /**
   * Stores a value that supersedes whatever others hold of the key: marks the key and stamps the entry with that very
   * seq. Never sent twice: rejects with `OutcomeUnknown` when the reply was lost.
   * @param knownAs what the caller knew of the ledger when it computed the value
   */
  supersede(key: CacheKey, draft: EntryDraft, knownAs: Stamp): Promise<SupersedeOutcome>;

  /** Takes the lease of a key for `ttlMs`: true for the one caller that has it now. `token` must be unguessable and unique. */
  lease(key: CacheKey, token: string, ttlMs: number): Promise<boolean>;

  /** Gives a lease back if the token still holds it. */
  release(key: CacheKey, token: string): Promise<void>;
}

/** How long and how many marks a ledger keeps. A trimmed mark raises a floor: it can cost misses, never an old hit. */
export interface Retention {
  /** For tag, prefix and tenant marks and soft marks: the longest entry lifetime plus the longest load plus the skew margin. Milliseconds. */
  readonly entriesMs: number;
  /** For hard key marks: the longest memory or regional lifetime plus the same. Milliseconds. */
  readonly copiesMs: number;
  /** The most marks of either kind, and 128 times as many bytes: every cold isolate reads all of them. */
  readonly cap: number;
}
