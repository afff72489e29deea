import { LRUCache } from 'lru-cache';
import type {
  Authority,
  Cursor,
  LedgerReply,
  MarkReply,
  Once,
  ReadReply,
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
import { within } from './bound.ts';
import { Coverage } from './coverage.ts';
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

/** Answers that an own purge has overtaken meanwhile, of everything or of what could not be taken in. */
const MAX_OVERTAKEN = 20;

/** So many views have room in the budget, whatever one tenant's ledger holds. */
const LEAST_VIEWS = 4;

/** What is left of a view that is too large: so that not every mark after it sorts all of them. */
const COMPACTED = 3 / 4;

/** The poll that tells of all tenants, where the polls of single ones are known by their tenants. */
const EVERY_TENANT = '*';

/** The views of one isolate: which of them are fresh enough, and how they are brought up to date. */
export class Coherence {
  readonly #authority: Authority;
  readonly #options: CoherenceOptions;
  readonly #views: LRUCache<TenantId, View>;
  readonly #coverage: Coverage;
  readonly #polls: SharedCalls<void>;
  #order = 0;
  /** Answers to what was asked before this can't be taken in as they are: a view with an own purge was given up since. */
  #forgotAt = 0;

  constructor(options: CoherenceOptions) {
    this.#authority = options.authority;
    this.#options = options;
    const { viewBytes, coherenceMs } = options;
    // In the same isolate a poll costs nothing.
    this.#coverage = new Coverage(options.authority.local ? 0 : coherenceMs);
    this.#views = new LRUCache({
      maxSize: viewBytes,
      sizeCalculation: (view) => view.bytes,
    });
    this.#polls = new SharedCalls(options.pollWaitMs);
  }

  /** The tenant's view, however old; empty when there was none. */
  view(tenant: TenantId): View {
    const view = this.#views.get(tenant) ?? new View();
    this.#coverage.catchUp(tenant, view);
    return view;
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
    const shared = this.#coverage.has(tenant, view, now);
    if (this.#polls.has(shared ? EVERY_TENANT : tenant, now)) return;
    // A failure here is no news: the next request that needs the answer asks and reports.
    runtime.waitUntil(this.check(tenant, runtime).catch(() => undefined));
  }

  /**
   * Polls the ledger, or joins a poll that is new enough for a request that began now; where the heads tell what has
   * changed, one poll does for all tenants whose ledgers have not. Answers the view. Rejects with {@link AuthorityUnavailable}.
   */
  async check(tenant: TenantId, runtime: Runtime): Promise<View> {
    const now = runtime.now();
    const covers = (sentAt: number): boolean => this.covers(sentAt, now);
    const isDone = (): boolean => {
      const view = this.view(tenant);
      return this.isSince(view, now, runtime.now()) || this.isFresh(view, runtime.now());
    };
    if (this.#coverage.has(tenant, this.view(tenant), now)) {
      await this.#polls.run(EVERY_TENANT, () => this.#readHeads(runtime), runtime, covers);
      if (isDone()) return this.view(tenant);
    }
    const poll = async (): Promise<void> => void (await this.read(tenant, [], runtime));
    await this.#polls.run(tenant, poll, runtime, covers);
    if (!isDone())
      // The poll that was joined has taken longer than what was left of the bound.
      await this.#polls.run(tenant, poll, runtime, (sentAt) => sentAt > now);
    return this.view(tenant);
  }

  /**
   * Reads entries and polls the ledger in one round trip. The entries are exact per key as long as the view's key floor is
   * not past `exactAt`. Rejects with {@link AuthorityUnavailable}.
   */
  async read(
    tenant: TenantId,
    keys: readonly CacheKey[],
    runtime: Runtime,
  ): Promise<{ view: View; entries: readonly (Entry | undefined)[]; exactAt: number }> {
    const { reply, exactAt, isDoubtful, line } = await this.#ask(tenant, keys, runtime);
    if (isDoubtful) {
      await this.#confirm(tenant, runtime);
      this.#coverage.cover(this.#views.peek(tenant), reply.heads, line);
    }
    return { view: this.view(tenant), entries: reply.entries, exactAt };
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
  ): Promise<{ acquired: boolean; entry: Entry | undefined; exactAt: number }> {
    const { tenant } = key;
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const { seen } = this.view(tenant);
    const { acquired, entries, ledger } = await this.#authority.lease(key, token, ttlMs, seen);
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbPoll(ledger, sentAt, order));
    const exactAt = this.view(tenant).exactWith(ledger);
    if (!absorbed) await this.#confirm(tenant, runtime);
    return { acquired, entry: entries[0], exactAt };
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

  /** Asks which ledgers have changed, for all tenants at once. */
  async #readHeads(runtime: Runtime): Promise<void> {
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const { cursor, line } = this.#coverage.question;
    // Somebody else has found meanwhile that nothing is known.
    if (cursor === 'newest') return;
    const reply = await this.#authority.heads(cursor);
    this.#coverage.absorb({ cursor, line }, reply, sentAt, order);
  }

  /** One request. What is doubtful of the ledger has to be asked of the primary. */
  async #ask(
    tenant: TenantId,
    keys: readonly CacheKey[],
    runtime: Runtime,
  ): Promise<{ reply: ReadReply; exactAt: number; isDoubtful: boolean; line?: number }> {
    const view = this.view(tenant);
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const question = this.#coverage.questionFor(tenant, view, sentAt);
    const reply = await this.#authority.read(tenant, keys, view.seen, question?.cursor);
    const line = question && this.#coverage.absorb(question, reply.heads, sentAt, order);
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbPoll(reply.ledger, sentAt, order));
    // A head newer than what the ledger shows is a replica that lags.
    const isDoubtful = !absorbed || (reply.heads?.own ?? 0) > this.view(tenant).seen;
    if (!isDoubtful) this.#coverage.cover(this.#views.peek(tenant), reply.heads, line);
    const exactAt = this.view(tenant).exactWith(reply.ledger);
    return { reply, exactAt, isDoubtful, ...(line !== undefined && { line }) };
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
