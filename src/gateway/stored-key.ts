import { effectiveUrl } from './effective-url.ts';
import { policyFor, type PolicyOwner } from './policy-for.ts';
import { resourceKey } from './request-key.ts';

/** The key under which a tenant's requests for a URL are stored: that of what its policy leaves of the URL. */
export function storedKey(url: URL, tenant: PolicyOwner): string {
  return resourceKey(effectiveUrl(url, policyFor(tenant, url)));
}

/**
 * All keys that a resource may be stored under: the one by the tenant's policy, and the one of the whole URL, where a Worker
 * that has another policy yet, or again, has stored it. For what ends it.
 */
export function keysOf(url: URL, tenant: PolicyOwner): readonly string[] {
  return [...new Set([storedKey(url, tenant), resourceKey(url)])];
}
