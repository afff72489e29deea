import type { HeadsCursor, HeadsReply } from '../authority/authority.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { within } from './bound.ts';

/** A place in what one isolate has read of the heads without a gap. */
export interface HeadsPoint {
  /** Changes whenever there is a gap: heads that were lost, replaced or rolled back, or more changes than were told. */
  readonly line: number;
  readonly seen: number;
}

/** What a view may be taken for: complete up to `to`, as of a request that was sent at `sentAt`. */
export interface HeadsProof {
  readonly to: HeadsPoint;
  readonly sentAt: number;
  readonly order: number;
}

/** What heads are asked with, and the line on which the answer counts. */
export interface HeadsQuestion {
  readonly cursor: HeadsCursor | 'newest';
  readonly line: number;
}

/** What a view must tell of itself. */
interface Covered {
  /** Up to where of the heads every change of its ledger is known to it. */
  readonly covered: HeadsPoint | undefined;
  readonly seen: number;
  /** When its own ledger was read last, in milliseconds. */
  readonly polledAt: number;
}

/** So many answers in a row that are behind are no lagging replica any more. */
const MAX_BEHIND = 3;
/** So many changes of one line are kept. Past that a new one begins. */
const MAX_MOVED = 10_000;

/**
 * Which ledgers have changed, as far as one isolate has read it: so that it need not poll each of them.
 * Losing what is known is always safe; then every ledger is polled again.
 */
export class Heads {
  /** How long a view may go without a poll of its own: so that whatever these hints can't show stays bounded. */
  readonly #longestMs: number;
  #cursor: HeadsCursor | undefined;
  #line = 0;
  /** Whose change the cursor stands at. It is told again: reading is inclusive. */
  #top: TenantId | undefined;
  #behind = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #readOrder = 0;
  /** The newest change of each ledger that changed since the line began. */
  readonly #moved = new Map<TenantId, number>();

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  get question(): HeadsQuestion {
    return { cursor: this.#cursor ?? 'newest', line: this.#line };
  }

  get line(): number {
    return this.#line;
  }

  /** When the newest reply was asked for, in milliseconds. */
  get readAt(): number {
    return this.#readAt;
  }

  /** The number of the request that the newest reply was for; 0 for none. */
  get readOrder(): number {
    return this.#readOrder;
  }

  /** True when what is read of the heads next tells whether this view has missed anything. */
  covers(tenant: TenantId, { covered, seen, polledAt }: Covered, now: number): boolean {
    if (!this.#cursor || covered?.line !== this.#line) return false;
    if (!within(now - polledAt, this.#longestMs)) return false;
    const moved = this.#moved.get(tenant);
    // What the view has learnt past its cover is what the heads tell, or one of the two was rolled back.
    if (seen > covered.seen) return moved === seen;
    return moved === undefined || moved <= covered.seen;
  }

  /** What the newest reply proves of a view; undefined for nothing. */
  proofOf(tenant: TenantId, view: Covered): HeadsProof | undefined {
    if (!this.#cursor || !this.covers(tenant, view, this.#readAt)) return undefined;
    const to = { line: this.#line, seen: this.#cursor.seen };
    return { to, sentAt: this.#readAt, order: this.#readOrder };
  }

  /**
   * Takes a reply in. False when it proves nothing of whoever asked: one of another line, or one that ends before what is
   * known, as a lagging replica's does.
   */
  absorb(
    { line }: HeadsQuestion,
    reply: HeadsReply | undefined,
    sentAt: number,
    order: number,
  ): boolean {
    if (line !== this.#line) return false;
    const known = this.#cursor;
    if (!known || reply?.epoch !== known.epoch) return this.#begin(reply, sentAt, order);
    if (reply.seen < reply.since) {
      this.#behind += 1;
      return this.#behind >= MAX_BEHIND && this.#begin(reply, sentAt, order);
    }
    this.#behind = 0;
    // What the cursor stands at is missing: the heads were rolled back, and others have changed since.
    const standsAt = reply.since === known.seen ? this.#top : undefined;
    const rolledBack = standsAt !== undefined && !reply.moved.has(standsAt);
    if (rolledBack || !reply.complete || this.#moved.size > MAX_MOVED)
      return this.#begin(reply, sentAt, order);
    for (const [tenant, seq] of reply.moved) {
      if (seq > (this.#moved.get(tenant) ?? 0)) this.#moved.set(tenant, seq);
      if (seq === reply.seen && seq >= known.seen) this.#top = tenant;
    }
    // A reply that was asked for before the newest one tells less, and nothing false.
    this.#cursor = { epoch: known.epoch, seen: Math.max(known.seen, reply.seen) };
    if (order > this.#readOrder) {
      this.#readAt = sentAt;
      this.#readOrder = order;
    }
    return true;
  }

  #begin(reply: HeadsReply | undefined, sentAt: number, order: number): boolean {
    this.#line += 1;
    this.#behind = 0;
    this.#moved.clear();
    this.#top = undefined;
    this.#cursor = reply && { epoch: reply.epoch, seen: reply.seen };
    this.#readAt = sentAt;
    this.#readOrder = order;
    return reply !== undefined;
  }
}
