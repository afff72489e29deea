import type { Once } from '../authority/authority.ts';
import { hits } from '../coherence/marks.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { purge as purged, purgeAbandoned, purgeFailed } from '../telemetry/events.ts';
import { unlinkedBy, type PurgeMode, type Target } from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { EngineParts } from './parts.ts';

/**
 * Purges targets of one tenant. Resolves with the seq of the newest mark, only once the authority has acknowledged
 * all of them; costs one request, whatever the number of entries that they hit. Rejects with `AuthorityUnavailable`,
 * and has then dropped what this isolate's memory held of them; repeating it does no harm.
 */
export async function purge(
  parts: EngineParts,
  tenant: TenantId,
  targets: readonly Target[],
  mode: PurgeMode,
  runtime: Runtime,
): Promise<number> {
  return (await purgeOnce(parts, tenant, targets, mode, undefined, runtime)).seq;
}

/**
 * As {@link purge}, for a message that may be delivered more than once: of those with one id only the first that is
 * acknowledged marks. A `repeated` one has changed nothing.
 */
export async function purgeOnce(
  parts: EngineParts,
  tenant: TenantId,
  targets: readonly Target[],
  mode: PurgeMode,
  once: Once | undefined,
  runtime: Runtime,
): Promise<{ readonly seq: number; readonly repeated: boolean }> {
  try {
    const outcome = await parts.coherence.mark(tenant, targets, mode, runtime, once);
    // What was read before it is exact per key no more, and its mark may be trimmed by the time that it arrives.
    dropLookups(parts, tenant, new Set(unlinkedBy(targets, mode)));
    if (!outcome.repeated) parts.sink(purged(tenant, targets.length, mode));
    return outcome;
  } catch (error) {
    const named = new Set(targets);
    for (const tier of parts.tiers) {
      tier.deleteWhere?.(
        ({ key, entry }) =>
          key.tenant === tenant && hits(named, { key: key.key, tags: entry.tags }),
      );
    }
    parts.sink(purgeFailed(tenant, error));
    throw error;
  }
}

/** Nobody joins a lookup of these keys that is under way. Lookups go by the full names of keys. */
function dropLookups(parts: EngineParts, tenant: TenantId, keys: ReadonlySet<string>): void {
  if (keys.size === 0) return;
  const owner = `:t:${tenant}:`;
  parts.lookups.dropWhere((name) => {
    const at = name.indexOf(owner);
    return at !== -1 && keys.has(name.slice(at + owner.length));
  });
}

/**
 * Purges everything of every tenant of the key space, and answers how many tenants there were. One request for each page
 * of tenants. Rejects with `AuthorityUnavailable`: some tenants may have been purged then, and repeating it does no harm.
 */
export async function purgeEverything(parts: EngineParts, mode: PurgeMode): Promise<number> {
  try {
    const tenants = await parts.coherence.markEverything(mode);
    parts.sink(purged('*', tenants, mode));
    return tenants;
  } catch (error) {
    parts.sink(purgeFailed('*', error));
    throw error;
  } finally {
    parts.flights.detachAll();
    parts.lookups.drop();
    // Whether or not it was acknowledged: nothing in this isolate is worth a doubt.
    if (mode === 'hard') for (const tier of parts.tiers) tier.deleteWhere?.(() => true);
  }
}

const FIRST_RETRY_MS = 200;
const LONGEST_PAUSE_MS = 2000;
/** Work after a response ends at 30 seconds on Workers. */
const PATIENCE_MS = 25_000;

/**
 * Goes on with a purge that failed, in the background, at growing distances: for a change that has happened already and
 * can't be refused any more. Giving up is an event of its own.
 */
export function retryPurge(
  parts: EngineParts,
  tenant: TenantId,
  targets: readonly Target[],
  mode: PurgeMode,
  runtime: Runtime,
): void {
  const endsAt = runtime.now() + PATIENCE_MS;
  const retry = async (): Promise<void> => {
    for (
      let pause = FIRST_RETRY_MS;
      runtime.now() < endsAt;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    ) {
      await runtime.sleep(pause);
      try {
        await purge(parts, tenant, targets, mode, runtime);
        return;
      } catch (error) {
        // Each failure has been reported; only one that may pass is worth another try.
        if (!(error instanceof AuthorityUnavailable)) break;
      }
    }
    parts.sink(purgeAbandoned(tenant, targets.length));
  };
  runtime.waitUntil(retry());
}
