import type {
  CommitOutcome,
  Cursor,
  HeadsCursor,
  HeadsReply,
  LedgerReply,
  MarkReply,
  Once,
  ReadReply,
  Retention,
  SupersedeOutcome,
  Supersession,
  Write,
} from '../../src/authority/authority.ts';
import { Heads } from '../../src/authority/heads.ts';
import { Ledger } from '../../src/authority/ledger.ts';
import type { Entry } from '../../src/codec/entry.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { keyTarget, unlinkedBy, type PurgeMode, type Target } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import type { Stage } from './stage.ts';

interface Marking {
  readonly targets: readonly Target[];
  readonly mode: PurgeMode;
  readonly micros: number;
}

interface KeptLedger {
  readonly ledger: Ledger;
  readonly createdAt: number;
  /** The process that made it; undefined where Redis does not tell. */
  readonly process: number | undefined;
  /** What it is made of: a snapshot is restored by doing the same again. */
  readonly markings: Marking[];
}

interface KeptHeads {
  readonly value: Heads;
  readonly process: number | undefined;
}

interface KeptEntry {
  readonly tenant: TenantId;
  readonly entry: Entry;
  readonly until: number;
}

/** The state behind one write: what a replica that lags answers from, and what a restart may bring back. */
interface Version {
  readonly at: number;
  readonly event: number;
  readonly ledgers: ReadonlyMap<TenantId, KeptLedger & { readonly whole: LedgerReply }>;
  readonly heads: { readonly reply: HeadsReply; readonly process: number | undefined } | undefined;
  readonly entries: ReadonlyMap<string, KeptEntry>;
  readonly done: ReadonlyMap<string, number>;
}

/** What of a read comes from how long ago, in milliseconds. */
export interface Lag {
  readonly entries: number;
  /** Which ledgers have changed, and the tenant's own head: two commands. */
  readonly heads: number;
  readonly own: number;
  readonly ledger: number;
}

export interface RedisModelOptions {
  readonly stage: Stage;
  readonly retention: Retention;
  /** The most changes that one answer about heads tells. */
  readonly maxHeads: number;
  /** False: its scripts can't tell one process from the next. */
  readonly tellsProcess: boolean;
  /** A ledger was made: nothing from before counts any more. */
  readonly onCreated: (tenant: TenantId, epoch: string, event: number) => void;
  /** What happened in these events is lost. */
  readonly onRolledBack: (from: number, to: number) => void;
}

const KEPT_VERSIONS = 60;

/**
 * Redis as the authority uses it: the real decisions (`Ledger`, `Heads`) over state that can be lost, go back, move to
 * another process, and be read from replicas that lag. Each call is one script, or one plain read.
 */
export class RedisModel {
  readonly #options: RedisModelOptions;
  #ledgers = new Map<TenantId, KeptLedger>();
  #entries = new Map<string, KeptEntry>();
  #leases = new Map<string, { readonly token: string; readonly until: number }>();
  /** Of messages that mark once: in which event they did. */
  #done = new Map<string, number>();
  #heads: KeptHeads | undefined;
  #process = 1;
  #ids = 0;
  #clockOff = 0;
  readonly #versions: Version[] = [];

  constructor(options: RedisModelOptions) {
    this.#options = options;
    this.#keep();
  }

  /** A plain read: entries, heads and ledger each as they were some time ago. */
  read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    since: number,
    cursor: HeadsCursor | 'newest' | undefined,
    lag: Lag,
  ): ReadReply {
    const { entries } = this.#versionBefore(lag.entries);
    const whole = this.#versionBefore(lag.ledger).ledgers.get(tenant)?.whole;
    const heads = this.#versionBefore(lag.heads).heads?.reply;
    const ownAt = (ms: number): number =>
      this.#versionBefore(ms).heads?.reply.moved.get(tenant) ?? 0;
    const own = Math.max(ownAt(lag.heads), ownAt(lag.own));
    return {
      entries: keys.map(({ name }) => {
        const kept = entries.get(name);
        return kept && kept.until > this.#now() ? kept.entry : undefined;
      }),
      ledger: whole && { ...whole, since, marks: whole.marks.filter(({ seq }) => seq >= since) },
      ...(cursor && heads && { heads: this.#headsSince(heads, own, cursor) }),
    };
  }

  /** A plain read of the heads alone. */
  heads(cursor: HeadsCursor, lag: Lag): HeadsReply | undefined {
    const heads = this.#versionBefore(lag.heads).heads?.reply;
    return heads && this.#headsSince(heads, 0, cursor);
  }

  confirm(tenant: TenantId, cursor: Cursor | undefined): LedgerReply {
    const { ledger } = this.#open(tenant, cursor);
    this.#keep();
    return ledger.replyTo(cursor);
  }

  /** Answers also in which event it marked. */
  mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    cursor: Cursor | undefined,
    once: Once | undefined,
    name: (key: string) => string,
  ): { readonly reply: MarkReply; readonly event: number } {
    const kept = this.#open(tenant, cursor);
    const before = once && this.#done.get(once.id);
    if (before !== undefined) {
      this.#keep();
      const reply = { seq: kept.ledger.last, ledger: kept.ledger.replyTo(cursor), repeated: true };
      return { reply, event: before };
    }
    const event = this.#options.stage.event();
    if (once) this.#done.set(once.id, event);
    const seq = this.#mark(tenant, kept, targets, mode);
    for (const key of unlinkedBy(targets, mode)) this.#entries.delete(name(key));
    this.#keep();
    return { reply: { seq, ledger: kept.ledger.replyTo(cursor), repeated: false }, event };
  }

  /** The tenants that a scan finds now. */
  get tenants(): readonly TenantId[] {
    return [...this.#ledgers.keys()];
  }

  /** @param lifetimes how long each entry is kept, by the clock of whoever sends it, in milliseconds */
  commit(
    writes: readonly Write[],
    lifetimes: readonly number[],
  ): readonly (CommitOutcome | 'unopened')[] {
    const outcomes = writes.map(({ key, entry, lease }, at): CommitOutcome | 'unopened' => {
      if (lease !== undefined) {
        if (this.#holder(key) !== lease) return 'fenced';
        this.#leases.delete(key.name);
      }
      const kept = this.#ledgers.get(key.tenant);
      if (!kept || this.#isElsewhere(kept)) return 'unopened';
      const stands = this.#entry(key)?.stamp;
      const outcome = kept.ledger.judgeCommit(key.key, entry.stamp, stands);
      if (outcome === 'stored') this.#put(key, entry, lifetimes[at] ?? 0);
      return outcome;
    });
    this.#keep();
    return outcomes;
  }

  /** Answers also in which event it stored. */
  supersede(
    { key, draft, knownAs, unlessMarked }: Supersession,
    lifetime: number,
  ): { readonly outcome: SupersedeOutcome; readonly event: number } {
    const kept = this.#open(key.tenant, undefined);
    const event = this.#options.stage.event();
    if (!kept.ledger.maySupersede(key.key, draft.tags, knownAs, unlessMarked)) {
      this.#keep();
      return { outcome: { stored: false, reason: 'superseded' }, event };
    }
    const asOf = this.#mark(key.tenant, kept, [keyTarget(key.key)], 'hard');
    const stamp = { epoch: kept.ledger.epoch, asOf };
    this.#put(key, { ...draft, stamp }, lifetime);
    this.#keep();
    return { outcome: { stored: true, stamp }, event };
  }

  /** Stores a touched entry if the one that was read still stands. */
  touch(
    key: CacheKey,
    was: Entry,
    retimed: Entry,
    lifetime: number,
  ): CommitOutcome | 'unopened' | 'absent' | 'changed' {
    const kept = this.#ledgers.get(key.tenant);
    if (!kept || this.#isElsewhere(kept)) return 'unopened';
    const outcome = kept.ledger.judgeCommit(key.key, was.stamp, undefined);
    if (outcome !== 'stored') return outcome;
    const stands = this.#entry(key);
    if (stands !== was) return stands ? 'changed' : 'absent';
    this.#put(key, { ...retimed, value: was.value, stamp: was.stamp }, lifetime);
    this.#keep();
    return 'stored';
  }

  lease(key: CacheKey, token: string, ttlMs: number): boolean {
    if (this.#holder(key) !== undefined) return false;
    this.#leases.set(key.name, { token, until: this.#now() + ttlMs });
    return true;
  }

  release(key: CacheKey, token: string): void {
    if (this.#leases.get(key.name)?.token === token) this.#leases.delete(key.name);
  }

  /** FLUSHALL. */
  flush(): void {
    this.#ledgers.clear();
    this.#entries.clear();
    this.#leases.clear();
    this.#done.clear();
    this.#heads = undefined;
    this.#keep();
  }

  evictLedger(tenant: TenantId): void {
    this.#ledgers.delete(tenant);
    this.#keep();
  }

  evictHeads(): void {
    this.#heads = undefined;
    this.#keep();
  }

  /** Another process takes over, maybe on a machine with another clock, which keeps what there was. */
  moveOver(clockOffMs: number): void {
    this.#process += 1;
    // Where scripts can't tell, only what is behind its reader is noticed: seqs must go on.
    if (this.#options.tellsProcess) this.#clockOff = clockOffMs;
  }

  /** Everything is as it was some writes ago: what a restart from a snapshot, or a fail-over to a replica, brings. */
  rollBack(writes: number, clockOffMs: number): void {
    const last = this.#versions.at(-1);
    const version = this.#versions.at(-1 - writes) ?? this.#versions[0];
    if (!version || !last) return;
    this.#options.onRolledBack(version.event, this.#options.stage.event());
    this.#ledgers = new Map(
      [...version.ledgers].map(([tenant, kept]) => [tenant, this.#again(kept)]),
    );
    this.#entries = new Map(version.entries);
    this.#done = new Map(version.done);
    this.#leases = new Map();
    this.#heads = version.heads && {
      value: headsAgain(version.heads.reply),
      process: version.heads.process,
    };
    this.moveOver(clockOffMs);
    this.#keep();
  }

  #again({ ledger: { epoch }, createdAt, process, markings }: KeptLedger): KeptLedger {
    const ledger = new Ledger(epoch, createdAt);
    for (const { targets, mode, micros } of markings)
      ledger.mark(targets, mode, micros, this.#options.retention);
    return { ledger, createdAt, process, markings: [...markings] };
  }

  #open(tenant: TenantId, cursor: Cursor | undefined): KeptLedger {
    const kept = this.#ledgers.get(tenant);
    if (kept && !this.#isElsewhere(kept) && !(cursor && kept.ledger.isBehind(cursor))) return kept;
    const { stage } = this.#options;
    const createdAt = this.#openHeads().after(this.#micros());
    const ledger = new Ledger(this.#id(), createdAt);
    const made = { ledger, createdAt, process: this.#told, markings: [] };
    this.#ledgers.set(tenant, made);
    this.#openHeads().move(tenant, ledger.last);
    this.#options.onCreated(tenant, ledger.epoch, stage.event());
    return made;
  }

  #openHeads(): Heads {
    if (!this.#heads || this.#isElsewhere(this.#heads))
      this.#heads = { value: new Heads(this.#id()), process: this.#told };
    return this.#heads.value;
  }

  #mark(tenant: TenantId, kept: KeptLedger, targets: readonly Target[], mode: PurgeMode): number {
    const heads = this.#openHeads();
    const micros = heads.after(this.#micros());
    kept.markings.push({ targets, mode, micros });
    const seq = kept.ledger.mark(targets, mode, micros, this.#options.retention);
    heads.move(tenant, seq);
    return seq;
  }

  #headsSince(
    { epoch, seen, moved }: HeadsReply,
    own: number,
    cursor: HeadsCursor | 'newest',
  ): HeadsReply {
    if (cursor === 'newest' || cursor.epoch !== epoch)
      return { since: 0, epoch, seen, own, moved: new Map(), complete: false };
    const since = cursor.seen;
    const { maxHeads } = this.#options;
    const told = [...moved].filter(([, seq]) => seq >= since).slice(-maxHeads);
    return { since, epoch, seen, own, moved: new Map(told), complete: told.length < maxHeads };
  }

  #put(key: CacheKey, entry: Entry, lifetime: number): void {
    const until = this.#now() + Math.max(1, lifetime);
    this.#entries.set(key.name, { tenant: key.tenant, entry, until });
  }

  #entry(key: CacheKey): Entry | undefined {
    const kept = this.#entries.get(key.name);
    return kept && kept.until > this.#now() ? kept.entry : undefined;
  }

  #holder(key: CacheKey): string | undefined {
    const held = this.#leases.get(key.name);
    return held && held.until > this.#now() ? held.token : undefined;
  }

  #isElsewhere({ process }: { readonly process: number | undefined }): boolean {
    return process !== undefined && this.#told !== undefined && process !== this.#told;
  }

  get #told(): number | undefined {
    return this.#options.tellsProcess ? this.#process : undefined;
  }

  #now(): number {
    return this.#options.stage.now() + this.#clockOff;
  }

  #micros(): number {
    return Math.floor(this.#now()) * 1000;
  }

  #id(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(32, 'e');
  }

  #versionBefore(lagMs: number): Version {
    const at = this.#options.stage.now() - lagMs;
    const version = this.#versions.findLast((one) => one.at <= at) ?? this.#versions[0];
    if (!version) throw new Error('Redis has no state.');
    return version;
  }

  #keep(): void {
    const { stage } = this.#options;
    const ledgers = new Map(
      [...this.#ledgers].map(([tenant, kept]) => [
        tenant,
        { ...kept, markings: [...kept.markings], whole: kept.ledger.reply(0) },
      ]),
    );
    const heads = this.#heads && {
      reply: this.#heads.value.reply(undefined, { epoch: this.#heads.value.epoch, seen: 0 }),
      process: this.#heads.process,
    };
    const entries = new Map(this.#entries);
    const done = new Map(this.#done);
    this.#versions.push({ at: stage.now(), event: stage.event(), ledgers, heads, entries, done });
    if (this.#versions.length > KEPT_VERSIONS) this.#versions.shift();
  }
}

function headsAgain({ epoch, moved }: HeadsReply): Heads {
  const heads = new Heads(epoch);
  for (const [tenant, seq] of moved) heads.move(tenant, seq);
  return heads;
}
