import type { EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { hits, judge, type LedgerKnowledge } from '../coherence/marks.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Target } from '../tenant/target.ts';
import type { Prepared } from '../tiers/tier.ts';

/** How a load ended, as plain data that any request of the isolate may have. */
export type Landing =
  /** It made a value, or another isolate did. */
  | {
      readonly type: 'loaded';
      readonly draft: EntryDraft;
      readonly prepared: Prepared;
      readonly stamp: Stamp | undefined;
    }
  /** The loader of a batch has no value. */
  | { readonly type: 'absent'; readonly stamp: Stamp | undefined }
  /** Another isolate is loading, and whoever led had something stale to serve. */
  | { readonly type: 'none' };

/** Work under way for a key, as far as it can be told who may have what it brings. */
export interface Flying {
  readonly key: CacheKey;
  readonly startedAt: number;
  /** From this time on it counts as abandoned. Moves when a load begins that had to wait for its lease. */
  aliveUntil: number;
  /** What the load is stamped with; `pending` before it begins; undefined when the ledger was not known then. */
  stamp: Stamp | 'pending' | undefined;
}

/** A load under way. */
export interface Flight extends Flying {
  readonly landing: Promise<Landing>;
}

/** What somebody who joins a flight knew when they asked. */
export interface Joining {
  readonly epoch: string;
  readonly seen: number;
  /** The purges among it that the flight's load did not know; undefined while that is not to be told. */
  readonly newer: ReadonlySet<Target> | undefined;
}

/** A flight that is older than any load may be has lost its owner. */
const LONGEST_FLIGHT_MS = 10 * 60_000;

/**
 * The loads under way in this isolate, one a key. Whoever leads holds the load with `waitUntil`; whoever joins races a
 * timer of their own, because a promise whose owner's client is gone may never settle.
 */
export class Flights<F extends Flying = Flight> {
  readonly #flights = new Map<string, F>();

  get(key: CacheKey): F | undefined {
    return this.#flights.get(key.fullName);
  }

  /** Takes the place of another flight of the key, whose followers keep what they wait for. */
  begin(flight: F): void {
    const { fullName } = flight.key;
    // To the end, so that the oldest come first.
    this.#flights.delete(fullName);
    this.#flights.set(fullName, flight);
    for (const [name, { startedAt }] of this.#flights) {
      if (flight.startedAt - startedAt < LONGEST_FLIGHT_MS) break;
      this.#flights.delete(name);
    }
  }

  /** Nobody joins it from now on. */
  end(flight: F): void {
    if (this.#flights.get(flight.key.fullName) === flight)
      this.#flights.delete(flight.key.fullName);
  }

  /** Nobody joins what is under way for this key: a write has made it old. */
  detach(key: CacheKey): void {
    this.#flights.delete(key.fullName);
  }

  /** Nobody joins anything that is under way. */
  detachAll(): void {
    this.#flights.clear();
  }

  get size(): number {
    return this.#flights.size;
  }
}

/**
 * Whether somebody who asks now may have what this flight brings: undefined when a purge that is known to them is newer
 * than the load. Tags are known when the load ends: {@link mayHave} asks again.
 */
export function joining(known: LedgerKnowledge, flight: Flying): Joining | undefined {
  const { stamp } = flight;
  const { epoch, newest: seen } = known;
  // It will be stamped with what is known when it begins, or brings what another isolate has loaded.
  if (stamp === 'pending') return { epoch, seen, newer: undefined };
  if (!stamp) return epoch === '' ? { epoch, seen, newer: new Set() } : undefined;
  if (stamp.epoch !== epoch || stamp.asOf < Math.max(known.floor, known.keyFloor)) return undefined;
  const newer = new Set<Target>();
  if (stamp.asOf < known.newest) {
    for (const [target, { hard, soft }] of known.marks)
      if (hard > stamp.asOf || soft > stamp.asOf) newer.add(target);
  }
  return hits(newer, { key: flight.key.key, tags: [] }) ? undefined : { epoch, seen, newer };
}

/** Whether the value that a flight brought is what the caller who joined it may have. */
export function mayHave(
  { epoch, seen, newer }: Joining,
  key: CacheKey,
  tags: readonly string[],
  stamp: Stamp | undefined,
  known: LedgerKnowledge,
): boolean {
  if (newer) return newer.size === 0 || !hits(newer, { key: key.key, tags });
  if (!stamp) return epoch === '';
  if (stamp.epoch === epoch && stamp.asOf >= seen) return true;
  // What was known then is not to be told from what is known now: this refuses more than it has to.
  return judge(known, { stamp, key: key.key, tags }, false) === 'valid';
}
