import { LRUCache } from 'lru-cache';
import type { Authority, Cursor, LedgerReply, MarkReply } from '../authority/authority.ts';
import type { Entry } from '../codec/entry.ts';
import { AuthorityUnavailable } from '../errors.ts';
import { SharedCalls } from '../resilience/shared-call.ts';
import type { Runtime } from '../runtime.ts';
import { epochChanged, type Sink } from '../telemetry/events.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Stamp } from '../codec/stamp.ts';
import { keyTarget, type PurgeMode, type Target } from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
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

/** So many views have room in the budget, whatever one tenant's ledger holds. */
const LEAST_VIEWS = 4;

/** The views of one isolate: which of them are fresh enough, and how they are brought up to date. */
export class Coherence {
  readonly #authority: Authority;
  readonly #options: CoherenceOptions;
  readonly #views: LRUCache<TenantId, View>;
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

  /** True when copies may be served, flagged, although the authority did not answer. */
  mayServeUnverified(view: View, now: number): boolean {
    return within(now - view.checkedAt, this.#options.maxUnverifiedMs);
  }

  /** Renews a view in the background once half its bound has passed, so that busy isolates never wait for a poll. */
  renewSoon(tenant: TenantId, view: View, runtime: Runtime): void {
    if (
      runtime.now() - view.checkedAt < this.#options.coherenceMs / 2 ||
      this.#polls.has(tenant, runtime.now())
    )
      return;
    // A failure here is no news: the next request that needs the answer asks and reports.
    runtime.waitUntil(this.check(tenant, runtime).catch(() => undefined));
  }

  /**
   * Polls the ledger, or joins a poll that is new enough for a request that began now. Answers the view.
   * Rejects with {@link AuthorityUnavailable}.
   */
  async check(tenant: TenantId, runtime: Runtime): Promise<View> {
    const now = runtime.now();
    const poll = (mayJoin: (sentAt: number) => boolean): Promise<void> =>
      this.#polls.run(
        tenant,
        async () => void (await this.read(tenant, [], runtime)),
        runtime,
        mayJoin,
      );
    await poll((sentAt) => this.covers(sentAt, now));
    const view = this.view(tenant);
    if (view.checkedAt >= now || this.isFresh(view, runtime.now())) return view;
    // The poll that was joined has taken longer than what was left of the bound.
    await poll((sentAt) => sentAt > now);
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
    const { entries, ledger } = await this.#authority.read(tenant, keys, view.seen);
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbPoll(ledger, sentAt, order));
    if (!absorbed) await this.#confirm(tenant, runtime);
    return { view: this.view(tenant), entries };
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

  /** Purges the targets. Resolves only once the authority has acknowledged the marks; answers their newest seq. */
  async mark(
    tenant: TenantId,
    targets: readonly Target[],
    mode: PurgeMode,
    runtime: Runtime,
  ): Promise<number> {
    const sentAt = runtime.now();
    const order = this.#nextOrder();
    const { seq, ledger }: MarkReply = await this.#authority.mark(
      tenant,
      targets,
      mode,
      this.view(tenant).cursor,
    );
    const absorbed =
      order > this.#forgotAt &&
      this.#update(tenant, (current) => current.absorbConfirmed(ledger, sentAt, order));
    // The marks are acknowledged: what could not be taken in here is learnt by whoever reads next.
    if (!absorbed) {
      this.#views.delete(tenant);
      this.#forgotAt = this.#nextOrder();
    }
    return seq;
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

  async #confirm(tenant: TenantId, runtime: Runtime): Promise<void> {
    for (let attempt = 0; attempt < MAX_CONFIRMS; attempt += 1) {
      const sentAt = runtime.now();
      const order = this.#nextOrder();
      const cursor: Cursor | undefined = this.view(tenant).cursor;
      const ledger: LedgerReply = await this.#authority.confirm(tenant, cursor);
      if (order < this.#forgotAt) continue;
      if (this.#update(tenant, (current) => current.absorbConfirmed(ledger, sentAt, order))) return;
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
    view.compact(this.#options.viewBytes / LEAST_VIEWS);
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
