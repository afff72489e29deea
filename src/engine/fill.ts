import type { Authority } from '../authority/authority.ts';
import { entryBytes, type Entry, type EntryDraft } from '../codec/entry.ts';
import type { Stamp } from '../codec/stamp.ts';
import { judge } from '../coherence/marks.ts';
import type { Runtime } from '../runtime.ts';
import { set, setDropped } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Prepared } from '../tiers/tier.ts';
import { giveBack } from './lease.ts';
import type { EngineParts } from './parts.ts';
import { demote, promote, type Lifetimes } from './promotion.ts';
import { reportFailure } from './report.ts';

/** A load that has ended. */
export interface Load {
  readonly key: CacheKey;
  readonly draft: EntryDraft;
  /** What the face serves of it. */
  readonly prepared: Prepared;
  /** The view's, taken before the load began. */
  readonly stamp: Stamp | undefined;
  /** When it began, in milliseconds. */
  readonly startedAt: number;
  readonly lifetimes?: Lifetimes | undefined;
  /** The lease under which it was loaded: another holder's commit must not be overwritten, and this one ends it. */
  readonly lease?: string | undefined;
}

/** Whether a load is stored; otherwise why it is not. */
export type FillOutcome =
  | 'stored'
  | 'disabled'
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
  const [outcome = 'unstamped'] = fillMany(parts, [load], runtime);
  return outcome;
}

/** As {@link fill}, for loads of one tenant: the authority gets them in one request. */
export function fillMany(
  parts: EngineParts,
  loads: readonly Load[],
  runtime: Runtime,
): readonly FillOutcome[] {
  const accepted: Accepted[] = [];
  const outcomes = loads.map((load) => {
    const { key, draft, stamp, prepared } = load;
    const outcome = judgeFill(parts, load, runtime.now());
    if (outcome !== 'stored' || !stamp) {
      parts.sink(setDropped(key.tenant, key.key, outcome));
      if (load.lease !== undefined) giveBack(parts, key, load.lease, runtime);
      return outcome;
    }
    const entry = { ...draft, stamp };
    parts.sink(set(key.tenant, key.key, prepared.bytes + entryBytes(entry)));
    accepted.push({ load, entry });
    return outcome;
  });
  if (accepted.length === 0) return outcomes;
  // What is the authority's own store as well gets only what the authority has let in.
  if (!parts.authority.local)
    for (const { load, entry } of accepted)
      spread(parts, load, entry, parts.coherence.view(load.key.tenant).generation, runtime);
  runtime.waitUntil(commit(parts, accepted, runtime));
  return outcomes;
}

interface Accepted {
  readonly load: Load;
  readonly entry: Entry;
}

function spread(
  parts: EngineParts,
  load: Load,
  entry: Entry,
  heldAt: number,
  runtime: Runtime,
): void {
  const { key, prepared, lifetimes, startedAt: from } = load;
  const until = entry.expiresAt;
  promote(parts, parts.tiers, { key, entry, prepared, until, from, heldAt, lifetimes }, runtime);
}

async function commit(
  parts: EngineParts,
  accepted: readonly Accepted[],
  runtime: Runtime,
): Promise<void> {
  const { authority, sink } = parts;
  const writes = accepted.map(({ load: { key, lease }, entry }) => ({ key, entry, lease }));
  let outcomes: Awaited<ReturnType<Authority['commit']>>;
  try {
    outcomes = await authority.commit(writes);
  } catch (error) {
    const [first] = writes;
    if (first) reportFailure(parts, first.key.tenant, authority.name, error);
    return;
  }
  accepted.forEach(({ load, entry }, at) => {
    const outcome = outcomes[at];
    if (outcome === 'stored' || outcome === undefined) {
      // Not judged since: whoever reads it does.
      if (authority.local) spread(parts, load, entry, 0, runtime);
      return;
    }
    const { key } = load;
    // A purge that this isolate has not heard of, or a newer entry: what others will not see, nobody here should.
    if (standsHere(parts, key, entry, runtime.now())) demote(parts, key, runtime);
    sink(setDropped(key.tenant, key.key, outcome));
  });
}

function judgeFill(
  parts: EngineParts,
  { key, draft, stamp, startedAt }: Load,
  now: number,
): FillOutcome {
  if (!parts.enabled) return 'disabled';
  if (!stamp) return 'unstamped';
  if (now - startedAt > parts.maxLoadMs) return 'overlong';
  if (draft.expiresAt <= now) return 'expired';
  if (draft.value.byteLength > parts.maxEntryBytes) return 'too_large';
  if (isNewerHere(parts, key, stamp, startedAt, now)) return 'newer';
  const verdict = judge(
    parts.coherence.view(key.tenant),
    { stamp, key: key.key, tags: draft.tags },
    false,
  );
  return verdict === 'valid' ? 'stored' : 'purged';
}

/** True when a tier of this isolate holds a load that knew more: a load that ends late must not put an older value in its place. */
function isNewerHere(
  parts: EngineParts,
  key: CacheKey,
  { epoch, asOf }: Stamp,
  startedAt: number,
  now: number,
): boolean {
  return localEntries(parts, key, now).some(({ stamp, createdAt, loadMs }) => {
    if (stamp.epoch !== epoch) return false;
    return stamp.asOf > asOf || (stamp.asOf === asOf && createdAt - loadMs > startedAt);
  });
}

/** False when this isolate has taken in something else since: a late refusal is not about that. */
function standsHere(parts: EngineParts, key: CacheKey, entry: Entry, now: number): boolean {
  const present = localEntries(parts, key, now);
  const { epoch, asOf } = entry.stamp;
  return (
    present.length === 0 ||
    present.some(({ stamp }) => stamp.epoch === epoch && stamp.asOf === asOf)
  );
}

function localEntries(parts: EngineParts, key: CacheKey, now: number): Entry[] {
  const entries: Entry[] = [];
  for (const tier of parts.tiers) {
    const copy = tier.local ? tier.get(key, now) : undefined;
    if (copy && !(copy instanceof Promise)) entries.push(copy.entry);
  }
  return entries;
}
