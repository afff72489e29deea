import type { Stamp } from '../codec/stamp.ts';
import { segmentPrefixes } from '../tenant/key.ts';
import {
  keyTarget,
  prefixTarget,
  tagTarget,
  TENANT_TARGET,
  type Target,
} from '../tenant/target.ts';

/** The newest hard and soft purge of a target; 0 for none. Both are kept: a newer soft purge must not hide an older hard one. */
export interface MarkPair {
  readonly hard: number;
  readonly soft: number;
}

/** What an isolate knows of a tenant's ledger. */
export interface LedgerKnowledge {
  readonly epoch: string;
  readonly seen: number;
  /** The highest seq of any mark that is known: `seen`, or an own mark beyond it. */
  readonly newest: number;
  readonly floor: number;
  readonly keyFloor: number;
  readonly marks: ReadonlyMap<Target, MarkPair>;
}

/** What a mark can hit. */
export interface Subject {
  readonly stamp: Stamp;
  readonly key: string;
  readonly tags: readonly string[];
}

/**
 * `valid`; `stale`: only soft purges hit it, it may be served while it is refreshed or its source is down; `invalid`:
 * never served, never a validator, never handed to a loader.
 */
export type Verdict = 'valid' | 'stale' | 'invalid';

/**
 * The one rule of coherence. An entry is valid iff it was loaded under this epoch, not before the floor (copies in
 * memory and regional tiers: nor before the key floor), and no purge of its key, its tags, a prefix of its key or the
 * tenant is newer than its stamp.
 *
 * @param exactPerKey true for an entry that was read from the authority, which drops it when its key is purged
 */
export function judge(known: LedgerKnowledge, subject: Subject, exactPerKey: boolean): Verdict {
  const { epoch, asOf } = subject.stamp;
  if (epoch !== known.epoch || asOf < known.floor) return 'invalid';
  if (!exactPerKey && asOf < known.keyFloor) return 'invalid';
  // Nothing that is known can be newer than what the load already knew.
  if (asOf >= known.newest) return 'valid';
  let verdict: Verdict = 'valid';
  for (const target of targetsOf(subject)) {
    const mark = known.marks.get(target);
    if (!mark) continue;
    if (mark.hard > asOf) return 'invalid';
    if (mark.soft > asOf) verdict = 'stale';
  }
  return verdict;
}

/** True when one of the targets hits the subject, whenever it was loaded. */
export function hits(targets: ReadonlySet<Target>, subject: Omit<Subject, 'stamp'>): boolean {
  for (const target of targetsOf(subject)) if (targets.has(target)) return true;
  return false;
}

/** Everything by which a mark can hit the subject. */
export function* targetsOf(subject: Omit<Subject, 'stamp'>): Generator<Target> {
  yield TENANT_TARGET;
  yield keyTarget(subject.key);
  for (const tag of subject.tags) yield tagTarget(tag);
  for (const prefix of segmentPrefixes(subject.key)) yield prefixTarget(prefix);
}
