import type { Entry } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { judge } from '../coherence/marks.ts';
import type { View } from '../coherence/view.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { withDeadline } from '../resilience/deadline.ts';
import type { Runtime } from '../runtime.ts';
import { hit, miss, tierError, type MissReason } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Copy, Tier } from '../tiers/tier.ts';
import type { EngineParts } from './parts.ts';
import { attempt, promote } from './promotion.ts';

/** What a lookup found. */
export type Lookup = Hit | Miss;

export interface Hit {
  readonly found: true;
  readonly entry: Entry;
  /** Name of the tier that had it. */
  readonly tier: string;
  /** False when the authority did not answer, and the entry is served on what was known before. */
  readonly verified: boolean;
}

export interface Miss {
  readonly found: false;
  readonly reason: MissReason;
  /** For a load that begins now. Undefined when the ledger is not known: what is loaded then can't be stored. */
  readonly stamp: Stamp | undefined;
}

type State = 'fresh' | 'stale' | 'expired' | 'purged';

/**
 * Walks the tiers, fastest first, then the authority, and answers the first fresh entry that the rule finds valid;
 * faster tiers get a copy. A copy is judged by a view that is within the coherence bound, or it waits for one poll; an
 * entry that only the authority has comes in the same round trip as the poll.
 *
 * Rejects with {@link AuthorityUnavailable} only when the authority is required.
 */
export async function lookup(parts: EngineParts, key: CacheKey, runtime: Runtime): Promise<Lookup> {
  const { coherence, tiers, sink } = parts;
  const { tenant } = key;
  const startedAt = runtime.now();
  let checkedHere = false;
  let unavailable = false;
  let reason: MissReason = 'absent';
  const first = coherence.view(tenant);
  if (coherence.isFresh(first, startedAt)) coherence.renewSoon(tenant, first, runtime);

  for (const [position, tier] of tiers.entries()) {
    const answer = tier.get(key, runtime.now());
    const copy =
      answer instanceof Promise ? await patiently(parts, tier, key, answer, runtime) : answer;
    if (!copy) continue;
    // Always the present view: a tier may have taken long, and the view been replaced meanwhile.
    let view = coherence.view(tenant);
    let verified: boolean =
      coherence.isFresh(view, runtime.now()) || (checkedHere && view.checkedAt >= startedAt);
    if (!verified && !unavailable) {
      const checked = await check(parts, key, runtime);
      // Also after a failure: the view may have been dropped while it was waited for.
      view = checked ?? coherence.view(tenant);
      verified = checked !== undefined;
      checkedHere ||= verified;
      unavailable = !verified;
    }
    const now = runtime.now();
    if (!verified && !coherence.mayServeUnverified(view, now)) continue;
    const state = stateOfCopy(view, copy, now);
    if (state === 'fresh') {
      const { entry, until } = copy;
      promote(
        parts,
        tiers.slice(0, position),
        { key, entry, until, from: now, heldAt: view.generation },
        runtime,
      );
      sink(hit(tenant, tier.name, verified));
      return { found: true, entry, tier: tier.name, verified };
    }
    reason = state;
  }

  let { stamp } = coherence.view(tenant);
  if (!unavailable) {
    const sentAt = runtime.now();
    const answer = await read(parts, key, runtime);
    if (answer) {
      const { view, entry } = answer;
      stamp = view.stamp;
      if (entry) {
        const state = stateOf(view, key, entry, true, runtime.now());
        if (state === 'fresh') {
          // A copy from before the key floor would never be served: only the authority is exact per key there.
          if (entry.stamp.asOf >= view.keyFloor) {
            const { generation } = view;
            promote(
              parts,
              tiers,
              { key, entry, until: entry.expiresAt, from: sentAt, heldAt: generation },
              runtime,
            );
          }
          sink(hit(tenant, parts.authority.name, true));
          return { found: true, entry, tier: parts.authority.name, verified: true };
        }
        reason = state;
      }
    } else unavailable = true;
  }

  if (unavailable) reason = 'unavailable';
  sink(miss(tenant, reason));
  return { found: false, reason, stamp };
}

/** What may be done with an entry now. */
function stateOf(
  view: View,
  key: CacheKey,
  entry: Entry,
  exactPerKey: boolean,
  now: number,
): State {
  const verdict = judge(view, { stamp: entry.stamp, key: key.key, tags: entry.tags }, exactPerKey);
  if (verdict === 'invalid') return 'purged';
  if (entry.expiresAt <= now) return 'expired';
  return verdict === 'stale' || entry.freshUntil <= now ? 'stale' : 'fresh';
}

function stateOfCopy(view: View, copy: Copy, now: number): State {
  // The hot path: the rule held at this generation, so only time can have changed anything.
  if (copy.heldAt === view.generation) return copy.entry.freshUntil > now ? 'fresh' : 'stale';
  const state = stateOf(view, copy.key, copy.entry, false, now);
  if (state === 'fresh') copy.heldAt = view.generation;
  return state;
}

/** A tier that takes too long is as good as one that has nothing. */
function patiently<T>(
  parts: EngineParts,
  tier: Tier,
  key: CacheKey,
  answer: Promise<T>,
  runtime: Runtime,
): Promise<T | undefined> {
  return attempt(parts, tier, key, () => withDeadline(answer, parts.tierTimeoutMs, runtime));
}

async function check(
  parts: EngineParts,
  key: CacheKey,
  runtime: Runtime,
): Promise<View | undefined> {
  try {
    return await parts.coherence.check(key.tenant, runtime);
  } catch (error) {
    return unavailableBy(parts, key, error);
  }
}

async function read(
  parts: EngineParts,
  key: CacheKey,
  runtime: Runtime,
): Promise<{ view: View; entry: Entry | undefined } | undefined> {
  try {
    const { view, entries } = await parts.coherence.read(key.tenant, [key], runtime);
    return { view, entry: entries[0] };
  } catch (error) {
    return unavailableBy(parts, key, error);
  }
}

function unavailableBy(parts: EngineParts, key: CacheKey, error: unknown): undefined {
  if (!(error instanceof AuthorityUnavailable)) throw error;
  parts.sink(tierError(key.tenant, parts.authority.name, error));
  if (parts.authorityRequired) throw error;
  return undefined;
}
