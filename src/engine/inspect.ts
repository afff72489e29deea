import { View } from '../coherence/view.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { examineTier, holdingOf, type Holding } from './holdings.ts';
import {
  exceeds,
  judged,
  outlook,
  UNSEEN,
  type Inspected,
  type Knowledge,
  type Outlook,
  type Polled,
  type Seen,
} from './judgement.ts';
import type { EngineParts } from './parts.ts';

export interface InspectedKey {
  readonly key: CacheKey;
  /** Faster stores first, the authority last. */
  readonly tiers: readonly Inspected[];
}

/** What this isolate knew of the tenant's ledger before it asked. */
export interface KnownBefore {
  /** When it had been told last that nothing is missing, by the ledger or by the heads, in milliseconds; undefined when nothing was known. */
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

/**
 * The whole ledger and the isolate's own poll; three confirmations of that poll, and one of both; and twice the text of a
 * script that Redis does not know yet.
 */
export const LEDGER_REQUESTS = 2 + 3 + 1 + 2;

/** So many entries are taken from the authority in one request. */
export function keysPerRequest({ maxEntryBytes }: Pick<EngineParts, 'maxEntryBytes'>): number {
  return Math.max(1, Math.min(MAX_PER_REQUEST, Math.floor(REQUEST_BYTES / maxEntryBytes)));
}

/**
 * Looks at keys of one tenant in every store, and judges what is there by the whole ledger, asked anew, besides what this
 * isolate knows: its view is not trusted, because it is what is looked at. Nothing is promoted, refreshed, counted as a
 * hit or moved in the order of memory. Besides one request for {@link keysPerRequest} keys it sends at most
 * {@link LEDGER_REQUESTS} to the authority. Rejects with `AuthorityUnavailable`.
 */
export async function inspect(
  parts: EngineParts,
  tenant: TenantId,
  keys: readonly CacheKey[],
  runtime: Runtime,
  { values = false, outside = keys.length }: InspectOptions = {},
): Promise<Inspection> {
  const { authority, coherence } = parts;
  const knownThen = knownBefore(parts, tenant, runtime.now());
  const near = await eachOf(keys, AT_ONCE, (key, at) =>
    eachOf(parts.tiers, 1, async (tier): Promise<Seen> => {
      if (!tier.local && at >= outside)
        return { holding: { tier: tier.name, state: 'left-out' }, before: UNSEEN };
      const holding = await examineTier(parts, tier, key, values, runtime);
      // At once: what this isolate knows may be renewed by others while more is looked at.
      return { holding, before: unasked(parts, tenant, holding, runtime.now()) };
    }),
  );
  const stored: Seen[] = [];
  const most = keysPerRequest(parts);
  for (let from = 0; from < keys.length; from += most) {
    const some = keys.slice(from, from + most);
    const examined = await authority.examine(some);
    for (const [at, key] of some.entries()) {
      const what = examined[at] ?? { state: 'absent' };
      stored.push({
        holding: await holdingOf(authority.name, key, what, values),
        before: UNSEEN,
      });
    }
  }
  // Behind the entries, so that it knows whatever has happened to them; and before the isolate's own poll, which then knows more.
  const ledger = new View();
  ledger.absorbPoll((await authority.read(tenant, [], 0)).ledger, runtime.now(), 1);
  const { view } = await coherence.read(tenant, [], runtime);
  const now = runtime.now();
  const all = keys.map((_, at) =>
    [...(near[at] ?? []), ...stored.slice(at, at + 1)].map((seen): Polled => ({
      ...seen,
      polled: outlook(seen.holding, view, now),
    })),
  );
  const judgedBy = (known: Omit<Knowledge, 'now' | 'authority'>): Inspection => ({
    at: now,
    known: knownThen,
    keys: keys.map((key, at) => ({
      key,
      tiers: (all[at] ?? []).map((one) =>
        judged(key, one, { ...known, now, authority: authority.name }),
      ),
    })),
  });
  const found = judgedBy({ ledger, view });
  if (!found.keys.some(({ tiers }) => tiers.some(isDoubtful))) return found;
  // Either answer may be a lagging replica's. A mark of nothing is a poll that the primary answers, and that the view takes in.
  await coherence.mark(tenant, [], 'hard', runtime);
  const told = coherence.view(tenant);
  return judgedBy({ ledger: ledger.epoch === told.epoch ? ledger : told, view: told });
}

function isDoubtful(one: Inspected): boolean {
  return one.state === 'held' && exceeds(one.judged.after, one.judged.verdict);
}

function knownBefore({ coherence }: EngineParts, tenant: TenantId, now: number): KnownBefore {
  const view = coherence.view(tenant);
  return {
    checkedAt: Number.isFinite(view.checkedAt) ? view.checkedAt : undefined,
    fresh: coherence.isFresh(view, now),
  };
}

function unasked(
  { coherence }: EngineParts,
  tenant: TenantId,
  holding: Holding,
  now: number,
): Outlook {
  const view = coherence.view(tenant);
  return coherence.isFresh(view, now) ? outlook(holding, view, now) : UNSEEN;
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
