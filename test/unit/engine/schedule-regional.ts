import type { Copy, Tier } from '../../../src/tiers/tier.ts';

/** The cache of a data centre, shared by its isolates: every call takes its turns. */
export function regionalTier(colo: Map<string, Copy>, pause: () => Promise<void>): Tier {
  return {
    name: 'regional',
    local: false,
    lifetimeMs: 1e9,
    get: async ({ name }) => {
      await pause();
      const copy = colo.get(name);
      await pause();
      return copy && { ...copy };
    },
    put: async (copy) => {
      await pause();
      colo.set(copy.key.name, copy);
    },
    delete: async ({ name }) => {
      await pause();
      colo.delete(name);
    },
  };
}
