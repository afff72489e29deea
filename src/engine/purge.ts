import { hits } from '../coherence/marks.ts';
import type { Runtime } from '../runtime.ts';
import { purge as purged, purgeFailed } from '../telemetry/events.ts';
import type { PurgeMode, Target } from '../tenant/target.ts';
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
  try {
    const seq = await parts.coherence.mark(tenant, targets, mode, runtime);
    parts.sink(purged(tenant, targets.length));
    return seq;
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
