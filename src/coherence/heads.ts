import type { HeadsCursor, HeadsReply } from '../authority/authority.ts';
import type { TenantId } from '../tenant/tenant-id.ts';

/** A place in what one isolate has read of the heads without a gap. */
export interface HeadsPoint {
  /** Changes whenever heads are lost, replaced or behind: nothing from before says anything then. */
  readonly line: number;
  readonly seen: number;
}

/** What a reply proves: a view that was complete up to `from` and knows its head in `moved`, if any, is complete up to `to`. */
export interface Unmoved {
  readonly from: HeadsPoint;
  readonly to: HeadsPoint;
  readonly moved: HeadsReply['moved'];
}

/** True when the reply proves that this view of the tenant's ledger lacks no change. */
export function provesUnmoved(
  { from, moved }: Unmoved,
  tenant: TenantId,
  { covered, seen }: { readonly covered: HeadsPoint | undefined; readonly seen: number },
): boolean {
  if (covered?.line !== from.line || covered.seen < from.seen) return false;
  // Not `<=`: another process of the store may have a clock that is behind, and then its seqs are below what is known.
  return (moved.get(tenant) ?? seen) === seen;
}

/**
 * Which ledgers have changed, as far as one isolate has read it: so that it need not poll each of them.
 * Losing what is known is always safe; then every ledger is polled again.
 */
export class Heads {
  #cursor: HeadsCursor | undefined;
  #line = 0;
  #readAt = Number.NEGATIVE_INFINITY;

  /** What to ask with. */
  get asking(): HeadsCursor | 'newest' {
    return this.#cursor ?? 'newest';
  }

  /** Up to where changes are known. Undefined when nothing is. */
  get point(): HeadsPoint | undefined {
    return this.#cursor && { line: this.#line, seen: this.#cursor.seen };
  }

  /** When the newest reply was asked for, in milliseconds. */
  get readAt(): number {
    return this.#readAt;
  }

  /**
   * Takes a reply in, and answers what it proves about views. Heads that are missing, others, or behind what is known (they
   * rolled back, or a replica lags) begin a new line.
   */
  absorb(reply: HeadsReply | undefined, sentAt: number): Unmoved | undefined {
    const known = this.#cursor;
    if (known && reply?.epoch === known.epoch && reply.seen >= reply.since) {
      // A reply that was asked for before the newest one tells less, and nothing false.
      this.#advance(reply, Math.max(known.seen, reply.seen), sentAt);
      if (!reply.complete || reply.since === 0) return undefined;
      const from = { line: this.#line, seen: reply.since };
      return { from, to: { line: this.#line, seen: reply.seen }, moved: reply.moved };
    }
    this.#line += 1;
    this.#cursor = undefined;
    if (reply) this.#advance(reply, reply.seen, sentAt);
    return undefined;
  }

  #advance({ epoch }: HeadsReply, seen: number, sentAt: number): void {
    this.#cursor = { epoch, seen };
    this.#readAt = sentAt;
  }
}
