import { digestOf } from '../engine/holdings.ts';
import type { EngineParts } from '../engine/parts.ts';
import { purgeOnce } from '../engine/purge.ts';
import type { Runtime } from '../runtime.ts';
import { domainEvents, messageRepeated, ruleFailed } from '../telemetry/domain-events.ts';
import type { PurgeMode, Target } from '../tenant/target.ts';
import type { TenantId } from '../tenant/tenant-id.ts';
import { decide, type EventOutcome, type Resolve } from './decide.ts';
import type { DomainEvent } from './event.ts';
import type { RuleSet } from './rules.ts';
import { WINDOW_MS } from './signature.ts';

/** Twice the window in which a signature is good, and a minute for clocks: no message is good for longer than it is remembered. */
const REMEMBERED_MS = 2 * WINDOW_MS + 60_000;

/** How a tenant's events become marks. */
export interface Invalidation {
  readonly rules: RuleSet;
  readonly resolve: Resolve;
}

/** What a message of events marked in one mode. */
export interface MarkedEvents {
  readonly mode: PurgeMode;
  readonly targets: readonly Target[];
  /** Of the newest mark. */
  readonly seq: number;
  /** These marks had been made before: none were made now. */
  readonly repeated: boolean;
}

/** What became of a message of events. */
export interface AppliedEvents {
  /** One for each event, in order. */
  readonly outcomes: readonly EventOutcome[];
  /** Its marks had been made before: none were made now. */
  readonly repeated: boolean;
  /** The events that succeeded name more than 2,000 targets, or 256,000 bytes of them: the whole tenant was marked in their place. */
  readonly coarsened: boolean;
  /** What was marked in each mode, where anything was. */
  readonly marks: readonly MarkedEvents[];
  /** Of the newest mark; undefined when nothing was to be marked. */
  readonly seq: number | undefined;
}

/**
 * Purges what a message of events makes invalid: at most two requests, one for each mode. Resolves once the authority has
 * acknowledged all marks; rejects with `AuthorityUnavailable` else, and the same message may then be sent again. When only the
 * acknowledgement was lost, it is `repeated` then: its marks are there.
 *
 * @param message what the message is known by; it marks once, until it has been forgotten after eleven minutes. Only one
 * without failed events is remembered: another is to be repeated when its rules are repaired. Undefined: not remembered
 * @param acknowledged is told of what was marked in one mode as soon as it is: the other mode may still fail
 */
export async function applyEvents(
  parts: EngineParts,
  tenant: TenantId,
  events: readonly DomainEvent[],
  { rules, resolve }: Invalidation,
  message: string | undefined,
  runtime: Runtime,
  acknowledged?: (mark: MarkedEvents) => void,
): Promise<AppliedEvents> {
  const { outcomes, hard, soft, coarsened, faults } = decide(events, rules, resolve);
  const remembered = faults.length === 0 ? message : undefined;
  const marks: MarkedEvents[] = [];
  for (const [mode, targets] of [
    ['hard', hard],
    ['soft', soft],
  ] as const) {
    if (targets.length === 0) continue;
    const once =
      remembered === undefined
        ? undefined
        : { id: await onceId(mode, remembered, targets), ttlMs: REMEMBERED_MS };
    const { seq, repeated } = await purgeOnce(parts, tenant, targets, mode, once, runtime);
    const mark = { mode, targets, seq, repeated };
    marks.push(mark);
    acknowledged?.(mark);
  }
  const seq = marks.length > 0 ? Math.max(...marks.map((mark) => mark.seq)) : undefined;
  const repeated = marks.length > 0 && marks.every((mark) => mark.repeated);
  if (repeated) {
    parts.sink(messageRepeated(tenant));
    return { outcomes, repeated, coarsened, marks, seq };
  }
  for (const { code, error } of faults) parts.sink(ruleFailed(tenant, code, error));
  const count = (of: EventOutcome['outcome']): number =>
    outcomes.filter(({ outcome }) => outcome === of).length;
  parts.sink(
    domainEvents(tenant, {
      applied: count('applied'),
      unknown: count('unknown'),
      failed: count('failed'),
      coarsened,
    }),
  );
  return { outcomes, repeated, coarsened, marks, seq };
}

/**
 * What a message's marks are remembered by. Its targets are part of it: when a rule has been changed in between, the same
 * message has other marks to make.
 */
async function onceId(
  mode: PurgeMode,
  message: string,
  targets: readonly Target[],
): Promise<string> {
  const named = new TextEncoder().encode(JSON.stringify([message, targets]));
  return `event:${mode}:${await digestOf(named)}`;
}
