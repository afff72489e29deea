import { LRUCache } from 'lru-cache';
import type { Sink, TelemetryEvent } from './events.ts';

/** What one isolate counted for one tenant since it started. */
export interface TenantCounters {
  hits: Record<string, number>;
  unverifiedHits: number;
  /** Stale entries served, by why. */
  stale: Record<string, number>;
  unverifiedStale: number;
  misses: Record<string, number>;
  /** Values that loaders made, and the time that they took together, in milliseconds. */
  loads: number;
  loadMs: number;
  loadsFailed: number;
  stores: number;
  storedBytes: number;
  storesDropped: Record<string, number>;
  bypasses: Record<string, number>;
  /** Tags and groups of the origin's that were over a cap or unusable, by field. */
  tagsDropped: Record<string, number>;
  purges: number;
  purgesFailed: number;
  /** Invalidations that were retried to the end and never acknowledged. */
  purgesAbandoned: number;
  /** Domain events by what became of them: `applied`, `unknown`, `failed`. */
  domainEvents: Record<string, number>;
  /** Messages of domain events that had been acknowledged before. */
  messagesRepeated: number;
  /** Messages of domain events that were refused, by why. */
  signaturesRefused: Record<string, number>;
  /** Loads that were not made and purges that were refused because the tenant's quota was used up. */
  overQuota: Record<string, number>;
  tierErrors: Record<string, number>;
  invalidFrames: Record<string, number>;
  invalidValues: Record<string, number>;
  /** Copies that gave way to others, by tier. */
  evictions: Record<string, number>;
  originErrors: Record<string, number>;
  epochChanges: number;
  warmed: Record<string, number>;
}

/** So many tenants are counted apart; the one that nothing has happened to for the longest time begins at zero again. */
const MAX_TENANTS = 2000;

/** Counts events by tenant. */
export class Counters {
  readonly #tenants = new LRUCache<string, TenantCounters>({ max: MAX_TENANTS });

  /** Receives events; pass it on as the sink. */
  readonly sink: Sink = (event) => this.#count(event);

  /** A copy of what was counted for a tenant. */
  of(tenant: string): TenantCounters {
    return structuredClone(this.#tenants.get(tenant) ?? zero());
  }

  #count(event: TelemetryEvent): void {
    // What happens to a store as a whole is nobody's in particular.
    if (!('tenant' in event)) return;
    let counters = this.#tenants.get(event.tenant);
    if (!counters) {
      counters = zero();
      this.#tenants.set(event.tenant, counters);
    }
    switch (event.type) {
      case 'hit':
        add(counters.hits, event.tier);
        if (!event.verified) counters.unverifiedHits += 1;
        break;
      case 'stale':
        add(counters.stale, event.reason);
        if (!event.verified) counters.unverifiedStale += 1;
        break;
      case 'miss':
        add(counters.misses, event.reason);
        break;
      case 'load':
        counters.loads += 1;
        counters.loadMs += event.ms;
        break;
      case 'load_failed':
        counters.loadsFailed += 1;
        break;
      case 'set':
        counters.stores += 1;
        counters.storedBytes += event.bytes;
        break;
      case 'set_dropped':
        add(counters.storesDropped, event.reason);
        break;
      case 'bypass':
        add(counters.bypasses, event.reason);
        break;
      case 'tags_dropped':
        add(counters.tagsDropped, event.field, event.count);
        break;
      case 'purge':
        counters.purges += 1;
        break;
      case 'purge_failed':
        counters.purgesFailed += 1;
        break;
      case 'purge_abandoned':
        counters.purgesAbandoned += 1;
        break;
      case 'domain_events':
        for (const outcome of ['applied', 'unknown', 'failed'] as const)
          if (event[outcome] > 0) add(counters.domainEvents, outcome, event[outcome]);
        break;
      case 'message_repeated':
        counters.messagesRepeated += 1;
        break;
      case 'signature_refused':
        add(counters.signaturesRefused, event.reason);
        break;
      case 'over_quota':
        add(counters.overQuota, event.quota);
        break;
      case 'rule_failed':
      case 'purge_audit':
        // Counted with the message that it was in, or as a purge.
        break;
      case 'error':
        add(counters.tierErrors, event.tier);
        break;
      case 'frame_invalid':
        add(counters.invalidFrames, event.tier);
        break;
      case 'value_invalid':
        add(counters.invalidValues, event.reason);
        break;
      case 'evict':
        add(counters.evictions, event.tier);
        break;
      case 'origin_error':
        add(counters.originErrors, event.code);
        break;
      case 'epoch_changed':
        counters.epochChanges += 1;
        break;
      case 'warmed':
        add(counters.warmed, event.outcome);
        break;
    }
  }
}

function add(record: Record<string, number>, name: string, count = 1): void {
  record[name] = (record[name] ?? 0) + count;
}

function zero(): TenantCounters {
  return {
    hits: {},
    unverifiedHits: 0,
    stale: {},
    unverifiedStale: 0,
    misses: {},
    loads: 0,
    loadMs: 0,
    loadsFailed: 0,
    stores: 0,
    storedBytes: 0,
    storesDropped: {},
    bypasses: {},
    tagsDropped: {},
    purges: 0,
    purgesFailed: 0,
    purgesAbandoned: 0,
    domainEvents: {},
    messagesRepeated: 0,
    signaturesRefused: {},
    overQuota: {},
    tierErrors: {},
    invalidFrames: {},
    invalidValues: {},
    evictions: {},
    originErrors: {},
    epochChanges: 0,
    warmed: {},
  };
}
