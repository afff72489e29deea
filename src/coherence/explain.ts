import type { PurgeMode, Target } from '../tenant/target.ts';
import { judge, targetsOf, type LedgerKnowledge, type Subject, type Verdict } from './marks.ts';

/**
 * Why an entry is not valid. `epoch`: it was loaded under another ledger. `floor`, `key-floor`: it was loaded before what
 * the ledger still knows. `mark`: a purge hit it; of several the newest of those that decide, with its mode.
 */
export type Cause =
  | { readonly by: 'epoch' }
  | { readonly by: 'floor' | 'key-floor'; readonly seq: number }
  | {
      readonly by: 'mark';
      readonly target: Target;
      readonly mode: PurgeMode;
      readonly seq: number;
    };

/** The verdict of the one rule, and what it rests on. `cause` is undefined for what is valid. */
export interface Explanation {
  readonly verdict: Verdict;
  readonly cause: Cause | undefined;
}

/** Judges as {@link judge} does and says why. For people: it looks at everything, and no request waits for it. */
export function explain(
  known: LedgerKnowledge,
  subject: Subject,
  exactPerKey: boolean,
): Explanation {
  const verdict = judge(known, subject, exactPerKey);
  return { verdict, cause: verdict === 'valid' ? undefined : causeOf(known, subject, exactPerKey) };
}

function causeOf(
  known: LedgerKnowledge,
  subject: Subject,
  exactPerKey: boolean,
): Cause | undefined {
  const { epoch, asOf } = subject.stamp;
  if (epoch !== known.epoch) return { by: 'epoch' };
  if (asOf < known.floor) return { by: 'floor', seq: known.floor };
  if (!exactPerKey && asOf < known.keyFloor) return { by: 'key-floor', seq: known.keyFloor };
  const newest: Record<PurgeMode, { target: Target; seq: number } | undefined> = {
    hard: undefined,
    soft: undefined,
  };
  for (const target of targetsOf(subject))
    for (const mode of ['hard', 'soft'] as const) {
      const seq = known.marks.get(target)?.[mode] ?? 0;
      if (seq > asOf && seq > (newest[mode]?.seq ?? 0)) newest[mode] = { target, seq };
    }
  const mode = newest.hard ? 'hard' : 'soft';
  const mark = newest[mode];
  return mark && { by: 'mark', mode, ...mark };
}
