import { isTenantId, type TenantId } from '../../tenant/tenant-id.ts';
import type { HeadsCursor, HeadsReply } from '../authority.ts';
import { MAX_HEADS } from '../heads.ts';
import type { Reading } from './client.ts';

const EPOCH = /^e:([0-9a-f]{32}):[0-9a-f]*$/;

/** What to read of the heads: the tenant's own, and all that changed since the cursor, or only where they are now. */
export function headsReading(
  name: string,
  tenant: TenantId,
  heads: HeadsCursor | 'newest',
): Reading['heads'] {
  // Besides the epoch, which comes first.
  return heads === 'newest'
    ? { name, member: tenant, since: '-inf', limit: 2 }
    : { name, member: tenant, since: heads.seen, limit: MAX_HEADS + 1 };
}

/**
 * Reads what was answered: a score, and a flat list of members and scores, the newest first. Undefined where there are no
 * heads, or none that a script has written: they are a hint, without which every ledger is asked.
 */
export function readableHeads(
  changes: { readonly own: unknown; readonly newest: unknown } | undefined,
  asked: HeadsCursor | 'newest',
): HeadsReply | undefined {
  const rows: readonly unknown[] = Array.isArray(changes?.newest) ? changes.newest : [];
  const own = Number(changes?.own ?? 0);
  const epoch = EPOCH.exec(String(rows[0]))?.[1];
  if (epoch === undefined || !Number.isSafeInteger(own)) return undefined;
  const moved = new Map<TenantId, number>();
  let seen = 0;
  for (let at = 2; at < rows.length; at += 2) {
    const tenant = rows[at];
    const seq = Number(rows[at + 1]);
    if (typeof tenant !== 'string' || !isTenantId(tenant) || !Number.isSafeInteger(seq))
      return undefined;
    moved.set(tenant, seq);
    seen = Math.max(seen, seq);
  }
  if (asked === 'newest' || asked.epoch !== epoch)
    return { since: 0, epoch, seen, own, moved: new Map(), complete: false };
  return { since: asked.seen, epoch, seen, own, moved, complete: moved.size < MAX_HEADS };
}
