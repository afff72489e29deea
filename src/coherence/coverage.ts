import type { HeadsReply } from '../authority/authority.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { within } from './bound.ts';
import { Heads, type HeadsQuestion } from './heads.ts';
import { RecentTenants } from './recent-tenants.ts';
import type { View } from './view.ts';

/** From so many at a time on it costs less to ask which ledgers have changed than to ask each of them. */
const MANY_TENANTS = 4;

/** For so many bounds a view may be checked by the heads alone. */
const LONGEST_COVER = 60;

/** Which views the heads answer for, and when to ask them. */
export class Coverage {
  readonly #boundMs: number;
  readonly #heads: Heads;
  readonly #recent: RecentTenants;

  /** @param boundMs how old a check may be, in milliseconds; 0: every read polls its ledger, and heads are never asked */
  constructor(boundMs: number) {
    this.#boundMs = boundMs;
    this.#heads = new Heads(LONGEST_COVER * boundMs);
    this.#recent = new RecentTenants(boundMs);
  }

  /** Lets a view know what the heads have proved of it since it was checked. */
  catchUp(tenant: TenantId, view: View): void {
    if (view.checkedOrder >= this.#heads.readOrder) return;
    const proof = this.#heads.proofOf(tenant, view);
    if (!proof) return;
    view.absorbUnmoved(proof);
    this.#recent.add(tenant, proof.sentAt);
  }

  /** True when what is read of the heads next tells whether this view has missed anything. */
  has(tenant: TenantId, view: View, now: number): boolean {
    return this.#heads.covers(tenant, view, now);
  }

  /** What to ask the heads with. */
  get question(): HeadsQuestion {
    return this.#heads.question;
  }

  /** What to ask of the heads along with a read of the tenant's ledger: nothing where that would not spare a poll. */
  questionFor(tenant: TenantId, view: View, now: number): HeadsQuestion | undefined {
    if (this.#boundMs === 0) return undefined;
    this.#recent.add(tenant, now);
    if (this.#recent.count(now) < MANY_TENANTS) return undefined;
    const isRecent = within(now - this.#heads.readAt, this.#boundMs / 2);
    return isRecent && this.has(tenant, view, now) ? undefined : this.#heads.question;
  }

  /** Takes a reply in, and answers the line on which it counts, if it does. */
  absorb(
    question: HeadsQuestion,
    reply: HeadsReply | undefined,
    sentAt: number,
    order: number,
  ): number | undefined {
    return this.#heads.absorb(question, reply, sentAt, order) ? this.#heads.line : undefined;
  }

  /**
   * Covers a view whose ledger was read behind the heads and shows its own head: it has every change that they know.
   * @param line on which the reply counted; undefined for none
   */
  cover(view: View | undefined, reply: HeadsReply | undefined, line: number | undefined): void {
    if (!view || !reply || line === undefined || line !== this.#heads.line) return;
    const { own, seen } = reply;
    if (own === 0 || own === view.seen) view.covered = { line, seen };
  }
}
