import {
  compileLoosePathPattern,
  compilePathPattern,
  type PathPattern,
} from '../tenant/path-pattern.ts';
import {
  DEFAULT_CACHE_POLICY,
  type CachePolicy,
  type PathRule,
  type TenantPolicy,
} from '../tenant/policy.ts';
import { plainPath } from './ambiguous-path.ts';

/** Whose policies they are. */
export type PolicyOwner = Pick<TenantPolicy, 'caching' | 'paths'>;

interface Compiled {
  readonly rules: readonly { readonly fits: PathPattern; readonly caching: CachePolicy }[];
  readonly otherwise: CachePolicy;
  /** The same as `otherwise` where nothing depends on the path. */
  readonly ambiguous: CachePolicy;
}

const compiled = new WeakMap<PolicyOwner, Compiled>();

/**
 * How a tenant has requests for a URL treated: the first rule that fits its path, else what the tenant says for all. One
 * that keeps things out of the store fits whatever the letter case, because there are origins to which that is the same.
 */
export function policyFor(tenant: PolicyOwner, { pathname }: Pick<URL, 'pathname'>): CachePolicy {
  let known = compiled.get(tenant);
  if (!known) {
    known = compile(tenant);
    compiled.set(tenant, known);
  }
  const { rules, otherwise, ambiguous } = known;
  if (otherwise === ambiguous) return otherwise;
  const path = plainPath(pathname);
  if (path === undefined) return ambiguous;
  for (const rule of rules) if (rule.fits(path)) return rule.caching;
  return otherwise;
}

function compile({ caching = DEFAULT_CACHE_POLICY, paths = [] }: PolicyOwner): Compiled {
  const rules = paths.map(({ path, caching: own }) => ({
    fits: own.cache === 'bypass' ? compileLoosePathPattern(path) : compilePathPattern(path),
    caching: own,
  }));
  const isOpen = paths.length === 0 && !lengthens(caching);
  return { rules, otherwise: caching, ambiguous: isOpen ? caching : forAmbiguous(caching, paths) };
}

/**
 * An ambiguous path fits no rule: it has no time that the response does not say itself, and is not stored at all where a rule
 * wants some path not to be, nor with a cookie where a rule wants none stored. It may be another spelling of that path.
 */
function forAmbiguous(caching: CachePolicy, paths: readonly PathRule[]): CachePolicy {
  const bypasses = paths.some((rule) => rule.caching.cache === 'bypass');
  const refuses = paths.some((rule) => rule.caching.setCookie === 'refuse');
  return {
    ...caching,
    cache: bypasses ? 'bypass' : caching.cache,
    ttl: { ...caching.ttl, default: undefined, min: 0 },
    browserTtl: { ...caching.browserTtl, default: undefined, min: 0 },
    stale: { ...caching.stale, whileRevalidate: 0, ifError: 0 },
    negativeTtl: new Map(),
    setCookie: refuses ? 'refuse' : caching.setCookie,
  };
}

/** Whether a policy makes anything last longer than its response says. */
function lengthens({ ttl, browserTtl, stale, negativeTtl }: CachePolicy): boolean {
  return (
    [ttl, browserTtl].some((time) => time.default !== undefined || time.min > 0) ||
    stale.whileRevalidate > 0 ||
    stale.ifError > 0 ||
    negativeTtl.size > 0
  );
}
