import { LRUCache } from 'lru-cache';
import type {
  Authority,
  Cursor,
  HeadsCursor,
  HeadsReply,
  LedgerReply,
  MarkReply,
  Once,
} from '../authority/authority.ts';
import type { Entry } from '../codec/entry.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { SharedCalls } from '../resilience/shared-call.ts';
import type { Runtime } from '../runtime.ts';
import { epochChanged, type Sink } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Stamp } from '../codec/stamp.ts';
import { keyTarget, type PurgeMode, type Target } from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { Heads, provesUnmoved } from './heads.ts';
import { View } from './view.ts';

export interface CoherenceOptions {
  readonly authority: Authority;
  /** How old a check may be for a copy to be served without another, in milliseconds. 0 checks on every read. */
  readonly coherenceMs: number;
  /** How long copies are served, flagged, while the authority does not answer, in milliseconds from the last check. */
  readonly maxUnverifiedMs: number;
  /** The most bytes of all views together. Losing a view costs one poll of a whole ledger. */
  readonly viewBytes: number;
  /** How long a request trusts the poll of another one, in milliseconds; at least the authority's own time limit. */
  readonly pollWaitMs: number;
  readonly sink: Sink;
}

const MAX_CONFIRMS = 3;

/** Answers that an own purge of everything has overtaken meanwhile. */
const MAX_OVERTAKEN = 20;

/** So many views have room in the budget, whatever one tenant's ledger holds. */
const LEAST_VIEWS = 4;

/** What is left of a view that is too large: so that not every mark after it sorts all of them. */
const COMPACTED = 3 / 4;

/** From so many on it costs less to ask which ledgers have changed than to ask each of them. */
const MANY_VIEWS = 4;

/** The poll that tells of all tenants, where the polls of single ones are known by their tenants. */
const EVERY_TENANT = '*';

/** The views of one isolate: which of them are fresh enough, and how they are brought up to date. */
export class Coherence {
  readonly #authority: Authority;
  readonly #options: CoherenceOptions;
  readonly #views: LRUCache<TenantId, View>;
  readonly #heads = new Heads();
  readonly #polls: SharedCalls<void>;
  #order = 0;
  /** Answers to what was asked before this can't be taken in as they are: a view with an own purge was given up since. */
  #forgotAt = 0;

  constructor(options: CoherenceOptions) {
    this.#authority = options.authority;
    this.#options = options;
    const { viewBytes } = options;
    this.#views = new LRUCache({
      maxSize: viewBytes,
      sizeCalculation: (view) => view.bytes,
    });
    this.#polls = new SharedCalls(options.pollWaitMs);
  }

  /** The tenant's view, however old; empty when there was none. */
  view(tenant: TenantId): View {
    return this.#views.get(tenant) ?? new View();
  }

  /** True when what the view says may be served without asking. */
  isFresh(view: View, now: number): boolean {
    return within(now - view.checkedAt, this.#options.coherenceMs);
  }

  /**
   * True when the view was checked by a request that was sent from `since` on. Not one whose check is ahead of the clock:
   * the clock was set back since, nobody knows how long ago.
   */
  isSince({ checkedAt }: View, since: number, now: number): boolean {
    return checkedAt >= since && checkedAt <= now;
  }

  /** True when copies may be served, flagged, although the authority did not answer. */
  mayServeUnverified(view: View, now: number): boolean {
    return within(now - view.checkedAt, this.#options.maxUnverifiedMs);
  }

  /** Renews a view in the background once half its bound has passed, so that busy isolates never wait for a poll. */
  renewSoon(tenant: TenantId, view: View, runtime: Runtime): void {
    const now = runtime.now();
    if (now - view.checkedAt < this.#options.coherenceMs / 2) return;
    if (this.#polls.has(this.#isCovered(view) ? EVERY_TENANT : tenant, now)) return;
    // A failure here is no news: the next request that needs the answer asks and reports.
    runtime.waitUntil(this.check(tenant, runtime).catch(() => undefined));
  }

  /**
   * Polls the ledger, or joins a poll that is new enough for a request that began now; where the heads tell what has
   * changed, one poll does for all tenants whose ledgers have not. Answers the view. Rejects with {@link AuthorityUnavailable}.
   */
  async check(tenant: TenantId, runtime: Runtime): Promise<View> {
    const now = runtime.now();
    const poll = async (name: string, mayJoin: (sentAt: number) => boolean): Promise<boolean> => {
      const ask = async (): Promise<void> => void (await this.read(tenant, [], runtime));
      await this.#polls.run(name, ask, runtime, mayJoin);
      const view = this.view(tenant);
      return this.isSince(view, now, runtime.now()) || this.isFresh(view, runtime.now());
    };
    const covers = (sentAt: number): boolean => this.covers(sentAt, now);
    if (this.#isCovered(this.view(tenant)) && (await poll(EVERY_TENANT, covers)))
      return this.view(tenant);
    if (!(await poll(tenant, covers)))
      // The poll that was joined has taken longer than what was left of the bound.
      await poll(tenant, (sentAt) => sentAt > now);
    return this.view(tenant);
  }

  /** Reads entries and polls the ledger in one round trip. Rejects with {@link AuthorityUnavailable}. */
  async read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    runtime: Runtime,
  ): Promise<{ view: View; entries: readonly (Entry | undefined)[] }> {
    const view = this.view(tenant);
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const asking = this.#headsDue(view, sentAt);
    const reply = await this.#authority.read(tenant, keys, view.seen, asking);
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbPoll(reply.ledger, sentAt, order));
    // A head newer than what the ledger shows is a replica that lags.
    if (!absorbed || (reply.heads?.own ?? 0) > this.view(tenant).seen)
      await this.#confirm(tenant, runtime);
    if (asking) this.#absorbHeads(tenant, reply.heads, sentAt, order);
    return { view: this.view(tenant), entries: reply.entries };
  }

  /**
   * Tries to take the lease of a key, and reads its entry and the ledger in the same round trip.
   * Rejects with {@link AuthorityUnavailable}.
   */
  async lease(
    key: CacheKey,
    token: string,
    ttlMs: number,
    runtime: Runtime,
  ): Promise<{ acquired: boolean; view: View; entry: Entry | undefined }> {
    const { tenant } = key;
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const { seen } = this.view(tenant);
    const { acquired, entries, ledger } = await this.#authority.lease(key, token, ttlMs, seen);
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbPoll(ledger, sentAt, order));
    if (!absorbed) await this.#confirm(tenant, runtime);
    return { acquired, view: this.view(tenant), entry: entries[0] };
  }

  /** Marks every tenant's ledger, and forgets what this isolate knows of them. Answers how many there were. */
  async markEverything(mode: PurgeMode): Promise<number> {
    const { tenants } = await this.#authority.markEverything(mode);
    this.#views.clear();
    // What was asked before does not know of it, and nothing here tells that any more.
    this.#forgotAt = this.#nextOrder();
    return tenants;
  }

  /**
   * Purges the targets. Resolves only once the authority has acknowledged the marks; answers their newest seq, and
   * whether the message had marked before.
   */
  async mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    runtime: Runtime,
    once?: Once,
  ): Promise<Pick<MarkReply, 'seq' | 'repeated'>> {
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const { seq, ledger, repeated } = await this.#authority.mark(
      tenant,
      targets,
      mode,
      this.view(tenant).cursor,
      once,
    );
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbConfirmed(ledger, sentAt, order));
    // The marks are acknowledged: what could not be taken in here is learnt by whoever reads next.
    if (!absorbed) {
      this.#views.delete(tenant);
      this.#forgotAt = this.#nextOrder();
    }
    return { seq, repeated };
  }

  /** Remembers that a value was stored under this stamp in place of whatever anybody held of the key. */
  noteSet({ tenant, key }: CacheKey, { epoch, asOf }: Stamp): void {
    const view = this.view(tenant);
    if (view.epoch !== epoch) return;
    view.note(epoch, keyTarget(key), asOf);
    this.#keep(tenant, view);
  }

  /** True when what was asked at `sentAt` is new enough for somebody who asks now. */
  covers(sentAt: number, now: number): boolean {
    return within(now - sentAt, this.#options.coherenceMs);
  }

  /** What to ask of the heads along with a read: nothing where that would not spare a poll. */
  #headsDue(view: View, now: number): HeadsCursor | 'newest' | undefined {
    const { coherenceMs } = this.#options;
    const few = this.#views.size < MANY_VIEWS;
    if (few || coherenceMs === 0 || this.#authority.local) return undefined;
    const recent = within(now - this.#heads.readAt, coherenceMs / 2);
    return recent && this.#isCovered(view) ? undefined : this.#heads.asking;
  }

  /** True when what is read of the heads next tells whether the view has missed anything. */
  #isCovered({ covered }: View): boolean {
    const point = this.#heads.point;
    return point !== undefined && covered?.line === point.line && covered.seen === point.seen;
  }

  /** @param asked the tenant whose ledger was read behind the heads, in the same request */
  #absorbHeads(
    asked: TenantId,
    reply: HeadsReply | undefined,
    sentAt: number,
    order: number,
  ): void {
    const unmoved = this.#heads.absorb(reply, sentAt);
    if (unmoved)
      for (const [tenant, view] of this.#views.entries())
        if (provesUnmoved(unmoved, tenant, view)) view.absorbUnmoved(unmoved.to, sentAt, order);
    const point = this.#heads.point;
    const view = this.#views.peek(asked);
    if (reply && point && view && (reply.own === 0 || reply.own === view.seen))
      view.covered = { line: point.line, seen: reply.seen };
  }

  async #confirm(tenant: TenantId, runtime: Runtime): Promise<void> {
    for (let doubts = 0, overtaken = 0; doubts < MAX_CONFIRMS && overtaken < MAX_OVERTAKEN;) {
      const sentAt = runtime.now();
      const order = this.#nextOrder();
      const cursor: Cursor | undefined = this.view(tenant).cursor;
      const ledger: LedgerReply = await this.#authority.confirm(tenant, cursor);
      if (order < this.#forgotAt) overtaken += 1;
      else if (this.#update(tenant, (current) => current.absorbConfirmed(ledger, sentAt, order)))
        return;
      else doubts += 1;
    }
    throw new AuthorityUnavailable('The ledger changed its epoch faster than it could be read.', {
      tier: this.#authority.name,
    });
  }

  /** Lets the tenant's current view take a reply in. The view may be another one than when the reply was asked for. */
  #update(tenant: TenantId, absorb: (view: View) => 'absorbed' | 'doubtful'): boolean {
    const view = this.view(tenant);
    const epoch = view.epoch;
    if (absorb(view) === 'doubtful') return false;
    this.#keep(tenant, view);
    if (epoch !== '' && epoch !== view.epoch) this.#options.sink(epochChanged(tenant, view.epoch));
    return true;
  }

  #keep(tenant: TenantId, view: View): void {
    const limit = this.#options.viewBytes / LEAST_VIEWS;
    if (view.bytes > limit) view.compact(limit * COMPACTED);
    // The size of a value that is set again is not counted again.
    this.#views.delete(tenant);
    this.#views.set(tenant, view);
  }

  #nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }
}

/** An age within a bound, on either side of zero: a clock that was set back must not make a view fresh for hours. */
function within(age: number, bound: number): boolean {
  return Math.abs(age) < bound;
}
