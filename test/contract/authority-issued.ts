import { expect } from 'vitest';
import type { Authority, LedgerReply, Mark } from '../../src/authority/authority.ts';
import type { PurgeMode, Target } from '../../src/tenant/target.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { wholeLedger } from './authority-world.ts';

/** A mark that a test has made, and the whole ledger as it was answered then. */
export interface Issued extends Mark {
  readonly ledger: LedgerReply;
}

/** Marks one target after the other and answers what was issued. */
export async function markEach(
  authority: Authority,
  tenant: TenantId,
  targets: readonly Target[],
  mode: PurgeMode = 'hard',
): Promise<Issued[]> {
  const issued: Issued[] = [];
  for (const target of targets) {
    const { seq, ledger } = await authority.mark(tenant, [target], mode, undefined);
    issued.push({ target, mode, seq, ledger });
  }
  return issued;
}

/** Every mark that was issued is still there, or a floor stands in for it. */
export async function expectCovered(
  authority: Authority,
  tenant: TenantId,
  issued: readonly Mark[],
): Promise<void> {
  const ledger = await wholeLedger(authority, tenant);
  const kept = new Set(ledger.marks.map((mark) => `${mark.mode} ${mark.target} ${mark.seq}`));
  for (const { target, mode, seq } of issued) {
    if (kept.has(`${mode} ${target} ${seq}`)) continue;
    const exact = mode === 'hard' && target.startsWith('k:');
    const floor = exact ? Math.max(ledger.floor, ledger.keyFloor) : ledger.floor;
    expect(floor, `${mode} ${target}`).toBeGreaterThanOrEqual(seq);
  }
}
