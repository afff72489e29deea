import type { Runtime } from '../runtime.ts';
import type { CacheKey } from '../tenant/key.ts';
import type { Found } from './found.ts';
import { admit, unavailableBy, type Reading } from './lookup.ts';
import type { EngineParts } from './parts.ts';
import type { LeasePolicy } from './policy.ts';
import { reportFailure } from './report.ts';
import { isSameEntry, servableStale } from './stale.ts';

/** What the attempt to be the only one who loads came to. */
export type LeaseResult =
  /** Load. `token` is the lease's; undefined when there is none: the authority did not answer, or the wait is over. */
  | { readonly type: 'load'; readonly token: string | undefined }
  /** Somebody else has loaded meanwhile. */
  | { readonly type: 'loaded'; readonly found: Found }
  /** Somebody else is loading, and there is something stale to serve. */
  | { readonly type: 'leased' };

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

/**
 * Takes the lease of a key, or waits for what its holder makes: at growing distances, with a bound. Each attempt reads
 * the entry behind the lease, so that what the last holder stored before it gave the lease back is never loaded again.
 *
 * @param stale what is known already: served if somebody else has the lease, and nothing to be content with
 */
export async function takeLease(
  parts: EngineParts,
  reading: Pick<Reading, 'key' | 'face' | 'lifetimes'>,
  policy: LeasePolicy,
  stale: Found | undefined,
  runtime: Runtime,
): Promise<LeaseResult> {
  const { key } = reading;
  const token = runtime.randomId();
  const endsAt = runtime.now() + policy.waitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const sentAt = runtime.now();
    let answer: Awaited<ReturnType<typeof parts.coherence.lease>>;
    try {
      answer = await parts.coherence.lease(key, token, policy.ttlMs, runtime);
    } catch (error) {
      // It may have been taken all the same.
      giveBack(parts, key, token, runtime);
      unavailableBy(parts, key, error);
      return { type: 'load', token: undefined };
    }
    const { acquired, entry, exactAt } = answer;
    if (entry) {
      const { face, lifetimes } = reading;
      const admitted = { key, entry, exactAt, face, sentAt, lifetimes };
      const { state, found } = await admit(parts, admitted, runtime);
      if (state === 'fresh' && !isSameEntry(found, stale)) {
        if (acquired) giveBack(parts, key, token, runtime);
        return { type: 'loaded', found };
      }
    }
    if (acquired) return { type: 'load', token };
    const now = runtime.now();
    if (servableStale(parts, key, stale, runtime)) return { type: 'leased' };
    if (now >= endsAt) return { type: 'load', token: undefined };
    // Spread, so that those who wait do not all ask at once.
    await runtime.sleep(Math.min(pause * (0.5 + runtime.random()), Math.max(1, endsAt - now)));
  }
}

/** Ends a lease under which nothing will be stored. Nobody waits for it: it ends by itself later. */
export function giveBack(parts: EngineParts, key: CacheKey, token: string, runtime: Runtime): void {
  runtime.waitUntil(
    parts.authority
      .release(key, token)
      .catch((error: unknown) => reportFailure(parts, key.tenant, parts.authority.name, error)),
  );
}
