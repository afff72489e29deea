import { hits } from '../coherence/marks.ts';
import { AuthorityUnavailable } from '../errors.ts';
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

const FIRST_RETRY_MS = 200;
/** Work after a response ends at 30 seconds on Workers. */
const LAST_RETRY_MS = 25_000;

/**
 * Goes on with a purge that failed, in the background: again and again, at growing distances, as long as copies may be
 * served without a check. For a change that has happened already and can't be refused any more.
 */
export function retryPurge(
  parts: EngineParts,
  tenant: TenantId,
  targets: readonly Target[],
  mode: PurgeMode,
  runtime: Runtime,
): void {
  const patienceMs = Math.min(parts.coherence.maxUnverifiedMs, LAST_RETRY_MS);
  runtime.waitUntil(
    (async () => {
      for (let waited = 0, pause = FIRST_RETRY_MS; waited + pause <= patienceMs; pause *= 2) {
        await runtime.sleep(pause);
        waited += pause;
        try {
          await purge(parts, tenant, targets, mode, runtime);
          return;
        } catch (error) {
          // Each failure has been reported as an event; only one that may pass is worth another try.
          if (!(error instanceof AuthorityUnavailable)) return;
        }
      }
    })(),
  );
}
