import type { Cause } from '../coherence/explain.ts';
import type { FrameFault } from '../errors.ts';
import type { HeldEntry } from './holdings.ts';
import { exceeds, type Inspected, type InspectedHeld, type Outlook } from './judgement.ts';

/**
 * Why two stores, or a store and the ledger, disagree.
 *
 * `stale-within-bound`: a purge has hit what this isolate still serves, and it has not asked since. It asks within the bound.
 * `stale-beyond-bound`: it serves, or would, what a purge has hit that it should know of. A defect.
 * `replica-lag`: the bound has passed, and a poll as readers send it still does not tell a purge that the primary has. It ends with the lag.
 * `restamped`: a copy claims to know purges that the entry it was made of does not know. A defect.
 * `missing`: a valid copy is served; the authority has lost its entry, or has none that is of use. Harmless.
 * `another-load`: a valid copy and the authority's valid entry were loaded apart. Ordinary: each is fresh by its own times.
 * `undecodable`: bytes that are not an entry of this key. A miss for readers.
 * `changed-at-origin`: the source says another thing now, and no purge said so. Ordinary: that is what times of freshness are for.
 */
export type Reason =
  | 'stale-within-bound'
  | 'stale-beyond-bound'
  | 'replica-lag'
  | 'restamped'
  | 'missing'
  | 'another-load'
  | 'undecodable'
  | 'changed-at-origin';

export interface Disagreement {
  /** The store that has it, or lacks it. */
  readonly tier: string;
  readonly reason: Reason;
  /** This must not happen. */
  readonly defect: boolean;
  /** What has hit it. */
  readonly cause?: Cause | undefined;
  readonly fault?: FrameFault;
  /** What the source says otherwise: `status`, `location`, `content-type`, `body`, `etag`. */
  readonly changed?: readonly string[];
  readonly ageMs?: number;
  readonly freshForMs?: number;
  /** The store whose copy is served. */
  readonly servedBy?: string;
  /** Whether the copy was made of an older or a newer load than the authority's entry. */
  readonly copyIs?: 'older' | 'newer';
}

/** True for what a reader is served now. */
export function isServed(one: Inspected): one is InspectedHeld {
  return one.state === 'held' && one.judged.after !== undefined;
}

/** @param authority name of the store that all isolates share; undefined when there is only this isolate */
export function disagreementsOf(
  tiers: readonly Inspected[],
  authority: string | undefined,
): readonly Disagreement[] {
  const shared = tiers.find(({ tier }) => tier === authority);
  return tiers.flatMap((one): readonly Disagreement[] => {
    const { tier } = one;
    if (one.state === 'undecodable')
      return [{ tier, reason: 'undecodable', defect: false, fault: one.fault }];
    if (one.state !== 'held') return [];
    const stale = staleness(one);
    if (stale) return [{ tier, ...stale }];
    return shared && shared !== one && isServed(one) ? besides(one, shared) : [];
  });
}

/** What the ledger says of what is served. */
function staleness({ judged }: InspectedHeld): Omit<Disagreement, 'tier'> | undefined {
  const { before, polled, after, verdict, cause } = judged;
  const served = [before, polled].filter((outlook) => exceeds(outlook.served, verdict));
  // By the order of the authority, not by a clock: it claimed to know every purge up to there.
  const isKnown = ({ knownTo }: Outlook): boolean =>
    cause?.by === 'mark' && knownTo !== undefined && cause.seq <= knownTo;
  if (exceeds(after, verdict) || served.some(isKnown))
    return { reason: 'stale-beyond-bound', defect: true, cause };
  if (served.includes(before)) return { reason: 'stale-within-bound', defect: false, cause };
  return served.length > 0 ? { reason: 'replica-lag', defect: false, cause } : undefined;
}

/** What the authority's entry says of a valid copy that is served. */
function besides(copy: InspectedHeld, shared: Inspected): readonly Disagreement[] {
  if (shared.state === 'absent')
    return [{ tier: shared.tier, reason: 'missing', defect: false, servedBy: copy.tier }];
  if (shared.state !== 'held') return [];
  const { tier } = copy;
  if (isSameLoad(copy, shared)) {
    const [own, its] = [copy.entry.stamp, shared.entry.stamp];
    if (own.epoch === its.epoch && own.asOf <= its.asOf) return [];
    const { cause } = shared.judged;
    return shared.judged.verdict === 'invalid'
      ? [{ tier, reason: 'stale-beyond-bound', defect: true, cause }]
      : [{ tier, reason: 'restamped', defect: true }];
  }
  if (shared.judged.after === undefined)
    return [{ tier: shared.tier, reason: 'missing', defect: false, servedBy: tier }];
  const copyIs = copy.entry.createdAt < shared.entry.createdAt ? 'older' : 'newer';
  return [{ tier, reason: 'another-load', defect: false, copyIs }];
}

/** Times of freshness may differ: a touch moves them. */
function isSameLoad(one: HeldEntry, other: HeldEntry): boolean {
  return (
    one.entry.createdAt === other.entry.createdAt &&
    one.entry.lifeUntil === other.entry.lifeUntil &&
    one.entry.loadMs === other.entry.loadMs &&
    one.entry.etag === other.entry.etag &&
    (one.digest === undefined || other.digest === undefined || one.digest === other.digest)
  );
}
