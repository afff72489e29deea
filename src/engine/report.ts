import { CircuitOpen } from '../errors.ts';
import { storeError } from '../telemetry/events.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import type { EngineParts } from './parts.ts';

/**
 * Reports that a store failed. Not that it was not asked: its breaker has said so when it opened, and would say it again
 * with every read.
 */
export function reportFailure(
  { sink }: Pick<EngineParts, 'sink'>,
  tenant: TenantId,
  store: string,
  error: unknown,
): void {
  const refused =
    error instanceof CircuitOpen || (error instanceof Error && error.cause instanceof CircuitOpen);
  if (!refused) sink(storeError(tenant, store, error));
}
