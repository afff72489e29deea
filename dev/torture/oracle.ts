import type { LoadBook } from './load-book.ts';
import { Timelines, type Ending } from './timeline.ts';

/** What can be ended, by the names of the targets that hit it. */
export interface Subject {
  /** The name that the origin, and the value itself, calls it by. */
  readonly resource: string;
  /** The target of its key. */
  readonly key: string;
  /** Its tags, prefixes of its key, its tenant, everything. */
  readonly others: readonly string[];
}

/** How a value came to its reader. `joined`: by somebody else's load. */
export type Serving = 'hit' | 'stale' | 'loaded' | 'joined';

/** A read that brought a value. Times in milliseconds of the run's clock. */
export interface ReadFacts {
  /** The isolate's part that answered: what it has acknowledged itself it must know at once. Another one after a restart. */
  readonly actor: string;
  readonly subject: Subject;
  readonly begunAt: number;
  readonly endedAt: number;
  /** Number of the value, and what it says that it is of. */
  readonly load: number;
  readonly resource: string;
  readonly serving: Serving;
  readonly tier: string | undefined;
  /** The reader was told that Redis did not answer. */
  readonly flagged: boolean;
}

/**
 * `old`: loaded before a purge that was acknowledged longer ago than the bound. `own`: the same, of a purge that this very
 * isolate acknowledged. `soft`: served as fresh although a soft purge had hit it. `unverified`: flagged, for longer than is
 * allowed. `refused`: a write that its writer was told is not stored. `foreign`: the value of something else.
 */
export type ViolationKind = 'old' | 'own' | 'soft' | 'unverified' | 'refused' | 'foreign';

export interface Violation {
  readonly kind: ViolationKind;
  readonly read: ReadFacts;
  readonly loadedAt: number | undefined;
  readonly ending: Ending | undefined;
  /** From the acknowledgement to the beginning of the read. */
  readonly ageMs: number | undefined;
}

/** A hard ending, or a soft one. */
export interface Acknowledged extends Ending {
  readonly actor: string;
  readonly mode: 'hard' | 'soft';
  /** What it hits: names of targets; `ofKey` are those that compare with writes by key. */
  readonly ofKey: readonly string[];
  readonly ofOthers: readonly string[];
}

export interface Bounds {
  readonly coherenceMs: number;
  readonly maxUnverifiedMs: number;
}

/** The clocks of two processes of one machine count whole milliseconds. */
const CLOCK_MS = 2;

/** Decides which reads should not have been. Knows everything that was acknowledged, and when each value was made. */
export class Oracle {
  readonly #book: LoadBook;
  readonly #bounds: Bounds;
  readonly #hard = new Timelines();
  readonly #soft = new Timelines();
  /** The latest beginning of a verified read of a value that had ended, after that was acknowledged. */
  lastOldMs = 0;

  constructor(book: LoadBook, bounds: Bounds) {
    this.#book = book;
    this.#bounds = bounds;
  }

  acknowledged(ending: Acknowledged): void {
    const timelines = ending.mode === 'hard' ? this.#hard : this.#soft;
    const { what, begunAt, ackedAt } = ending;
    for (const target of [...ending.ofKey, ...ending.ofOthers])
      for (const name of [target, `${ending.actor}|${target}`])
        timelines.add(name, { what, begunAt, ackedAt });
  }

  /** What is wrong with a read, if anything is. */
  judge(read: ReadFacts): Violation | undefined {
    const making = this.#book.get(read.load);
    const violation = (kind: ViolationKind, ending?: Ending): Violation => ({
      kind,
      read,
      loadedAt: making?.forOthers,
      ending,
      ageMs: ending && read.begunAt - ending.ackedAt,
    });
    if (
      !making ||
      making.resource !== read.subject.resource ||
      read.resource !== read.subject.resource
    )
      return violation('foreign');
    if (making.refused) return violation('refused');

    const { coherenceMs, maxUnverifiedMs } = this.#bounds;
    const own = this.#first(this.#hard, read, making, `${read.actor}|`);
    if (own && read.begunAt > own.ackedAt + CLOCK_MS) return violation('own', own);
    const hard = this.#first(this.#hard, read, making, '');
    if (hard) {
      const age = read.begunAt - hard.ackedAt;
      if (!read.flagged) {
        this.lastOldMs = Math.max(this.lastOldMs, age);
        if (age > coherenceMs + CLOCK_MS) return violation('old', hard);
      } else if (
        (read.serving === 'hit' || read.serving === 'stale') &&
        age > Math.max(coherenceMs, maxUnverifiedMs) + CLOCK_MS
      )
        return violation('unverified', hard);
    }
    if (read.serving === 'hit' && !read.flagged) {
      const at = Math.max(making.forOthers, making.confirmedAt);
      const soft = this.#soft.firstAfter([read.subject.key, ...read.subject.others], at);
      if (soft && read.begunAt - soft.ackedAt > coherenceMs + CLOCK_MS)
        return violation('soft', soft);
    }
    return undefined;
  }

  #first(
    timelines: Timelines,
    { subject }: ReadFacts,
    { forKey, forOthers }: { readonly forKey: number; readonly forOthers: number },
    before: string,
  ): Ending | undefined {
    const ofKey = timelines.firstAfter([before + subject.key], forKey);
    const ofOthers = timelines.firstAfter(
      subject.others.map((name) => before + name),
      forOthers,
    );
    if (!ofKey || !ofOthers) return ofKey ?? ofOthers;
    return ofKey.ackedAt <= ofOthers.ackedAt ? ofKey : ofOthers;
  }
}
