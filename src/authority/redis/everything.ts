import { AuthorityUnavailable } from '../../errors.ts';
import { parseName, type KeySpace } from '../../tenant/key.ts';
import type { TenantId } from '../../tenant/tenant-id.ts';
import type { RedisClient } from './client.ts';
import { MAX_REQUEST_CALLS } from './requests.ts';
import type { Script, ScriptCall } from './script.ts';

/** Names that Redis looks at in one step: the most that the managed service takes. */
const SCAN_COUNT = 1000;
/** Ten million names. The platform ends a call before that: every step is a request. */
const MAX_STEPS = 10_000;

/**
 * The tenants of a key space that have a ledger, found by SCAN: every ledger that is there from the first step to the
 * last. Rejects with `AuthorityUnavailable` when it could not be looked at to the end.
 */
export async function tenantsWithLedger(
  client: Pick<RedisClient, 'scan'>,
  keys: KeySpace,
): Promise<ReadonlySet<TenantId>> {
  // No character of a prefix has a meaning in a pattern.
  const match = `${keys.prefix}:v${keys.version}:t:*:~ledger`;
  const tenants = new Set<TenantId>();
  let cursor = '0';
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const found = await client.scan(cursor, match, SCAN_COUNT);
    for (const name of found.names) {
      const parsed = parseName(name);
      if (parsed?.record === '~ledger') tenants.add(parsed.tenant);
    }
    cursor = found.cursor;
    if (cursor === '0') return tenants;
  }
  throw new AuthorityUnavailable(
    `Redis has more names than ${MAX_STEPS} steps of ${SCAN_COUNT} can look at.`,
    { retryable: false },
  );
}

/**
 * Calls a marking script for each of the tenants, in pipelines. Rejects with `AuthorityUnavailable` when any of them
 * did not answer a seq, after the others have been marked.
 */
export async function markEach(
  client: RedisClient,
  script: Script,
  tenants: ReadonlySet<TenantId>,
  callFor: (tenant: TenantId) => ScriptCall,
): Promise<void> {
  const calls = [...tenants].map(callFor);
  let marked = 0;
  let cause: unknown;
  for (let at = 0; at < calls.length; at += MAX_REQUEST_CALLS) {
    try {
      for (const reply of await client.runEach(script, calls.slice(at, at + MAX_REQUEST_CALLS))) {
        if (reply.ok && /^\d+$/.test(String(reply.value))) marked += 1;
        else cause ??= reply.ok ? undefined : reply.error;
      }
    } catch (error) {
      // The next one would hardly be answered.
      cause = error;
      break;
    }
  }
  if (marked < calls.length)
    throw new AuthorityUnavailable(
      `Redis acknowledged the purge of ${marked} of ${calls.length} tenants.`,
      { cause },
    );
}
