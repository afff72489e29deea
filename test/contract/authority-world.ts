import type {
  Authority,
  CommitOutcome,
  Cursor,
  LedgerReply,
  Retention,
  SupersedeOutcome,
  TouchOutcome,
} from '../../src/authority/authority.ts';
import type { Entry, EntryDraft } from '../../src/codec/entry.ts';
import type { Stamp } from '../../src/codec/stamp.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';

/** An authority and what a test may do to the world that it stands in. */
export interface AuthorityWorld {
  readonly authority: Authority;
  /** Moves the clock of the caller, by which entries expire. */
  advance(ms: number): void;
  /** Lets the clock that seqs are made of be an hour behind the newest mark of the tenant's ledger. */
  turnBack(tenant: TenantId): Promise<void>;
  /** Remembers the ledger as it is; the answer puts it back. A text instead says why that can't happen here. */
  readonly rollBack: ((tenant: TenantId) => Promise<() => Promise<void>>) | string;
  /** Makes the ledger one that another process of the store had made. A text says why that can't happen here. */
  readonly otherProcess: ((tenant: TenantId) => Promise<void>) | string;
  /** A touch, and one call of the authority that happens between what it reads and what it writes. */
  touchWhile(
    key: CacheKey,
    retime: (entry: Entry) => Entry | undefined,
    meanwhile: () => Promise<unknown>,
  ): Promise<TouchOutcome>;
}

/** Makes an authority. Without a retention, nothing is trimmed during a test. */
export type MakeWorld = (retention?: Partial<Retention>) => AuthorityWorld;

export const KEEP_ALL: Retention = {
  entriesMs: 3_600_000_000,
  copiesMs: 3_600_000_000,
  cap: 100_000,
};

/** Where a reader stands that has taken the reply in. */
export function cursorOf(ledger: LedgerReply): Cursor {
  const seen = Math.max(ledger.floor, ledger.since, ...ledger.marks.map((mark) => mark.seq));
  return { epoch: ledger.epoch, seen };
}

/** Makes the tenant's ledger and answers where its reader stands. */
export async function opened(authority: Authority, tenant: TenantId): Promise<Cursor> {
  return cursorOf(await authority.confirm(tenant, undefined));
}

/** The whole ledger, which must be there. */
export async function wholeLedger(authority: Authority, tenant: TenantId): Promise<LedgerReply> {
  const { ledger } = await authority.read(tenant, [], 0);
  if (!ledger) throw new Error(`Tenant ${tenant} has no ledger.`);
  return ordered(ledger);
}

/** The reply with its marks oldest first: an authority may give them in any order. */
export function ordered(ledger: LedgerReply): LedgerReply {
  return { ...ledger, marks: ledger.marks.toSorted((a, b) => a.seq - b.seq) };
}

/** The one entry of a key. */
export async function entryAt(authority: Authority, key: CacheKey): Promise<Entry | undefined> {
  return (await authority.read(key.tenant, [key], 0)).entries[0];
}

/** Stores one entry; `token` is of the lease that it was loaded under. */
export async function commit(
  authority: Authority,
  key: CacheKey,
  entry: Entry,
  token?: string,
): Promise<CommitOutcome> {
  return only(await authority.commit([{ key, entry, lease: token }]));
}

/** Sets one value. */
export async function supersede(
  authority: Authority,
  key: CacheKey,
  draft: EntryDraft,
  knownAs: Stamp,
): Promise<SupersedeOutcome> {
  return only(await authority.supersede([{ key, draft, knownAs }]));
}

/** Tries to take a lease and answers whether it did. */
export async function lease(
  authority: Authority,
  key: CacheKey,
  token: string,
  ttlMs: number,
): Promise<boolean> {
  return (await authority.lease(key, token, ttlMs, 0)).acquired;
}

function only<T>(outcomes: readonly T[]): T {
  const [outcome] = outcomes;
  if (outcome === undefined || outcomes.length !== 1)
    throw new Error(`${outcomes.length} outcomes of one write.`);
  return outcome;
}
