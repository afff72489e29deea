import { LRUCache } from 'lru-cache';
import type { Entry } from '../codec/entry.ts';
import { fractionOf } from '../runtime.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import {
  keyTarget,
  TENANT_TARGET,
  unlinkedBy,
  type PurgeMode,
  type Target,
} from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type {
  Authority,
  CommitOutcome,
  Cursor,
  Examined,
  HeadsCursor,
  HeadsReply,
  LeaseReply,
  LedgerReply,
  MarkReply,
  Once,
  ReadReply,
  Retention,
  SupersedeOutcome,
  Supersession,
  TouchOutcome,
  Write,
} from './authority.ts';
import { Heads } from './heads.ts';
import { Ledger } from './ledger.ts';

/** The clock and the randomness that the in-isolate authority needs. */
interface Source {
  now(): number;
  randomId(): string;
}

/**
 * Where entries are kept: the memory tier itself fits, so that an entry is held once. It may lose any of them at any
 * time. Everything in it is done before the call returns.
 */
export interface EntryStore {
  /** The entry as it was put, or undefined from `until` on. */
  get(key: CacheKey, now: number): { readonly entry: Entry } | undefined;
  /** Keeps the entry in place of another one of its key. */
  put(copy: StoredCopy, now: number): void;
  delete(key: CacheKey): void;
  /** The entry as it was put, however old, without a change of what goes next. */
  peek(key: CacheKey): { readonly entry: Entry } | undefined;
  /** Up to `count` keys of the tenant, drawn at random. */
  sample(tenant: TenantId, count: number, random: () => number): readonly string[];
}

/** What is put into an {@link EntryStore}: a copy as tiers know it, at which no view has looked yet. */
export interface StoredCopy {
  readonly key: CacheKey;
  readonly entry: Entry;
  readonly until: number;
  heldAt: number;
  readonly prepared: undefined;
}

export interface InIsolateOptions {
  readonly store: EntryStore;
  readonly keys: KeySpace;
  readonly retention: Retention;
  /**
   * The most bytes of all ledgers together; those of the tenants that nobody asked of for the longest time go first.
   * Default 8 MiB, five ledgers with 2,000 marks of either kind.
   */
  readonly ledgerBytes?: number;
}

const LEDGER_BYTES = 8 * 1_048_576;
/** Each is a load that is under way, or was cut off. One that is pushed out can cost a second load. */
const MAX_LEASES = 2000;
/** One that is pushed out can mark a second time. */
const MAX_MESSAGES = 10_000;

/**
 * The authority without Redis: one isolate's own world. Same promises, inside that isolate; what it holds dies with
 * the isolate and other isolates do not see it. A ledger that its budget pushes out is lost as one that Redis evicts:
 * the tenant's next one is of another epoch, under which nothing that was stored before is valid.
 */
export class InIsolateAuthority implements Authority {
  readonly name = 'isolate';
  readonly local = true;
  readonly #source: Source;
  readonly #store: EntryStore;
  readonly #keys: KeySpace;
  readonly #retention: Retention;
  readonly #ledgers: LRUCache<TenantId, Ledger>;
  readonly #leases = new LRUCache<string, { token: string; until: number }>({ max: MAX_LEASES });
  /** Until when each message is remembered that has marked. */
  readonly #done = new LRUCache<string, number>({ max: MAX_MESSAGES });
  #known: Heads | undefined;

  constructor(source: Source, options: InIsolateOptions) {
    this.#source = source;
    this.#store = options.store;
    this.#keys = options.keys;
    this.#retention = options.retention;
    this.#ledgers = new LRUCache({
      maxSize: options.ledgerBytes ?? LEDGER_BYTES,
      sizeCalculation: (ledger) => ledger.bytes,
    });
  }

  async read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    since: number,
    heads?: HeadsCursor | 'newest',
  ): Promise<ReadReply> {
    return {
      entries: keys.map((key) => this.#entry(key)),
      ledger: this.#ledgers.get(tenant)?.reply(since),
      ...(heads && { heads: this.#heads.reply(tenant, heads) }),
    };
  }

  async heads(since: HeadsCursor): Promise<HeadsReply> {
    return this.#heads.reply(undefined, since);
  }

  async confirm(tenant: TenantId, cursor: Cursor | undefined): Promise<LedgerReply> {
    return this.#ledger(tenant, cursor).replyTo(cursor);
  }

  async mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
    once?: Once,
  ): Promise<MarkReply> {
    const ledger = this.#ledger(tenant, cursor);
    const now = this.#source.now();
    const message = `${tenant}:${once?.id}`;
    if (once && (this.#done.get(message) ?? 0) > now)
      return { seq: ledger.last, ledger: ledger.replyTo(cursor), repeated: true };
    const seq = this.#mark(tenant, ledger, targets, mode);
    for (const key of unlinkedBy(targets, mode)) this.#store.delete(this.#keys.key(tenant, key));
    // Last: a call that fails on its way is not remembered as done.
    if (once) this.#done.set(message, now + once.ttlMs);
    return { seq, ledger: ledger.replyTo(cursor), repeated: false };
  }

  async markEverything(mode: PurgeMode): Promise<{ readonly tenants: number }> {
    const ledgers = [...this.#ledgers.entries()];
    for (const [tenant, ledger] of ledgers) this.#mark(tenant, ledger, [TENANT_TARGET], mode);
    this.#known = undefined;
    return { tenants: ledgers.length };
  }

  async commit(writes: readonly Write[]): Promise<readonly CommitOutcome[]> {
    return writes.map(({ key, entry, lease }) => {
      const ledger = this.#ledger(key.tenant, undefined);
      if (lease !== undefined) {
        if (this.#holder(key) !== lease) return 'fenced';
        this.#leases.delete(key.name);
      }
      const outcome = ledger.judgeCommit(key.key, entry.stamp, this.#entry(key)?.stamp);
      if (outcome === 'stored') this.#put(key, entry);
      return outcome;
    });
  }

  async supersede(writes: readonly Supersession[]): Promise<readonly SupersedeOutcome[]> {
    return writes.map(({ key, draft, knownAs, unlessMarked }) => {
      const ledger = this.#ledger(key.tenant, undefined);
      if (!ledger.maySupersede(key.key, draft.tags, knownAs, unlessMarked))
        return { stored: false, reason: 'superseded' };
      const seq = this.#mark(key.tenant, ledger, [keyTarget(key.key)], 'hard');
      const stamp = { epoch: ledger.epoch, asOf: seq };
      this.#put(key, { ...draft, stamp });
      return { stored: true, stamp };
    });
  }

  async touch(key: CacheKey, retime: (entry: Entry) => Entry | undefined): Promise<TouchOutcome> {
    const entry = this.#entry(key);
    if (!entry) return 'absent';
    const retimed = retime(entry);
    if (!retimed) return 'refused';
    const ledger = this.#ledger(key.tenant, undefined);
    const outcome = ledger.judgeCommit(key.key, entry.stamp, undefined);
    if (outcome !== 'stored') return outcome;
    // Whatever `retime` called may have changed it.
    const stands = this.#entry(key);
    if (stands !== entry) return stands ? 'changed' : 'absent';
    this.#put(key, { ...retimed, value: entry.value, stamp: entry.stamp });
    return 'stored';
  }

  async lease(key: CacheKey, token: string, ttlMs: number, since: number): Promise<LeaseReply> {
    const acquired = this.#holder(key) === undefined;
    if (acquired) this.#leases.set(key.name, { token, until: this.#source.now() + ttlMs });
    return { acquired, ...(await this.read(key.tenant, [key], since)) };
  }

  async release(key: CacheKey, token: string): Promise<void> {
    if (this.#leases.get(key.name)?.token === token) this.#leases.delete(key.name);
  }

  async examine(keys: readonly CacheKey[]): Promise<readonly Examined[]> {
    return keys.map((key) => {
      const entry = this.#store.peek(key)?.entry;
      return entry ? { state: 'entry', entry } : { state: 'absent' };
    });
  }

  async sample(tenant: TenantId, count: number): Promise<readonly string[]> {
    return this.#store.sample(tenant, count, () => fractionOf(this.#source.randomId()));
  }

  #ledger(tenant: TenantId, cursor: Cursor | undefined): Ledger {
    const ledger = this.#ledgers.get(tenant);
    if (ledger && !(cursor && ledger.isBehind(cursor))) return ledger;
    const created = new Ledger(this.#source.randomId(), this.#heads.after(this.#micros()));
    this.#ledgers.set(tenant, created);
    this.#heads.move(tenant, created.last);
    return created;
  }

  #mark(tenant: TenantId, ledger: Ledger, targets: readonly Target[], mode: PurgeMode): number {
    if (targets.length === 0) return ledger.last;
    const seq = ledger.mark(targets, mode, this.#heads.after(this.#micros()), this.#retention);
    this.#heads.move(tenant, seq);
    // It has another size now, and is measured only when it comes.
    this.#ledgers.delete(tenant);
    this.#ledgers.set(tenant, ledger);
    return seq;
  }

  #entry(key: CacheKey): Entry | undefined {
    return this.#store.get(key, this.#source.now())?.entry;
  }

  #put(key: CacheKey, entry: Entry): void {
    const now = this.#source.now();
    const until = entry.expiresAt;
    // One that is over by now replaces another all the same.
    if (until <= now) this.#store.delete(key);
    else this.#store.put({ key, entry, until, heldAt: 0, prepared: undefined }, now);
  }

  #holder(key: CacheKey): string | undefined {
    const held = this.#leases.get(key.name);
    return held && held.until > this.#source.now() ? held.token : undefined;
  }

  /** Made when it is first needed: outside of a request the platform gives no randomness. */
  get #heads(): Heads {
    this.#known ??= new Heads(this.#source.randomId());
    return this.#known;
  }

  #micros(): number {
    return Math.floor(this.#source.now()) * 1000;
  }
}
