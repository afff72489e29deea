import { explain, type Explanation } from '../coherence/explain.ts';
import type { Verdict } from '../coherence/marks.ts';
import type { View } from '../coherence/view.ts';
import type { CacheKey } from '../tenant/key.ts';
import { stateBy, type EntryState } from './entry-state.ts';
import type { HeldEntry, Holding, Served } from './holdings.ts';

/** What is held of a key, and how the one rule judges it now that the ledger was asked. */
export type Inspected = Exclude<Holding, { readonly state: 'held' }> | InspectedHeld;

export interface InspectedHeld extends HeldEntry {
  readonly tier: string;
  readonly state: 'held';
  readonly judged: Judged;
}

export interface Judged extends Explanation {
  /** What may be done with the entry, time included; the copy's own end is not counted in. */
  readonly state: EntryState;
  /** How this isolate would have served it, without asking anybody, before the ledger was asked. */
  readonly before: Outlook;
  /** How it would have served it by a poll as readers send it, which a replica may answer. */
  readonly polled: Outlook;
  /** How this isolate would serve it now. */
  readonly after: Served;
}

/** How an entry would be served by what this isolate knew at a time. */
export interface Outlook {
  readonly served: Served;
  /** Up to where this isolate claimed to know the ledger, when it was of the entry's epoch. */
  readonly knownTo: number | undefined;
}

/** A holding, and how this isolate would have served it when it was looked at. */
export interface Seen {
  readonly holding: Holding;
  readonly before: Outlook;
}

/** And by its poll. */
export interface Polled extends Seen {
  readonly polled: Outlook;
}

/** True for what is served more freely than the rule allows. */
export function exceeds(served: Served, verdict: Verdict): boolean {
  return verdict === 'invalid' ? served !== undefined : verdict === 'stale' && served === 'fresh';
}

/** What is held against an entry: the whole ledger, and what this isolate knows of it. */
export interface Knowledge {
  readonly ledger: View;
  readonly view: View;
  readonly now: number;
  /** Name of the store that is exact per key. */
  readonly authority: string;
}

export function judged(
  key: CacheKey,
  { holding, before, polled }: Polled,
  by: Knowledge,
): Inspected {
  if (holding.state !== 'held') return holding;
  const { entry, tier, servedBy } = holding;
  const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
  const exactPerKey = tier === by.authority;
  // A lagging replica may know less than this isolate.
  const [whole, own] = [by.ledger, by.view].map((known) => explain(known, subject, exactPerKey));
  const worse = whole && own && RANK[own.verdict] > RANK[whole.verdict] ? own : whole;
  const explanation = worse ?? { verdict: 'invalid', cause: undefined };
  return {
    ...holding,
    judged: {
      ...explanation,
      state: stateBy(explanation.verdict, entry, by.now),
      before,
      polled,
      after: servedBy(by.view, by.now),
    },
  };
}

const RANK: Record<Verdict, number> = { valid: 0, stale: 1, invalid: 2 };

export const UNSEEN: Outlook = { served: undefined, knownTo: undefined };

/** How a view serves what is held, and up to where it claims to know the ledger. */
export function outlook(holding: Holding, view: View, now: number): Outlook {
  if (holding.state !== 'held') return UNSEEN;
  // Heads that told of no change of this ledger answer for more of it than its own last poll.
  const knownTo = Math.max(view.seen, view.covered?.seen ?? 0);
  return {
    served: holding.servedBy(view, now),
    knownTo: view.epoch === holding.entry.stamp.epoch ? knownTo : undefined,
  };
}
