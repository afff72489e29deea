import { DEFAULT_CACHE_POLICY, type CachePolicy } from '../tenant/policy.ts';
import { choice, flag, whole } from './kinds.ts';
import { negativeTtl } from './negative-ttl.ts';
import type { Said } from './policy-fields.ts';
import { staleWindows, ttlBounds } from './policy-times.ts';
import { cookieChoice, queryChoice, requestHeaders, varyChoice } from './request-names.ts';
import { responseHeaderList } from './response-header-list.ts';
import { SETTINGS } from './settings.ts';

/** What a tenant may say of caching, and each of its path rules as well. */
export const CACHING_FIELDS = {
  cache: choice(['store', 'bypass']),
  ttl: ttlBounds,
  browserTtl: ttlBounds,
  stale: staleWindows,
  negativeTtl,
  query: queryChoice,
  vary: varyChoice,
  cookies: cookieChoice,
  requestHeaders,
  setCookie: choice(['refuse', 'store']),
  requestDirectives: choice(['ignore', 'honour']),
  exposeTags: flag(),
  responseHeaders: responseHeaderList,
  maxBodyBytes: SETTINGS.maxEntryBytes.kind,
  maxVariants: whole(1, 256),
} as const;

/** What was said, and the rest from `open`: what is said of one field takes the place of all that `open` has there. */
export function toCachePolicy(
  said: Said<typeof CACHING_FIELDS>,
  open: CachePolicy = DEFAULT_CACHE_POLICY,
): CachePolicy {
  return {
    cache: said.cache ?? open.cache,
    ttl: said.ttl ?? open.ttl,
    browserTtl: said.browserTtl ?? open.browserTtl,
    stale: said.stale ?? open.stale,
    negativeTtl: said.negativeTtl ?? open.negativeTtl,
    query: said.query ?? open.query,
    vary: said.vary ?? open.vary,
    cookies: said.cookies ?? open.cookies,
    requestHeaders: said.requestHeaders ?? open.requestHeaders,
    setCookie: said.setCookie ?? open.setCookie,
    requestDirectives: said.requestDirectives ?? open.requestDirectives,
    exposeTags: said.exposeTags ?? open.exposeTags,
    responseHeaders: said.responseHeaders ?? open.responseHeaders,
    maxBodyBytes: said.maxBodyBytes ?? open.maxBodyBytes,
    maxVariants: said.maxVariants ?? open.maxVariants,
  };
}
