import type { Entry, EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { FrameFault } from '../errors.ts';
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

/** Up to where a reader knows which ledgers have changed: all changes up to `seen`, of the heads `epoch`. */
export interface HeadsCursor {
  readonly epoch: string;
  readonly seen: number;
}

/**
 * What the heads answered: which ledgers have changed, each with the newest seq of its ledger. A hint that saves polls,
 * no more: it says nothing about what the changes are.
 */
export interface HeadsReply {
  /** The changes told are those from here on, inclusive; of heads of another epoch than the cursor's none is told. */
  readonly since: number;
  readonly epoch: string;
  /** The newest change of all. Seqs of one epoch grow in the order of the changes, whichever ledgers they are in. */
  readonly seen: number;
  /** The newest change of the ledger that was asked for; 0 for none. */
  readonly own: number;
  readonly moved: ReadonlyMap<TenantId, number>;
  /** False when more have changed than are told. */
  readonly complete: boolean;
}

/** Makes a message mark once, however often it is delivered. */
export interface Once {
  /** Unique among the tenant's messages. */
  readonly id: string;
  /** For how long it is remembered, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * The answer to a read: one place per key, undefined where nothing readable is stored; `ledger` is undefined when there
 * is none yet; `heads` where they were not asked for, or there are none.
 */
export interface ReadReply {
  readonly entries: readonly (Entry | undefined)[];
  readonly ledger: LedgerReply | undefined;
  readonly heads?: HeadsReply | undefined;
}

/** The answer to a lease: whether it was taken, and what a read of the one key answered right behind it. */
export interface LeaseReply extends ReadReply {
  readonly acquired: boolean;
}

/** What a load made, to be stored. */
export interface Write {
  readonly key: CacheKey;
  readonly entry: Entry;
  /** Token of the lease under which it was loaded: without that lease nothing is stored, and the write gives it back. */
  readonly lease?: string | undefined;
}

/**
 * What became of a conditional write. `stored`; or dropped because the lease of the write was lost (`fenced`), the
 * ledger has another `epoch`, the stamp is below a `floor`, a purge of the key is newer than the stamp (`purged`), or
 * a `newer` entry stands.
 */
export type CommitOutcome = 'stored' | 'epoch' | 'floor' | 'purged' | 'newer' | 'fenced';

/** A value that is to supersede whatever others hold of its key. */
export interface Supersession {
  readonly key: CacheKey;
  readonly draft: EntryDraft;
  /** What the caller knew of the ledger when it computed the value. */
  readonly knownAs: Stamp;
  /** Refused as well when its key was purged or set since `knownAs`, or when that can't be told any more. Default: it wins. */
  readonly unlessMarked?: boolean | undefined;
}

/** What became of a `set`: stored under a seq of its own, or dropped because a purge that it may have been computed before is newer. */
export type SupersedeOutcome =
  | { readonly stored: true; readonly stamp: Stamp }
  | { readonly stored: false; readonly reason: 'superseded' };

/** What became of a touch: `stored`, dropped as a commit is, nothing there (`absent`), another entry by now (`changed`), or `refused` by the caller. */
export type TouchOutcome = CommitOutcome | 'absent' | 'changed' | 'refused';

/** What stands under a key. An entry may be over, or purged: it is told as it is. */
export type Examined =
  | { readonly state: 'absent' }
  | { readonly state: 'undecodable'; readonly fault: FrameFault }
  | { readonly state: 'entry'; readonly entry: Entry };

/** A purge, acknowledged. `seq` is the newest mark's; it moves no cursor, only `ledger` does. */
export interface MarkReply {
  readonly seq: number;
  readonly ledger: LedgerReply;
  /** The message had marked before: now it did nothing, and `seq` is the ledger's newest. */
  readonly repeated: boolean;
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

  /**
   * Reads entries, then the heads if asked for, then the ledger from `since` (inclusive), in one round trip and in that
   * order: a head is never newer than what the ledger shows. No keys is a poll. All keys are of `tenant`.
   * @param heads what is known of the heads: all that have changed since are told. `newest`: nothing is known, and only
   * where the heads are now is told
   */
  read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    since: number,
    heads?: HeadsCursor | 'newest',
  ): Promise<ReadReply>;

  /** Reads the heads alone: which ledgers have changed since. Undefined where there are none. `own` is 0. */
  heads(since: HeadsCursor): Promise<HeadsReply | undefined>;

  /**
   * Asks the primary: makes the ledger when there is none, and gives it a new epoch, for everybody, when it is behind
   * `cursor` (rolled back) or was made by another process of the store. Answers from `cursor.seen` when the epoch is
   * still the cursor's, else with the whole ledger.
   */
  confirm(tenant: TenantId, cursor: Cursor | undefined): Promise<LedgerReply>;

  /**
   * Purges the targets: one mark each, in one step, and a hard purge of a key unlinks its entry as well, which is what
   * makes the authority exact per key without the mark. Answers as `confirm`, own marks included. May be repeated; with
   * `once` it marks nothing then. No targets: nothing is marked, and `seq` is the ledger's newest.
   */
  mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
    once?: Once,
  ): Promise<MarkReply>;

  /**
   * Marks the tenant target on the ledger of every tenant of this key space, and answers how many there are. What was known
   * of the heads says nothing from then on: a ledger that was lost has no head that moves. Rejects
   * when any of them did not acknowledge it: others then may have. May be repeated.
   */
  markEverything(mode: PurgeMode): Promise<{ readonly tenants: number }>;

  /**
   * Stores what loads made, each on the conditions of {@link CommitOutcome} and in a step of its own, in this order.
   * All of one tenant; one round trip, more where they exceed what one request may hold. Outcomes in order. May be
   * repeated: an equal stamp overwrites, but a write with a lease that was stored is `fenced` from then on. Rejects
   * with `UnserializableValue`, and stores nothing, when an entry is too large for a request of its own.
   */
  commit(writes: readonly Write[]): Promise<readonly CommitOutcome[]>;

  /**
   * Stores values that supersede whatever others hold of their keys: marks each key and stamps its entry with that very
   * seq, each in a step of its own, in this order. All of one tenant; round trips and too large values as in `commit`.
   * Never sent twice: rejects with `OutcomeUnknown` when a reply was lost, whichever it was; with
   * `AuthorityUnavailable` only when certainly nothing was sent.
   */
  supersede(writes: readonly Supersession[]): Promise<readonly SupersedeOutcome[]>;

  /**
   * Gives a stored entry other times: reads it, asks `retime` for them (undefined: refused), and stores the entry if it
   * is still that one and commit's conditions hold for its stamp. Stamp and value never change; that no time passes
   * `lifeUntil` is the caller's care. Rejects with `OutcomeUnknown` when the reply to the write was lost.
   */
  touch(key: CacheKey, retime: (entry: Entry) => Entry | undefined): Promise<TouchOutcome>;

  /**
   * Tries to take the lease of a key for `ttlMs`, then reads the entry and the ledger from `since` (inclusive), in one
   * round trip and in that order: what the last holder committed before it gave the lease back is always seen.
   * `token` must be unguessable and unique. When it rejects, the lease may have been taken: release it.
   */
  lease(key: CacheKey, token: string, ttlMs: number, since: number): Promise<LeaseReply>;

  /** Gives a lease back if the token still holds it. A commit with the lease has done so already. */
  release(key: CacheKey, token: string): Promise<void>;

  /** Looks at what stands under keys of one tenant, in one round trip and in their order. For operators: nothing is reported or changed. */
  examine(keys: readonly CacheKey[]): Promise<readonly Examined[]>;

  /**
   * Up to `count` keys of the tenant that have an entry, none twice: some that it comes upon, others from call to call.
   * A bounded search: it may find fewer than there are, and does not find keys that are too long to be a name.
   */
  sample(tenant: TenantId, count: number): Promise<readonly string[]>;
}

/** The most requests that one `sample` sends. */
export const SAMPLE_REQUESTS = 5;

/** How long and how many marks a ledger keeps. A trimmed mark raises a floor: it can cost misses, never an old hit. */
export interface Retention {
  /** For tag, prefix and tenant marks and soft marks: the longest entry lifetime plus the longest load plus the skew margin. Milliseconds. */
  readonly entriesMs: number;
  /** For hard key marks: the longest memory or regional lifetime plus the same. Milliseconds. */
  readonly copiesMs: number;
  /** The most marks of either kind, and 128 times as many bytes: every cold isolate reads all of them. */
  readonly cap: number;
}
