import type { SupersedeOutcome } from '../authority/authority.ts';
import { entryBytes, type EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { judge } from '../coherence/marks.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { set, setDropped } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';
import type { EngineParts } from './parts.ts';
import { demote, demoteHere, promote, type Lifetimes } from './promotion.ts';
import { reportFailure } from './report.ts';

/** A value that is set, not loaded. */
export interface Setting {
  readonly key: CacheKey;
  readonly draft: EntryDraft;
  readonly prepared: Prepared;
  readonly lifetimes: Lifetimes | undefined;
  /** Not stored when its key was purged or set since what the caller knew. Default: it wins. */
  readonly unlessMarked?: boolean;
}

/**
 * Stores values in place of whatever anybody holds of their keys. All of one tenant; one request.
 *
 * Rejects with `AuthorityUnavailable` when nothing was sent, and with `OutcomeUnknown` when the reply was lost: this
 * isolate has then dropped what it held, and the call is not repeated by itself.
 *
 * @param knownAs what the caller knew when it computed the values; undefined: what is known now
 */
export async function supersede(
  parts: EngineParts,
  settings: readonly Setting[],
  knownAs: Stamp | undefined,
  runtime: Runtime,
): Promise<readonly SupersedeOutcome[]> {
  const [first] = settings;
  if (!first) return [];
  const from = runtime.now();
  const known = knownAs ?? (await stampOf(parts, first.key, runtime));
  // What began before is older than what is set here.
  for (const { key } of settings) parts.flights.detach(key);
  let outcomes: readonly SupersedeOutcome[];
  try {
    outcomes = await parts.authority.supersede(
      settings.map(({ key, draft, unlessMarked }) => ({
        key,
        draft,
        knownAs: known,
        unlessMarked,
      })),
    );
  } catch (error) {
    for (const { key } of settings) demote(parts, key, runtime);
    reportFailure(parts, first.key.tenant, parts.authority.name, error);
    throw error;
  }
  settings.forEach(({ key, draft, prepared, lifetimes }, at) => {
    const outcome = outcomes[at];
    parts.flights.detach(key);
    parts.lookups.drop(key.fullName);
    if (outcome?.stored) {
      // Slow tiers, and whatever is under way, may still have what was there before.
      parts.coherence.noteSet(key, outcome.stamp);
      const entry = { ...draft, stamp: outcome.stamp };
      // Newer than all that the view knows; only the next poll can tell it otherwise.
      const heldAt = 0;
      const until = entry.expiresAt;
      // Of two whose answers came in another order than they were carried out, the later one stays.
      const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
      if (judge(parts.coherence.view(key.tenant), subject, true) !== 'valid') return;
      demoteHere(parts, key, runtime);
      const promotion = { key, entry, prepared, until, from, heldAt, lifetimes };
      promote(parts, parts.tiers, promotion, runtime);
      parts.sink(set(key.tenant, key.key, prepared.bytes + entryBytes(entry)));
    } else {
      demote(parts, key, runtime);
      parts.sink(setDropped(key.tenant, key.key, 'superseded'));
    }
  });
  return outcomes;
}

/** What may be known now, by a view within the bound. Rejects with `AuthorityUnavailable`. */
export async function stampOf(
  parts: EngineParts,
  { tenant }: Pick<CacheKey, 'tenant'>,
  runtime: Runtime,
): Promise<Stamp> {
  const { coherence } = parts;
  const present = coherence.view(tenant);
  const view = coherence.isFresh(present, runtime.now())
    ? present
    : await coherence.check(tenant, runtime);
  if (view.stamp) return view.stamp;
  throw new AuthorityUnavailable('The ledger of the tenant is not known.', {
    tier: parts.authority.name,
  });
}
