import type { CachePolicy } from '../tenant/policy.ts';
import { effectiveUrl } from './effective-url.ts';

/**
 * True for a redirect that leads back to where it came from, or to the same by plain `http`: to the request's own URL, but
 * for its fragment, for credentials, and for what the policy leaves out of queries. Stored, it would lock everybody out of
 * what one odd request was sent away from: most often by a header that claims another scheme.
 * @param url of the request
 */
export function leadsBack(
  url: string,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  policy: Pick<CachePolicy, 'query'>,
): boolean {
  if (status < 300 || status >= 400) return false;
  const location = headers.get('location');
  if (location === null || !URL.canParse(location, url)) return false;
  const from = new URL(url);
  const to = new URL(location, url);
  const isSameScheme = to.protocol === from.protocol;
  if (!isSameScheme && !(from.protocol === 'https:' && to.protocol === 'http:')) return false;
  return named(from, policy) === named(to, policy);
}

/** Host, port, path and query. A default port is none, whatever the scheme. */
function named(url: URL, policy: Pick<CachePolicy, 'query'>): string {
  const { host, pathname, search } = effectiveUrl(url, policy);
  return `${host}${pathname}${search}`;
}
