import type { PurgeMode, Target } from '../tenant/target.ts';
import { keyTarget, prefixTarget, tagTarget, TENANT_TARGET } from '../tenant/target.ts';
import { segmentPrefixes } from '../tenant/key.ts';
import type { CommitOutcome, Cursor, LedgerReply, Mark, Retention } from './authority.ts';
import type { Stamp } from '../codec/stamp.ts';

/** Newest seq by target, in the order of the seqs. */
type Marks = Map<Target, number>;

/**
 * The ledger of one tenant as a value in memory: the same decisions that the scripts of the Redis authority make
 * inside Redis, but that it trims at every mark.
 */
export class Ledger {
  readonly epoch: string;
  #floor: number;
  #keyFloor: number;
  #last: number;
  readonly #hardKeys: Marks = new Map();
  readonly #hardOthers: Marks = new Map();
  readonly #soft: Marks = new Map();

  /** @param createdAt microseconds since the Unix epoch: both floors of a new ledger */
  constructor(epoch: string, createdAt: number) {
    this.epoch = epoch;
    this.#floor = createdAt;
    this.#keyFloor = createdAt;
    this.#last = createdAt;
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
      for (const [target, seq] of map) if (seq >= since) marks.push({ target, mode, seq });
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
      // Deleted first, so that it moves to the end and the map stays in the order of seqs: trimming takes from the front.
      map.delete(target);
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

  /** Whether a value computed under `knownAs` may supersede: no purge of its tags, prefixes or tenant, hard or soft, may be newer. */
  maySupersede(key: string, tags: readonly string[], knownAs: Stamp): boolean {
    if (knownAs.epoch !== this.epoch || knownAs.asOf < this.#floor) return false;
    const targets = [
      TENANT_TARGET,
      ...tags.map(tagTarget),
      ...segmentPrefixes(key).map(prefixTarget),
    ] as const;
    const newest = (target: Target): number =>
      Math.max(this.#hardOthers.get(target) ?? 0, this.#soft.get(target) ?? 0);
    return targets.every((target) => newest(target) <= knownAs.asOf);
  }

  /** Drops what is too old or past the cap, oldest first, and answers the floor that this raises. */
  #trim(maps: readonly Marks[], keepMs: number, cap: number, floor: number): number {
    const oldest = this.#last - keepMs * 1000;
    let raised = floor;
    for (;;) {
      const count = maps.reduce((sum, map) => sum + map.size, 0);
      let front: { map: Marks; target: Target; seq: number } | undefined;
      for (const map of maps) {
        for (const [target, seq] of map) {
          if (!front || seq < front.seq) front = { map, target, seq };
          break;
        }
      }
      if (!front || (front.seq >= oldest && count <= cap)) return raised;
      front.map.delete(front.target);
      raised = Math.max(raised, front.seq);
    }
  }
}

function isKeyTarget(target: Target): boolean {
  return target.startsWith('k:');
}
