import type { EngineParts } from '../engine/parts.ts';
import type { CachePolicy } from '../tenant/policy.ts';

/** The largest body that is stored, in bytes: the deployment's limit, or the smaller one of the policy. */
export function bodyLimit(
  { maxEntryBytes }: Pick<EngineParts, 'maxEntryBytes'>,
  { maxBodyBytes }: Pick<CachePolicy, 'maxBodyBytes'>,
): number {
  return Math.min(maxEntryBytes, maxBodyBytes);
}
