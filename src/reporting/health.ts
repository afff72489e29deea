import type { Coherence } from '../coherence/coherence.ts';
import type { StoreHealth } from '../engine/assemble.ts';
import { AuthorityUnavailable } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import type { TenantId } from '../tenant/tenant-id.ts';

/** Whether this isolate can serve, and what its authority said. */
export interface Health {
  /** `degraded`: requests are answered, without the store that orders purges. `failing`: they are refused. */
  readonly status: 'ok' | 'degraded' | 'failing';
  readonly preset: string;
  readonly authority: { readonly name: string; readonly answers: boolean };
  /** Each store: its circuit breaker, and whether it keeps what it is given. */
  readonly stores: readonly StoreHealth[];
}

export interface HealthSource {
  readonly preset: string;
  readonly authorityName: string;
  readonly authorityRequired: boolean;
  readonly coherence: Coherence;
  readonly stores: () => readonly StoreHealth[];
}

/** So old may an answer be: health is open to everybody, and must neither cost a request each nor be hours old. */
const RECENT_MS = 1000;

/** Asks the authority, unless it has answered a moment ago. */
export async function readHealth(
  tenant: TenantId,
  source: HealthSource,
  runtime: Runtime,
): Promise<Health> {
  const answers = await authorityAnswers(tenant, source.coherence, runtime);
  const status = answers ? 'ok' : source.authorityRequired ? 'failing' : 'degraded';
  return {
    status,
    preset: source.preset,
    authority: { name: source.authorityName, answers },
    stores: source.stores(),
  };
}

async function authorityAnswers(
  tenant: TenantId,
  coherence: Coherence,
  runtime: Runtime,
): Promise<boolean> {
  if (Math.abs(runtime.now() - coherence.view(tenant).checkedAt) < RECENT_MS) return true;
  try {
    await coherence.check(tenant, runtime);
    return true;
  } catch (error) {
    if (error instanceof AuthorityUnavailable) return false;
    throw error;
  }
}
