import { isTenantId, type TenantId } from '../../../src/tenant/tenant-id.ts';
import type { TenantPolicy } from '../../../src/tenant/policy.ts';

/** A checked tenant id. */
export function tenantId(text: string): TenantId {
  if (!isTenantId(text)) throw new Error(`'${text}' is no tenant id.`);
  return text;
}

/** A tenant that owns `{id}.example` and stands in front of `https://origin.example`. */
export function tenant(id: string, changes: Partial<TenantPolicy> = {}): TenantPolicy {
  return {
    id: tenantId(id),
    hosts: [`${id}.example`],
    origin: 'https://origin.example',
    warm: { base: `https://${id}.example`, paths: [] },
    ...changes,
  };
}
