import { judge } from '../coherence/marks.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { servesOnError, servesWhileRevalidating } from './entry-state.ts';
import type { Found, Miss } from './found.ts';
import type { EngineParts } from './parts.ts';
import { reportFailure } from './report.ts';

/**
 * Something stale, unless a hard purge of it is known by now: one that came in since it was found counts as well. For
 * loaders, as their stale value.
 */
export function unlessPurged(
  parts: EngineParts,
  key: CacheKey,
  found: Found | undefined,
): Found | undefined {
  if (!found) return undefined;
  const { entry, exactAt } = found;
  const subject = { stamp: entry.stamp, key: key.key, tags: entry.tags };
  const view = parts.coherence.view(key.tenant);
  const verdict = judge(view, subject, exactAt !== undefined && view.keyFloor <= exactAt);
  return verdict === 'invalid' ? undefined : found;
}

/**
 * Something stale that could be served in place of a load, by what is known now, however long ago that was learnt: good
 * for deciding how long to wait. What is served goes through {@link staleToServe}.
 */
export function servableStale(
  parts: EngineParts,
  key: CacheKey,
  found: Found | undefined,
  runtime: Pick<Runtime, 'now'>,
): Found | undefined {
  return found && servesOnError(found.entry, runtime.now())
    ? unlessPurged(parts, key, found)
    : undefined;
}

/**
 * Something stale that may be served now in place of a load, `verified` as it is now. A load may take longer than the bound:
 * what was found before it is judged by a check that is within the bound, or by one more, which a purge meanwhile shows in.
 * @param since as for {@link vouch}
 */
export async function staleToServe(
  parts: EngineParts,
  key: CacheKey,
  found: Found | undefined,
  runtime: Runtime,
  since?: number,
): Promise<Found | undefined> {
  if (!servableStale(parts, key, found, runtime)) return undefined;
  const verified = await vouch(parts, key.tenant, runtime, since);
  if (verified === undefined) return undefined;
  const standing = servableStale(parts, key, found, runtime);
  return standing && { ...standing, verified };
}

/**
 * Whether what is known of a tenant's purges is good enough for something stale that is served now: true when it was
 * checked within the bound, with one check if need be; false when the authority does not answer and copies may be served,
 * flagged, all the same; undefined when they may not, or an answer is required.
 * @param since a check that was sent from this time on is good enough, also without a bound: for whoever serves at once
 */
export async function vouch(
  parts: EngineParts,
  tenant: TenantId,
  runtime: Runtime,
  since = Number.POSITIVE_INFINITY,
): Promise<boolean | undefined> {
  if (known(parts, tenant, runtime, since)) return true;
  try {
    await parts.coherence.check(tenant, runtime);
    return true;
  } catch (error) {
    if (!(error instanceof AuthorityUnavailable)) throw error;
    reportFailure(parts, tenant, parts.authority.name, error);
  }
  return known(parts, tenant, runtime, since);
}

/** As {@link vouch}, by what is known without another check. */
function known(
  { coherence, authorityRequired }: EngineParts,
  tenant: TenantId,
  runtime: Pick<Runtime, 'now'>,
  since: number,
): boolean | undefined {
  const view = coherence.view(tenant);
  const now = runtime.now();
  if (coherence.isFresh(view, now) || coherence.isSince(view, since, now)) return true;
  return !authorityRequired && coherence.mayServeUnverified(view, now) ? false : undefined;
}

/**
 * What a lookup has found stale, when it may be served at once, while it is refreshed. Where the authority did not answer,
 * it is judged once more, by what is known now: a check has just failed, and another would make the caller wait twice.
 * @param askedAt when the caller's own look began
 */
export function staleAtOnce(
  parts: EngineParts,
  { tenant }: CacheKey,
  { reason, stale }: Pick<Miss, 'reason' | 'stale'>,
  runtime: Pick<Runtime, 'now'>,
  askedAt: number,
): Found | undefined {
  if (!stale || !servesWhileRevalidating(stale.entry, runtime.now())) return undefined;
  if (reason !== 'unavailable') return stale;
  const verified = known(parts, tenant, runtime, askedAt);
  return verified === undefined ? undefined : { ...stale, verified };
}

/**
 * What may be served in place of work that takes long. Undefined also when the work has settled by then: what it brings is
 * newer, and asking whether something stale may be served must not take longer than the work.
 */
export async function unlessSettled<T>(
  work: Promise<unknown>,
  instead: Promise<T>,
): Promise<T | undefined> {
  let settled = false;
  const settle = (): undefined => {
    settled = true;
  };
  const first = await Promise.race([work.then(settle, settle), instead]);
  return settled ? undefined : first;
}

/** True for two findings of one entry, whichever tiers had it. */
export function isSameEntry({ entry }: Found, other: Found | undefined): boolean {
  return (
    other !== undefined &&
    other.entry.createdAt === entry.createdAt &&
    other.entry.freshUntil === entry.freshUntil &&
    other.entry.stamp.asOf === entry.stamp.asOf &&
    other.entry.stamp.epoch === entry.stamp.epoch
  );
}
