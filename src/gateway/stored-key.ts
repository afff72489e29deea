import { effectiveUrl } from './effective-url.ts';
import { policyFor, type PolicyOwner } from './policy-for.ts';
import { resourceKey } from './request-key.ts';

/** The key under which a tenant's requests for a URL are stored: that of what its policy leaves of the URL. */
export function storedKey(url: URL, tenant: PolicyOwner): string {
  return resourceKey(effectiveUrl(url, policyFor(tenant, url)));
}
