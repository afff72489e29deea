import { isTenantId, type TenantId } from '../../tenant/tenant-id.ts';
import type { HeadsCursor, HeadsReply } from '../authority.ts';
import { MAX_HEADS } from '../heads.ts';
import type { NewestOf } from './client.ts';

const EPOCH = /^e:([0-9a-f]{32}):[0-9a-f]*$/;

/** What to read of the heads: all that changed since the cursor, or only where they are now. The epoch comes first. */
export function headsReading(name: string, asked: HeadsCursor | 'newest'): NewestOf {
  return asked === 'newest'
    ? { name, since: '-inf', limit: 2 }
    : { name, since: asked.seen, limit: MAX_HEADS + 1 };
}

/**
 * Reads what was answered: a flat list of members and scores, the newest first, and the score of the tenant's own head.
 * Undefined where there are no heads, or none that a script has written: they are a hint, without which every ledger is
 * asked.
 * @param own null for none; undefined when it could not be read
 */
export function readableHeads(
  newest: unknown,
  asked: HeadsCursor | 'newest',
  tenant?: TenantId,
  own: unknown = null,
): HeadsReply | undefined {
  const rows: readonly unknown[] = Array.isArray(newest) ? newest : [];
  const score = Number(own ?? (own === null ? 0 : Number.NaN));
  const epoch = EPOCH.exec(String(rows[0]))?.[1];
  if (epoch === undefined || !Number.isSafeInteger(score)) return undefined;
  const moved = new Map<TenantId, number>();
  let seen = 0;
  for (let at = 2; at < rows.length; at += 2) {
    const name = rows[at];
    const seq = Number(rows[at + 1]);
    if (typeof name !== 'string' || !isTenantId(name) || !Number.isSafeInteger(seq))
      return undefined;
    moved.set(name, seq);
    seen = Math.max(seen, seq);
  }
  // The two commands may have been answered at two moments.
  const known = { epoch, seen, own: Math.max(score, (tenant && moved.get(tenant)) ?? 0) };
  if (asked === 'newest' || asked.epoch !== epoch)
    return { ...known, since: 0, moved: new Map(), complete: false };
  return { ...known, since: asked.seen, moved, complete: moved.size < MAX_HEADS };
}
