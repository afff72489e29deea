import type { Entry } from '../codec/entry.ts';
import {
  AuthorityUnavailable,
  CircuitOpen,
  DeadlineExceeded,
  OutcomeUnknown,
  Overloaded,
} from '../errors.ts';
import type { Guard, GuardedCall } from '../resilience/guard.ts';
import { SAMPLE_REQUESTS, type Authority } from './authority.ts';

/**
 * The authority, with every call under the guard: deadline, circuit breaker, bounded concurrency. Keeps the contract:
 * what the guard refuses or gives up rejects with `AuthorityUnavailable`, its cause kept, except where a value may have
 * been written: there a deadline is `OutcomeUnknown`. Purges pass whatever the guard's state is.
 */
export function guardAuthority(authority: Authority, guard: Guard): Authority {
  const run = async <T>(
    call: () => Promise<T>,
    options: GuardedCall & { readonly mayHaveWritten?: () => boolean } = {},
  ): Promise<T> => {
    try {
      return await guard.run(call, { ...options, isFailure });
    } catch (error) {
      throw translated(error, authority.name, options.mayHaveWritten?.() === true);
    }
  };
  return {
    name: authority.name,
    local: authority.local,
    read: (tenant, keys, since, heads) => run(() => authority.read(tenant, keys, since, heads)),
    heads: (since) => run(() => authority.heads(since)),
    confirm: (tenant, cursor) => run(() => authority.confirm(tenant, cursor)),
    mark: (tenant, targets, mode, cursor, once) =>
      run(() => authority.mark(tenant, targets, mode, cursor, once), { urgent: true }),
    markEverything: (mode) =>
      run(() => authority.markEverything(mode), { urgent: true, deadlines: MANY_REQUESTS }),
    commit: (writes) => run(() => authority.commit(writes), { deadlines: requestsOf(writes) }),
    supersede: (writes) =>
      run(() => authority.supersede(writes), {
        mayHaveWritten: () => true,
        deadlines: requestsOf(writes),
      }),
    lease: (key, token, ttlMs, since) => run(() => authority.lease(key, token, ttlMs, since)),
    release: (key, token) => run(() => authority.release(key, token)),
    examine: (keys) => run(() => authority.examine(keys)),
    sample: (tenant, count) =>
      run(() => authority.sample(tenant, count), { deadlines: SAMPLE_REQUESTS }),
    touch: async (key, retime) => {
      let wrote = false;
      let over = false;
      const retimed = (entry: Entry): Entry | undefined => {
        // The caller has been told that nothing was written: so be it.
        const next = over ? undefined : retime(entry);
        wrote ||= next !== undefined;
        return next;
      };
      try {
        return await run(() => authority.touch(key, retimed), { mayHaveWritten: () => wrote });
      } finally {
        over = true;
      }
    },
  };
}

/** A purge of everything is as many requests as there are pages of tenants; each has the store's own time limit. */
const MANY_REQUESTS = 100;
/** So many writes fit into the time of one. */
const WRITES_PER_DEADLINE = 50;

function requestsOf(writes: readonly unknown[]): number {
  return Math.max(1, Math.ceil(writes.length / WRITES_PER_DEADLINE));
}

/** Anything else is not the store's doing: a caller's function that threw, or a mistake in the program. */
function isFailure(error: unknown): boolean {
  return error instanceof AuthorityUnavailable || error instanceof OutcomeUnknown;
}

function translated(error: unknown, tier: string, mayHaveWritten: boolean): unknown {
  if (error instanceof CircuitOpen || error instanceof Overloaded)
    return new AuthorityUnavailable(`Not asked: ${error.message}`, { tier, cause: error });
  if (!(error instanceof DeadlineExceeded)) return error;
  if (!mayHaveWritten) return new AuthorityUnavailable(error.message, { tier, cause: error });
  return new OutcomeUnknown(`${error.message} The write may have been carried out.`, {
    tier,
    cause: error,
  });
}
