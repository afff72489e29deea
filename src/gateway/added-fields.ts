import type { CachePolicy } from '../tenant/policy.ts';

/**
 * Sets the fields that a policy adds, on an answer of the origin's or of a store: both have been told what this cache did
 * with them. What the gateway says itself, such as that the origin can't be reached, stays as it is, and so does an upgrade.
 * Nothing of it is stored, so that a change of the policy counts at once.
 */
export function addFields(
  response: Response,
  { responseHeaders }: Pick<CachePolicy, 'responseHeaders'>,
): Response {
  if (responseHeaders.length === 0) return response;
  if (response.status === 101 || !response.headers.has('cache-status')) return response;
  for (const [name, value] of responseHeaders) response.headers.set(name, value);
  return response;
}
