import type { Cursor, LedgerReply } from '../authority/authority.ts';
import type { Stamp } from '../codec/stamp.ts';
import type { Target } from '../tenant/target.ts';
import type { HeadsPoint, HeadsProof } from './heads.ts';
import type { LedgerKnowledge, MarkPair } from './marks.ts';

/** What became of a reply: taken in, or doubtful, so that the authority's primary has to be asked. */
export type Absorption = 'absorbed' | 'doubtful';

/** Of a view without marks. */
const VIEW_BYTES = 512;

// Generations are never reused, also not after a view was dropped: a copy in memory remembers the one at which it was valid.
let lastGeneration = 0;

/**
 * One tenant's ledger as one isolate knows it. Complete for every mark up to `seen` above the floors. Losing a view is
 * always safe; a new one knows nothing and is filled by the whole ledger.
 */
export class View implements LedgerKnowledge {
  epoch = '';
  /** Every mark up to here is known. Only an answer of the authority moves it, never the seq of an own mark. */
  seen = 0;
  /** The highest seq of any mark here. */
  newest = 0;
  floor = 0;
  keyFloor = 0;
  /** The key floor that the ledger has told: its own, without what this view has forgotten. */
  #toldKeyFloor = 0;
  /** When the newest absorbed check was sent, in milliseconds; the bounds count from here. */
  checkedAt = Number.NEGATIVE_INFINITY;
  #checkedOrder = 0;
  /** When the ledger itself was read last, in milliseconds: by the heads it may have been checked later. */
  polledAt = Number.NEGATIVE_INFINITY;
  /** Up to where of the heads every change of this ledger is known here. Undefined where nothing proves that. */
  covered: HeadsPoint | undefined;
  /** Changes whenever a copy that was valid may no longer be. Negative until the first answer: no copy was found valid by it. */
  generation = -1;
  readonly #marks = new Map<Target, MarkPair>();
  #markBytes = 0;
  #epochSince = 0;

  get marks(): ReadonlyMap<Target, MarkPair> {
    return this.#marks;
  }

  /** Undefined until the first answer. */
  get cursor(): Cursor | undefined {
    return this.epoch === '' ? undefined : { epoch: this.epoch, seen: this.seen };
  }

  /** What a load that begins now may be stamped with. Undefined until the first answer. */
  get stamp(): Stamp | undefined {
    return this.epoch === '' ? undefined : { epoch: this.epoch, asOf: this.seen };
  }

  /** The number of the newest absorbed check; 0 for none. */
  get checkedOrder(): number {
    return this.#checkedOrder;
  }

  /** Estimate of the memory that the view occupies. */
  get bytes(): number {
    return VIEW_BYTES + this.#markBytes;
  }

  /**
   * Takes a poll's reply in. Doubtful, and then not used at all, are: no ledger; another epoch than the known one; one
   * that begins past what is known here (the view was replaced while the poll was under way); and one that ends before
   * what is known here (Redis rolled back, or a replica lags).
   *
   * @param order number of the request that asked, growing in the order of sending
   */
  absorbPoll(reply: LedgerReply | undefined, sentAt: number, order: number): Absorption {
    if (!reply) return 'doubtful';
    if (this.epoch !== '') {
      if (reply.epoch !== this.epoch || reply.since > this.seen) return 'doubtful';
      if (reply.floor < this.seen && !reply.marks.some((mark) => mark.seq >= this.seen))
        return 'doubtful';
    } else if (reply.since > 0) return 'doubtful';
    this.#merge(reply, sentAt, order);
    return 'absorbed';
  }

  /** Takes in what the authority's primary said. Only a gap, or a word older than the known epoch, can't be used. */
  absorbConfirmed(reply: LedgerReply, sentAt: number, order: number): Absorption {
    if (reply.epoch !== this.epoch) {
      if (order < this.#epochSince || reply.since > 0) return 'doubtful';
    } else if (reply.since > this.seen) return 'doubtful';
    this.#merge(reply, sentAt, order);
    return 'absorbed';
  }

  /**
   * The key floor up to which entries that came with this reply are exact per key. Past it a mark may have been trimmed
   * that hit one of them since: they are copies like others then. 0 where that may have happened already.
   */
  exactWith(reply: LedgerReply | undefined): number {
    const isNewest = reply?.epoch === this.epoch && reply.keyFloor === this.#toldKeyFloor;
    return isNewest ? this.keyFloor : 0;
  }

  /**
   * Takes in an own hard mark that came without an answer of the ledger. It moves no cursor: others' marks may lie between.
   */
  note(epoch: string, target: Target, seq: number): void {
    if (epoch !== this.epoch) return;
    const known = this.#marks.get(target) ?? { hard: 0, soft: 0 };
    if (seq <= known.hard) return;
    this.#set(target, { ...known, hard: seq });
    this.newest = Math.max(this.newest, seq);
    lastGeneration += 1;
    this.generation = lastGeneration;
  }

  #merge(reply: LedgerReply, sentAt: number, order: number): void {
    let changed = false;
    if (reply.epoch !== this.epoch) {
      this.epoch = reply.epoch;
      this.#epochSince = order;
      this.#marks.clear();
      this.#markBytes = 0;
      this.seen = 0;
      this.newest = 0;
      this.floor = 0;
      this.keyFloor = 0;
      this.#toldKeyFloor = 0;
      // What was checked under another epoch says nothing about this one.
      this.checkedAt = Number.NEGATIVE_INFINITY;
      this.#checkedOrder = 0;
      this.covered = undefined;
      changed = true;
    }
    const raised = reply.floor > this.floor || reply.keyFloor > this.keyFloor;
    this.floor = Math.max(this.floor, reply.floor);
    this.keyFloor = Math.max(this.keyFloor, reply.keyFloor);
    this.#toldKeyFloor = Math.max(this.#toldKeyFloor, reply.keyFloor);
    let highest = Math.max(this.seen, reply.floor);
    for (const { target, mode, seq } of reply.marks) {
      const known = this.#marks.get(target) ?? { hard: 0, soft: 0 };
      if (seq > known[mode]) {
        this.#set(target, { ...known, [mode]: seq });
        changed = true;
      }
      highest = Math.max(highest, seq);
    }
    this.seen = highest;
    this.newest = Math.max(this.newest, highest);
    if (order > this.#checkedOrder) this.polledAt = sentAt;
    this.#checked(sentAt, order);
    if (raised) this.#forgetBelowFloors();
    if (changed || raised) {
      lastGeneration += 1;
      this.generation = lastGeneration;
    }
  }

  /** The heads say that the ledger has no change that is not known here: as good as a poll that brought nothing. */
  absorbUnmoved({ to, sentAt, order }: HeadsProof): void {
    this.covered = to;
    this.#checked(sentAt, order);
  }

  /** By the order of sending, not by the clock: one that was set back must not leave a check in the future. */
  #checked(sentAt: number, order: number): void {
    if (order <= this.#checkedOrder) return;
    this.checkedAt = sentAt;
    this.#checkedOrder = order;
  }

  /**
   * Forgets the oldest marks until the view fits, key marks first, and raises its own floors to them: as trimming does,
   * it can cost misses in this isolate, never an old hit.
   */
  compact(bytes: number): void {
    if (this.bytes <= bytes) return;
    const oldestFirst = [...this.#marks].toSorted(([, a], [, b]) => newestOf(a) - newestOf(b));
    const isKeyMark = ([target, { soft }]: [Target, MarkPair]): boolean =>
      target.startsWith('k:') && soft === 0;
    const order = [
      ...oldestFirst.filter(isKeyMark),
      ...oldestFirst.filter((mark) => !isKeyMark(mark)),
    ];
    for (const mark of order) {
      if (this.bytes <= bytes) break;
      const [target, pair] = mark;
      this.#delete(target);
      if (isKeyMark(mark)) this.keyFloor = Math.max(this.keyFloor, pair.hard);
      else this.floor = Math.max(this.floor, newestOf(pair));
    }
    lastGeneration += 1;
    this.generation = lastGeneration;
  }

  /**
   * Marks at or below a floor hit nothing that the floor lets through: without this a view would grow forever. Key marks
   * go with the key floor, because entries of the authority are exact per key without them.
   */
  #forgetBelowFloors(): void {
    for (const [target, { hard, soft }] of this.#marks) {
      const limit =
        target.startsWith('k:') && soft === 0 ? Math.max(this.floor, this.keyFloor) : this.floor;
      if (hard <= limit && soft <= limit) this.#delete(target);
    }
  }

  #set(target: Target, pair: MarkPair): void {
    if (!this.#marks.has(target)) this.#markBytes += markBytes(target);
    this.#marks.set(target, pair);
  }

  #delete(target: Target): void {
    if (this.#marks.delete(target)) this.#markBytes -= markBytes(target);
  }
}

/** Estimate of what a mark occupies in a view. */
function markBytes(target: Target): number {
  return target.length + 128;
}

function newestOf({ hard, soft }: MarkPair): number {
  return Math.max(hard, soft);
}
