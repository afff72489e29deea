import type { Target } from '../tenant/target.ts';

/** How many of each kind there are, kinds without any left out. What they name is nobody's but the tenant's. */
export function kindsOf(targets: Iterable<Target>): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {};
  for (const target of targets) {
    const kind = kindOf(target);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

function kindOf(target: Target): string {
  if (target.startsWith('k:')) return 'keys';
  if (target.startsWith('t:')) return 'tags';
  return target.startsWith('p:') ? 'prefixes' : 'all';
}
