import type { TenantId } from '../tenant/tenant-id.ts';
import type { HeadsCursor, HeadsReply } from './authority.ts';

/** The most changes that one answer tells. Whoever has missed more asks each ledger. */
export const MAX_HEADS = 1000;

/** So many ledgers that changed are known at least: more than one answer tells, so that what is forgotten is never missed. */
export const KEPT_HEADS = 2 * MAX_HEADS;

/** The heads of all ledgers as a value in memory: the same decisions that the scripts of the Redis authority make. */
export class Heads {
  readonly epoch: string;
  /** The newest change: every seq that is issued is larger, whichever ledger it is for. */
  top = 0;
  readonly #newest = new Map<TenantId, number>();

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  /** A time for the next seq: later than every change, whatever the clock says. */
  after(nowMicros: number): number {
    return Math.max(nowMicros, this.top + 1);
  }

  /** The tenant's ledger has changed; `seq` is newer than any other. */
  move(tenant: TenantId, seq: number): void {
    this.top = seq;
    this.#newest.delete(tenant);
    this.#newest.set(tenant, seq);
    if (this.#newest.size <= 2 * KEPT_HEADS) return;
    for (const oldest of this.#newest.keys()) {
      if (this.#newest.size <= KEPT_HEADS) return;
      this.#newest.delete(oldest);
    }
  }

  /** What has changed since, and the newest change of one tenant's ledger. */
  reply(tenant: TenantId | undefined, cursor: HeadsCursor | 'newest'): HeadsReply {
    const { epoch, top: seen } = this;
    const own = (tenant && this.#newest.get(tenant)) ?? 0;
    if (cursor === 'newest' || cursor.epoch !== epoch)
      return { since: 0, epoch, seen, own, moved: new Map(), complete: false };
    const since = cursor.seen;
    const moved = new Map([...this.#newest].filter(([, seq]) => seq >= since).slice(-MAX_HEADS));
    return { since, epoch, seen, own, moved, complete: moved.size < MAX_HEADS };
  }
}
