import type { Subject } from './oracle.ts';

/** What ends things of one tenant, or of all. */
export type Target =
  | {
      readonly type: 'key' | 'prefix';
      readonly tenant: string;
      readonly segments: readonly string[];
    }
  | { readonly type: 'tag'; readonly tenant: string; readonly tag: string }
  | { readonly type: 'tenant'; readonly tenant: string }
  | { readonly type: 'everything' };

/** A target as the oracle calls it. */
export function targetName(target: Target): string {
  switch (target.type) {
    case 'key':
    case 'prefix':
      return `${target.tenant}|${target.type}|${target.segments.join('/')}`;
    case 'tag':
      return `${target.tenant}|tag|${target.tag}`;
    case 'tenant':
      return `${target.tenant}|tenant`;
    case 'everything':
      break;
  }
  return 'everything';
}

/** A page behind the gateway, or a value of the library. */
export interface Resource extends Subject {
  readonly face: 'gateway' | 'library';
  readonly tenant: string;
  /** As keys of the store have them: `g`, scheme, host, path, query; or `n`, namespace, key. */
  readonly segments: readonly string[];
  readonly tags: readonly string[];
}

/** A page at `http://{host}/{path}?{query}`. */
export function page(
  tenant: string,
  host: string,
  path: readonly string[],
  query = '',
): Resource & { readonly face: 'gateway' } {
  const segments = ['g', 'http', host, ...path, `?${query}`];
  return { ...subjectOf(tenant, segments, path), face: 'gateway', tenant, segments };
}

/** A value of a namespace. */
export function value(
  tenant: string,
  namespace: string,
  key: readonly string[],
): Resource & { readonly face: 'library' } {
  const segments = ['n', namespace, ...key];
  return { ...subjectOf(tenant, segments, key), face: 'library', tenant, segments };
}

/** The resource that the origin is asked for, by its tenant and the segments of its key. */
export function resourceName(tenant: string, segments: readonly string[]): string {
  return `${tenant}:${segments.join(':')}`;
}

/** What a page or value is tagged with, by where it stands: its section, and itself. */
export function tagsOf(place: readonly string[]): readonly string[] {
  const [section = 'none'] = place;
  return [`section-${section}`, `item-${place.join('-')}`];
}

function subjectOf(
  tenant: string,
  segments: readonly string[],
  place: readonly string[],
): Subject & { readonly tags: readonly string[] } {
  const tags = tagsOf(place);
  // From two segments on: 'g' alone, or 'n', is nobody's purge.
  const prefixes = segments
    .map((_, at) => segments.slice(0, at + 1))
    .slice(1)
    .map((prefix): Target => ({ type: 'prefix', tenant, segments: prefix }));
  return {
    resource: resourceName(tenant, segments),
    key: targetName({ type: 'key', tenant, segments }),
    others: [
      ...tags.map((tag): Target => ({ type: 'tag', tenant, tag })),
      ...prefixes,
      { type: 'tenant', tenant } as const,
      { type: 'everything' } as const,
    ].map(targetName),
    tags,
  };
}
