import type { Authority } from '../authority/authority.ts';
import type { Fetch } from '../gateway/origin.ts';
import type { Tier } from '../tiers/tier.ts';

/** Counts outgoing requests. */
export class Meter {
  spent = 0;
}

/** The most outgoing requests that one path can cost: regional read, Redis read, confirm, origin, commit, regional write. */
export const MOST_PER_PATH = 8;

// A script is one request, or two where the server does not know it yet.
const SCRIPT = 2;

/** Counts what an authority sends, from above. */
export function meteredAuthority(authority: Authority, meter: Meter): Authority {
  const count = <T>(requests: number, call: () => Promise<T>): Promise<T> => {
    meter.spent += requests;
    return call();
  };
  return {
    name: authority.name,
    read: (...args) => count(1, () => authority.read(...args)),
    confirm: (...args) => count(SCRIPT, () => authority.confirm(...args)),
    mark: (...args) => count(SCRIPT, () => authority.mark(...args)),
    commit: (...args) => count(SCRIPT, () => authority.commit(...args)),
    supersede: (...args) => count(SCRIPT, () => authority.supersede(...args)),
    lease: (...args) => count(1, () => authority.lease(...args)),
    release: (...args) => count(SCRIPT, () => authority.release(...args)),
  };
}

/** Counts calls of a tier that the platform counts as requests: those of a tier outside the isolate. */
export function meteredTier(tier: Tier, meter: Meter): Tier {
  if (tier.local) return tier;
  return {
    name: tier.name,
    local: false,
    lifetimeMs: tier.lifetimeMs,
    get(key, now) {
      meter.spent += 1;
      return tier.get(key, now);
    },
    put(copy, now) {
      meter.spent += 1;
      return tier.put(copy, now);
    },
    delete(key) {
      meter.spent += 1;
      return tier.delete(key);
    },
  };
}

/** Counts requests to origins. */
export function meteredFetch(fetch: Fetch, meter: Meter): Fetch {
  return (url, init) => {
    meter.spent += 1;
    return fetch(url, init);
  };
}
