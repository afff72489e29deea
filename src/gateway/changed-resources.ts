import { keyTarget, type Target } from '../tenant/target.ts';
import type { PolicyOwner } from './policy-for.ts';
import { isUsableKey } from './request-key.ts';
import { keysOf, storedKey } from './stored-key.ts';

/** The fields in which an answer names other resources that the request has changed (RFC 9111, section 4.4). */
const NAMING_FIELDS = ['location', 'content-location'] as const;

/**
 * What else has changed when an unsafe request succeeded: the resources in `Location` and `Content-Location`, of the
 * request's own scheme, host and port only, because an origin must not empty the cache of another one.
 */
export function changedResources(
  url: URL,
  headers: Headers,
  tenant: PolicyOwner,
): readonly Target[] {
  return NAMING_FIELDS.flatMap((field) => {
    const named = resolve(headers.get(field), url);
    if (named?.origin !== url.origin) return [];
    return resourceTargets(named, tenant);
  });
}

/** A resource, by every key that it may be stored under. */
export function resourceTargets(url: URL, tenant: PolicyOwner): readonly Target[] {
  return keysOf(url, tenant).filter(isUsableKey).map(keyTarget);
}

/** True when `Content-Location` says that the answer's content is what a GET of the same URL gets (RFC 9110, section 8.7). */
export function describesItself(url: URL, headers: Headers, tenant: PolicyOwner): boolean {
  const named = resolve(headers.get('content-location'), url);
  return named !== undefined && storedKey(named, tenant) === storedKey(url, tenant);
}

function resolve(reference: string | null, base: URL): URL | undefined {
  if (reference === null || !URL.canParse(reference, base.href)) return undefined;
  return new URL(reference, base.href);
}
