import { InvalidEvents } from '../errors.ts';
import { applyEvents } from '../invalidation/apply.ts';
import type { EventOutcome } from '../invalidation/decide.ts';
import { parseEvents, type DomainEvent } from '../invalidation/event.ts';
import { checkOptions, OPTION_NAMES } from './call-options.ts';
import { targetsOf } from './purge.ts';
import type { Scope } from './scope.ts';

/** How to take events. */
export interface InvalidateOptions {
  /**
   * What the message is known by, 1 to 256 characters: with it the same events are purged for once, however often they are
   * delivered within eleven minutes. It must be another one for every message. Default: none, each call purges.
   */
  readonly id?: string;
}

/** What became of events, once the authority has acknowledged their purges. */
export interface InvalidationResult {
  /** One for each event, in order, also of a repeated message. */
  readonly outcomes: readonly EventOutcome[];
  /** A message of this id has purged before, whether or not its caller heard of it: nothing was purged now. */
  readonly repeated: boolean;
  /** The events named more than 2,000 targets, or 256,000 bytes of them: the whole tenant was purged in their place. */
  readonly coarsened: boolean;
  /** Every isolate serves nothing of it after so many milliseconds; this one does already. */
  readonly effectiveWithinMs: number;
}

/** Purges what the rules say of events. Rejects with `AuthorityUnavailable` and {@link InvalidEvents}. */
export async function invalidateScope(
  scope: Scope,
  events: DomainEvent | readonly DomainEvent[],
  options: InvalidateOptions = {},
): Promise<InvalidationResult> {
  checkOptions(options, OPTION_NAMES.invalidate);
  const { parts, tenant, runtime, rules, coherenceMs } = scope;
  const parsed = parseEvents(events);
  if ('problems' in parsed) throw new InvalidEvents(parsed.problems);
  const foreign = parsed.events.flatMap((event, at) =>
    event.tenant === undefined || event.tenant === tenant
      ? []
      : [`${at}.tenant: is another tenant than the one that was asked`],
  );
  if (foreign.length > 0) throw new InvalidEvents(foreign);
  const { outcomes, repeated, coarsened } = await applyEvents(
    parts,
    tenant,
    parsed.events,
    { rules, resolve: (output) => targetsOf(undefined, output, scope) },
    options.id,
    runtime,
  );
  return { outcomes, repeated, coarsened, effectiveWithinMs: coherenceMs };
}
