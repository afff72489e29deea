import type { EntryDraft } from '../codec/entry.ts';
import { entryBytes } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { judge } from '../coherence/marks.ts';
import type { Runtime } from '../runtime.ts';
import { store as stored, storeDropped, tierError } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { EngineParts } from './parts.ts';
import { demote, promote } from './promotion.ts';

/** A load that has ended. */
export interface Load {
  readonly key: CacheKey;
  readonly draft: EntryDraft;
  /** The view's, taken before the load began. */
  readonly stamp: Stamp | undefined;
  /** When it began, in milliseconds. */
  readonly startedAt: number;
}

/** Whether a load is stored; otherwise why it is not. */
export type FillOutcome =
  | 'stored'
  | 'unstamped'
  | 'overlong'
  | 'expired'
  | 'too_large'
  | 'purged'
  | 'newer';

/**
 * Stores what a load made: applies the rule once more, against what is known now, then fills the tiers at once and
 * the authority after the response. A load that a purge has invalidated is stored nowhere.
 */
export function fill(parts: EngineParts, load: Load, runtime: Runtime): FillOutcome {
  const { key, draft, stamp } = load;
  const outcome = judgeFill(parts, load, runtime.now());
  if (outcome !== 'stored' || !stamp) {
    parts.sink(storeDropped(key.tenant, outcome));
    return outcome;
  }
  const entry = { ...draft, stamp };
  const { generation } = parts.coherence.view(key.tenant);
  promote(
    parts,
    parts.tiers,
    { key, entry, until: entry.expiresAt, from: load.startedAt, heldAt: generation },
    runtime,
  );
  parts.sink(stored(key.tenant, entryBytes(entry)));
  runtime.waitUntil(
    parts.authority.commit(key, entry).then(
      (committed) => {
        if (committed === 'stored') return;
        // A purge that this isolate has not heard of, or a newer entry: what others will not see, nobody here should.
        demote(parts, key, runtime);
        parts.sink(storeDropped(key.tenant, committed));
      },
      (error: unknown) => parts.sink(tierError(key.tenant, parts.authority.name, error)),
    ),
  );
  return 'stored';
}

function judgeFill(
  parts: EngineParts,
  { key, draft, stamp, startedAt }: Load,
  now: number,
): FillOutcome {
  if (!stamp) return 'unstamped';
  if (now - startedAt > parts.maxLoadMs) return 'overlong';
  if (draft.expiresAt <= now) return 'expired';
  if (draft.value.byteLength > parts.maxEntryBytes) return 'too_large';
  if (isNewerHere(parts, key, stamp, now)) return 'newer';
  const verdict = judge(
    parts.coherence.view(key.tenant),
    { stamp, key: key.key, tags: draft.tags },
    false,
  );
  return verdict === 'valid' ? 'stored' : 'purged';
}

/** True when a tier of this isolate holds a load that knew more: a load that ends late must not put an older value in its place. */
function isNewerHere(parts: EngineParts, key: CacheKey, stamp: Stamp, now: number): boolean {
  return parts.tiers.some((tier) => {
    if (!tier.local) return false;
    const copy = tier.get(key, now);
    if (!copy || copy instanceof Promise) return false;
    const present = copy.entry.stamp;
    return present.epoch === stamp.epoch && present.asOf > stamp.asOf;
  });
}
