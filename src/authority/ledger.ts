import type { PurgeMode, Target } from '../tenant/target.ts';
import { keyTarget, prefixTarget, tagTarget, TENANT_TARGET } from '../tenant/target.ts';
import { segmentPrefixes } from '../tenant/key.ts';
import type { CommitOutcome, Cursor, LedgerReply, Mark, Retention } from './authority.ts';
import type { Stamp } from '../codec/stamp.ts';

/** Marks are this long on average, at most. */
const BYTES_PER_MARK = 128;
const MODE_PREFIX_BYTES = 2;
/** Of a mark besides its text, and of a ledger besides its marks, in the memory of an isolate. */
const MARK_HEAP = 128;
const LEDGER_HEAP = 2048;

const encoder = new TextEncoder();

/**
 * The ledger of one tenant as a value in memory: the same decisions that the scripts of the Redis authority make
 * inside Redis, but that it trims at every mark.
 */
export class Ledger {
  readonly epoch: string;
  #floor: number;
  #keyFloor: number;
  #last: number;
  readonly #hardKeys = new Marks();
  readonly #hardOthers = new Marks();
  readonly #soft = new Marks();

  /** @param createdAt microseconds since the Unix epoch: both floors of a new ledger */
  constructor(epoch: string, createdAt: number) {
    this.epoch = epoch;
    this.#floor = createdAt;
    this.#keyFloor = createdAt;
    this.#last = createdAt;
  }

  /** The newest seq, of a mark or of the floors. */
  get last(): number {
    return this.#last;
  }

  /** What it takes in memory: an estimate from above. */
  get bytes(): number {
    const kinds = [this.#hardKeys, this.#hardOthers, this.#soft];
    return kinds.reduce(
      (sum, marks) => sum + 2 * marks.bytes + MARK_HEAP * marks.size,
      LEDGER_HEAP,
    );
  }

  /** True when a reader at this cursor knows of something that the ledger does not: it rolled back. */
  isBehind(cursor: Cursor): boolean {
    return cursor.epoch === this.epoch && this.#last < cursor.seen;
  }

  /** Every mark from `since` on, inclusive. */
  reply(since: number): LedgerReply {
    const marks: Mark[] = [];
    for (const [map, mode] of [
      [this.#hardKeys, 'hard'],
      [this.#hardOthers, 'hard'],
      [this.#soft, 'soft'],
    ] as const) {
      for (const [target, seq] of map.entries())
        if (seq >= since) marks.push({ target, mode, seq });
    }
    return { since, epoch: this.epoch, floor: this.#floor, keyFloor: this.#keyFloor, marks };
  }

  /** The reply that brings a reader at the cursor up to date. */
  replyTo(cursor: Cursor | undefined): LedgerReply {
    return this.reply(cursor?.epoch === this.epoch ? cursor.seen : 0);
  }

  /** Marks the targets, each with a seq of its own, and answers the last one. */
  mark(
    targets: readonly Target[],
    mode: PurgeMode,
    nowMicros: number,
    retention: Retention,
  ): number {
    for (const target of targets) {
      const map =
        mode === 'soft' ? this.#soft : isKeyTarget(target) ? this.#hardKeys : this.#hardOthers;
      this.#last = Math.max(this.#last + 1, nowMicros);
      map.set(target, this.#last);
    }
    this.#keyFloor = this.#trim(
      [this.#hardKeys],
      retention.copiesMs,
      retention.cap,
      this.#keyFloor,
    );
    this.#floor = this.#trim(
      [this.#hardOthers, this.#soft],
      retention.entriesMs,
      retention.cap,
      this.#floor,
    );
    return this.#last;
  }

  /** Whether a load with this stamp may store the key; `stands` is the stamp of the entry that is there now. */
  judgeCommit(key: string, stamp: Stamp, stands: Stamp | undefined): CommitOutcome {
    if (stamp.epoch !== this.epoch) return 'epoch';
    if (stamp.asOf < this.#floor || stamp.asOf < this.#keyFloor) return 'floor';
    if ((this.#hardKeys.get(keyTarget(key)) ?? 0) > stamp.asOf) return 'purged';
    if (stands && stands.epoch === this.epoch && stands.asOf > stamp.asOf) return 'newer';
    return 'stored';
  }

  /**
   * Whether a value computed under `knownAs` may supersede: no purge of its tags, prefixes or tenant, hard or soft, may be
   * newer; nor, with `unlessMarked`, any mark of its key.
   */
  maySupersede(
    key: string,
    tags: readonly string[],
    knownAs: Stamp,
    unlessMarked = false,
  ): boolean {
    if (knownAs.epoch !== this.epoch || knownAs.asOf < this.#floor) return false;
    if (unlessMarked && knownAs.asOf < this.#keyFloor) return false;
    const targets = [
      ...(unlessMarked ? [keyTarget(key)] : []),
      TENANT_TARGET,
      ...tags.map(tagTarget),
      ...segmentPrefixes(key).map(prefixTarget),
    ] as const;
    const newest = (target: Target): number =>
      Math.max(
        this.#hardKeys.get(target) ?? 0,
        this.#hardOthers.get(target) ?? 0,
        this.#soft.get(target) ?? 0,
      );
    return targets.every((target) => newest(target) <= knownAs.asOf);
  }

  /** Drops what is too old or past the caps, oldest first, and answers the floor that this raises. */
  #trim(kind: Marks[], keepMs: number, cap: number, floor: number): number {
    const oldest = this.#last - keepMs * 1000;
    let raised = floor;
    for (;;) {
      const count = kind.reduce((sum, marks) => sum + marks.size, 0);
      const bytes = kind.reduce((sum, marks) => sum + marks.bytes, 0);
      let front: { marks: Marks; target: Target; seq: number } | undefined;
      for (const marks of kind) {
        const oldestMark = marks.front();
        if (oldestMark && (!front || oldestMark.seq < front.seq)) front = { marks, ...oldestMark };
      }
      if (!front) return raised;
      if (front.seq >= oldest && count <= cap && bytes <= cap * BYTES_PER_MARK) return raised;
      front.marks.delete(front.target);
      raised = Math.max(raised, front.seq);
    }
  }
}

/** Newest seq by target, in the order of the seqs, with the bytes that the targets have in the ledger. */
class Marks {
  bytes = 0;
  readonly #seqs = new Map<Target, number>();

  get size(): number {
    return this.#seqs.size;
  }

  get(target: Target): number | undefined {
    return this.#seqs.get(target);
  }

  /** Newer than every other: it goes to the end, so that trimming takes from the front. */
  set(target: Target, seq: number): void {
    this.delete(target);
    this.#seqs.set(target, seq);
    this.bytes += memberBytes(target);
  }

  delete(target: Target): void {
    if (this.#seqs.delete(target)) this.bytes -= memberBytes(target);
  }

  front(): { target: Target; seq: number } | undefined {
    for (const [target, seq] of this.#seqs) return { target, seq };
    return undefined;
  }

  entries(): Iterable<[Target, number]> {
    return this.#seqs;
  }
}

function isKeyTarget(target: Target): boolean {
  return target.startsWith('k:');
}

/** Bytes of a mark's member in Redis. */
function memberBytes(target: Target): number {
  return encoder.encode(target).byteLength + MODE_PREFIX_BYTES;
}
