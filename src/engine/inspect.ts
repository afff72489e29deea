import { explain, type Explanation } from '../coherence/explain.ts';
import type { Verdict } from '../coherence/marks.ts';
import { View } from '../coherence/view.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { stateBy, type EntryState } from './entry-state.ts';
import { examineTier, holdingOf, type HeldEntry, type Holding, type Served } from './holdings.ts';
import type { EngineParts } from './parts.ts';

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
  readonly before: Served;
  /** Up to where this isolate knew the ledger then, when it was of the entry's epoch. */
  readonly knownTo: number | undefined;
  /** How this isolate would serve it now. */
  readonly after: Served;
}

export interface InspectedKey {
  readonly key: CacheKey;
  /** Faster stores first, the authority last. */
  readonly tiers: readonly Inspected[];
}

/** What this isolate knew of the tenant's ledger before it asked. */
export interface KnownBefore {
  /** In milliseconds; undefined when nothing was known. */
  readonly checkedAt: number | undefined;
  /** Readers were served without asking. */
  readonly fresh: boolean;
}

export interface Inspection {
  readonly at: number;
  readonly known: KnownBefore;
  readonly keys: readonly InspectedKey[];
}

export interface InspectOptions {
  /** Keeps the values. Default: no. */
  readonly values?: boolean;
  /** Stores outside the isolate, besides the authority, are asked for so many keys. Default: all. */
  readonly outside?: number;
}

const MAX_PER_REQUEST = 20;
/** What the largest entries of one request may have together: they are in memory several times while they are decoded. */
const REQUEST_BYTES = 8 * 1_048_576;
/** So many keys are looked up at once in stores outside the isolate: a request may have six connections. */
const AT_ONCE = 4;

/** So many entries are taken from the authority in one request. */
export function keysPerRequest({ maxEntryBytes }: Pick<EngineParts, 'maxEntryBytes'>): number {
  return Math.max(1, Math.min(MAX_PER_REQUEST, Math.floor(REQUEST_BYTES / maxEntryBytes)));
}

/**
 * Looks at keys of one tenant in every store, and judges what is there by the whole ledger, asked anew, besides what this
 * isolate knows: its view is not trusted, because it is what is looked at. Nothing is promoted, refreshed, counted as a
 * hit or moved in the order of memory. Rejects with `AuthorityUnavailable`.
 */
export async function inspect(
  parts: EngineParts,
  tenant: TenantId,
  keys: readonly CacheKey[],
  runtime: Runtime,
  { values = false, outside = keys.length }: InspectOptions = {},
): Promise<Inspection> {
  const { authority, coherence } = parts;
  const known = knownBefore(parts, tenant, runtime.now());
  const near = await eachOf(keys, AT_ONCE, (key, at) =>
    eachOf(parts.tiers, 1, async (tier): Promise<Seen> => {
      if (!tier.local && at >= outside) return { holding: { tier: tier.name, state: 'left-out' } };
      const holding = await examineTier(parts, tier, key, values, runtime);
      // At once: what this isolate knows may be renewed by others while more is looked at.
      return { holding, ...seenBy(parts, tenant, holding, runtime.now()) };
    }),
  );
  const stored: Seen[] = [];
  const most = keysPerRequest(parts);
  for (let from = 0; from < keys.length; from += most) {
    const some = keys.slice(from, from + most);
    const examined = await authority.examine(some);
    for (const [at, key] of some.entries()) {
      const what = examined[at] ?? { state: 'absent' };
      stored.push({ holding: await holdingOf(authority.name, key, what, values) });
    }
  }
  // Behind the entries, so that it knows whatever has happened to them; and before the isolate's own poll, which then knows more.
  const ledger = new View();
  ledger.absorbPoll((await authority.read(tenant, [], 0)).ledger, runtime.now(), 1);
  const { view } = await coherence.read(tenant, [], runtime);
  const now = runtime.now();
  return {
    at: now,
    known,
    keys: keys.map((key, at) => ({
      key,
      tiers: [...(near[at] ?? []), ...stored.slice(at, at + 1)].map((seen) =>
        judged(key, seen, { ledger, view, now, authority: authority.name }),
      ),
    })),
  };
}

/** A holding, and how this isolate would have served it when it was looked at. */
interface Seen {
  readonly holding: Holding;
  readonly before?: Served;
  readonly knownTo?: number | undefined;
}

interface Knowledge {
  readonly ledger: View;
  readonly view: View;
  readonly now: number;
  readonly authority: string;
}

function judged(key: CacheKey, { holding, before, knownTo }: Seen, by: Knowledge): Inspected {
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
      knownTo,
      after: servedBy(by.view, by.now),
    },
  };
}

const RANK: Record<Verdict, number> = { valid: 0, stale: 1, invalid: 2 };

function knownBefore({ coherence }: EngineParts, tenant: TenantId, now: number): KnownBefore {
  const view = coherence.view(tenant);
  return {
    checkedAt: Number.isFinite(view.checkedAt) ? view.checkedAt : undefined,
    fresh: coherence.isFresh(view, now),
  };
}

function seenBy(
  { coherence }: EngineParts,
  tenant: TenantId,
  holding: Holding,
  now: number,
): Pick<Seen, 'before' | 'knownTo'> {
  if (holding.state !== 'held') return {};
  const view = coherence.view(tenant);
  return {
    before: coherence.isFresh(view, now) ? holding.servedBy(view, now) : undefined,
    knownTo: view.epoch === holding.entry.stamp.epoch ? view.seen : undefined,
  };
}

/** Does the work for each item, so many at a time; answers in their order. */
async function eachOf<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T, at: number) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < items.length; from += most)
    done.push(
      ...(await Promise.all(
        items.slice(from, from + most).map((item, at) => work(item, from + at)),
      )),
    );
  return done;
}
