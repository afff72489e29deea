import { compilePathPattern, type PathPattern } from '../tenant/path-pattern.ts';
import { DEFAULT_CACHE_POLICY, type CachePolicy, type TenantPolicy } from '../tenant/policy.ts';
import { plainPath } from './ambiguous-path.ts';

/** Whose policies they are. */
export type PolicyOwner = Pick<TenantPolicy, 'caching' | 'paths'>;

interface Compiled {
  readonly rules: readonly { readonly fits: PathPattern; readonly caching: CachePolicy }[];
  readonly otherwise: CachePolicy;
  readonly ambiguous: CachePolicy;
}

const compiled = new WeakMap<PolicyOwner, Compiled>();

/**
 * How a tenant has requests for a URL treated: the first rule that fits its path, else what the tenant says for all. An
 * ambiguous path fits no rule, has no time that the response does not say itself, and is not stored at all where a rule
 * wants some path not to be: it may be another spelling of that one.
 */
export function policyFor(tenant: PolicyOwner, { pathname }: Pick<URL, 'pathname'>): CachePolicy {
  const { caching = DEFAULT_CACHE_POLICY, paths } = tenant;
  // Nothing depends on the path.
  if (!paths?.length && caching.ttl.default === undefined && caching.negativeTtl.size === 0)
    return caching;
  let known = compiled.get(tenant);
  if (!known) {
    known = compile(tenant);
    compiled.set(tenant, known);
  }
  const path = plainPath(pathname);
  if (path === undefined) return known.ambiguous;
  for (const rule of known.rules) if (rule.fits(path)) return rule.caching;
  return known.otherwise;
}

function compile({ caching = DEFAULT_CACHE_POLICY, paths = [] }: PolicyOwner): Compiled {
  const bypassed = paths.some((rule) => rule.caching.cache === 'bypass');
  return {
    rules: paths.map((rule) => ({ fits: compilePathPattern(rule.path), caching: rule.caching })),
    otherwise: caching,
    ambiguous: {
      ...caching,
      cache: bypassed ? 'bypass' : caching.cache,
      ttl: { ...caching.ttl, default: undefined },
      negativeTtl: new Map(),
    },
  };
}
