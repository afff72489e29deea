import { LRUCache } from 'lru-cache';
import { entryBytes, type Entry, type EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { CacheKey, KeySpace } from '../tenant/key.ts';
import { keyTarget, unlinkedBy, type PurgeMode, type Target } from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type {
  Authority,
  CommitOutcome,
  Cursor,
  LedgerReply,
  MarkReply,
  ReadReply,
  Retention,
  SupersedeOutcome,
} from './authority.ts';
import { Ledger } from './ledger.ts';

/** The clock and the randomness that the in-isolate authority needs. */
interface Source {
  now(): number;
  randomId(): string;
}

export interface InIsolateOptions {
  /** The most bytes of entries that are kept. */
  readonly bytes: number;
  readonly keys: KeySpace;
  readonly retention: Retention;
}

/**
 * The authority without Redis: one isolate's own world. Same promises, inside that isolate; what it holds dies with
 * the isolate and other isolates do not see it.
 */
export class InIsolateAuthority implements Authority {
  readonly name = 'isolate';
  readonly local = true;
  readonly #source: Source;
  readonly #keys: KeySpace;
  readonly #retention: Retention;
  readonly #ledgers = new Map<TenantId, Ledger>();
  readonly #entries: LRUCache<string, Entry>;
  readonly #leases = new LRUCache<string, { token: string; until: number }>({ max: 10_000 });

  constructor(source: Source, options: InIsolateOptions) {
    this.#source = source;
    this.#keys = options.keys;
    this.#retention = options.retention;
    this.#entries = new LRUCache({ maxSize: options.bytes, sizeCalculation: entryBytes });
  }

  async read(tenant: TenantId, keys: readonly CacheKey[], since: number): Promise<ReadReply> {
    return {
      entries: keys.map((key) => this.#live(key)),
      ledger: this.#ledgers.get(tenant)?.reply(since),
    };
  }

  async confirm(tenant: TenantId, cursor: Cursor | undefined): Promise<LedgerReply> {
    return this.#ledger(tenant, cursor).replyTo(cursor);
  }

  async mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
  ): Promise<MarkReply> {
    const ledger = this.#ledger(tenant, cursor);
    const seq = ledger.mark(targets, mode, this.#micros(), this.#retention);
    for (const key of unlinkedBy(targets, mode))
      this.#entries.delete(this.#keys.key(tenant, key).name);
    return { seq, ledger: ledger.replyTo(cursor) };
  }

  async commit(key: CacheKey, entry: Entry): Promise<CommitOutcome> {
    const outcome = this.#ledger(key.tenant, undefined).judgeCommit(
      key.key,
      entry.stamp,
      this.#live(key)?.stamp,
    );
    if (outcome === 'stored') this.#entries.set(key.name, entry);
    return outcome;
  }

  async supersede(key: CacheKey, draft: EntryDraft, knownAs: Stamp): Promise<SupersedeOutcome> {
    const ledger = this.#ledger(key.tenant, undefined);
    if (!ledger.maySupersede(key.key, draft.tags, knownAs))
      return { stored: false, reason: 'superseded' };
    const seq = ledger.mark([keyTarget(key.key)], 'hard', this.#micros(), this.#retention);
    const stamp = { epoch: ledger.epoch, asOf: seq };
    this.#entries.set(key.name, { ...draft, stamp });
    return { stored: true, stamp };
  }

  async lease(key: CacheKey, token: string, ttlMs: number): Promise<boolean> {
    const held = this.#leases.get(key.name);
    if (held && held.until > this.#source.now()) return false;
    this.#leases.set(key.name, { token, until: this.#source.now() + ttlMs });
    return true;
  }

  async release(key: CacheKey, token: string): Promise<void> {
    if (this.#leases.get(key.name)?.token === token) this.#leases.delete(key.name);
  }

  #ledger(tenant: TenantId, cursor: Cursor | undefined): Ledger {
    const ledger = this.#ledgers.get(tenant);
    if (ledger && !(cursor && ledger.isBehind(cursor))) return ledger;
    const created = new Ledger(this.#source.randomId(), this.#micros());
    this.#ledgers.set(tenant, created);
    return created;
  }

  #live(key: CacheKey): Entry | undefined {
    const entry = this.#entries.get(key.name);
    return entry && entry.expiresAt > this.#source.now() ? entry : undefined;
  }

  #micros(): number {
    return Math.floor(this.#source.now()) * 1000;
  }
}
