import { AuthorityUnavailable } from '../errors.ts';
import { SAMPLE_REQUESTS, type Authority } from '../authority/authority.ts';
import type { Fetch } from '../gateway/exchange.ts';
import type { Tier } from '../tiers/tier.ts';

/** Counts outgoing requests against a budget. */
export class Meter {
  readonly limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get spent(): number {
    return this.#spent;
  }

  /** True when so many requests more are within the budget. */
  allows(requests: number): boolean {
    return this.#spent + requests <= this.limit;
  }

  /** Counts requests before they are sent. Throws {@link AuthorityUnavailable} when they would pass the budget. */
  spend(requests: number): void {
    if (!this.allows(requests)) {
      throw new AuthorityUnavailable(`The budget of ${this.limit} outgoing requests is spent.`);
    }
    this.#spent += requests;
  }
}

/**
 * What one path usually costs at most: regional read, check, Redis read, confirm, those two reads again for a variant, origin, origin
 * again where it speaks of something else than what is stored, commit, confirm, two regional writes, and two regional deletes after a
 * refused commit. A path is begun only when so much is left; the budget holds beyond that as well.
 */
export const MOST_PER_PATH = 19;

// A script is one request, or two where the server does not know it yet.
const SCRIPT = 2;

/** Counts what an authority sends, from above. */
export function meteredAuthority(authority: Authority, meter: Meter): Authority {
  if (authority.local) return authority;
  const count = async <T>(requests: number, call: () => Promise<T>): Promise<T> => {
    meter.spend(requests);
    return call();
  };
  return {
    name: authority.name,
    local: false,
    read: (...args) => count(1, () => authority.read(...args)),
    heads: (...args) => count(1, () => authority.heads(...args)),
    confirm: (...args) => count(SCRIPT, () => authority.confirm(...args)),
    mark: (...args) => count(SCRIPT, () => authority.mark(...args)),
    markEverything: (...args) => count(SCRIPT, () => authority.markEverything(...args)),
    // And one that opens the ledger where it is missing.
    commit: (writes) => count(SCRIPT * (writes.length + 1), () => authority.commit(writes)),
    supersede: (writes) => count(SCRIPT * writes.length, () => authority.supersede(writes)),
    touch: (...args) => count(1 + 2 * SCRIPT, () => authority.touch(...args)),
    lease: (...args) => count(1, () => authority.lease(...args)),
    release: (...args) => count(SCRIPT, () => authority.release(...args)),
    examine: (...args) => count(1, () => authority.examine(...args)),
    sample: (...args) => count(SAMPLE_REQUESTS, () => authority.sample(...args)),
  };
}

/** Counts calls of a tier that the platform counts as requests: those of a tier outside the isolate. */
export function meteredTier(tier: Tier, meter: Meter): Tier {
  if (tier.local) return tier;
  return {
    name: tier.name,
    local: false,
    lifetimeMs: tier.lifetimeMs,
    async get(key, now) {
      meter.spend(1);
      return tier.get(key, now);
    },
    async put(copy, now) {
      meter.spend(1);
      return tier.put(copy, now);
    },
    async delete(key) {
      meter.spend(1);
      return tier.delete(key);
    },
  };
}

/** Counts requests to origins. */
export function meteredFetch(fetch: Fetch, meter: Meter): Fetch {
  return async (url, init) => {
    meter.spend(1);
    return fetch(url, init);
  };
}
