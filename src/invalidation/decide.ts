import { InvalidKey } from '../errors.ts';
import { TENANT_TARGET, type PurgeMode, type Target } from '../tenant/target.ts';
import type { DomainEvent } from './event.ts';
import type { AnyRule, RuleSet } from './rules.ts';
import { MAX_TARGETS_PER_EVENT } from './template.ts';

/** What became of one event. */
export interface EventOutcome {
  readonly id?: string;
  readonly type: string;
  /** `unknown`: no rule knows its type. `failed`: a rule threw, or named what can't be purged; nothing was purged for it. */
  readonly outcome: 'applied' | 'unknown' | 'failed';
  /** How many targets it named, each once. */
  readonly targets: number;
  /** Why it failed, one sentence. Holds nothing of the event's data. */
  readonly error?: string;
}

/** Why an event failed: a rule `threw`, or what it answered is `invalid`. */
export interface RuleFault {
  readonly code: 'threw' | 'invalid';
  readonly error: unknown;
}

/** What is to be marked for a message, and what is told of its events. */
export interface Decision {
  readonly outcomes: readonly EventOutcome[];
  readonly hard: readonly Target[];
  readonly soft: readonly Target[];
  /** The targets were too many: the whole tenant is marked in their place. */
  readonly coarsened: boolean;
  readonly faults: readonly RuleFault[];
}

/** The targets of what a rule answered, its mode left out. Throws {@link InvalidKey}, with a message without data. */
export type Resolve = (output: object) => readonly Target[];

/** The most targets of one message, and their bytes: as many as a ledger keeps, and past that it raises its floor, which ends everything all the same. */
const MAX_TARGETS = 2000;
const MAX_TARGET_BYTES = 128 * MAX_TARGETS;

const encoder = new TextEncoder();

/** Decides what a message of events purges. Pure, but for what the rules do. */
export function decide(events: readonly DomainEvent[], rules: RuleSet, resolve: Resolve): Decision {
  const hard = new Set<Target>();
  const soft = new Set<Target>();
  const faults: RuleFault[] = [];
  const outcomes = events.map((event): EventOutcome => {
    const named = { ...(event.id === undefined ? {} : { id: event.id }), type: event.type };
    const known = rules.of(event.type);
    if (known.length === 0) return { ...named, outcome: 'unknown', targets: 0 };
    const targets = targetsOf(event, known, resolve);
    if ('error' in targets) {
      faults.push(targets);
      return { ...named, outcome: 'failed', targets: 0, error: sentence(targets) };
    }
    for (const target of targets.hard) hard.add(target);
    for (const target of targets.soft) soft.add(target);
    return { ...named, outcome: 'applied', targets: targets.hard.size + targets.soft.size };
  });
  return { outcomes, faults, ...bounded(hard, soft) };
}

type EventTargets = Readonly<Record<PurgeMode, ReadonlySet<Target>>>;

function targetsOf(
  event: DomainEvent,
  rules: readonly AnyRule[],
  resolve: Resolve,
): EventTargets | RuleFault {
  const targets = { hard: new Set<Target>(), soft: new Set<Target>() };
  for (const rule of rules) {
    try {
      const { mode, rest } = checked(rule(event.data, event));
      if (!isEmpty(rest)) for (const target of resolve(rest)) targets[mode].add(target);
      if (targets.hard.size + targets.soft.size > MAX_TARGETS_PER_EVENT)
        throw new InvalidKey(`The event names more than ${MAX_TARGETS_PER_EVENT} targets.`);
    } catch (error) {
      return { code: error instanceof InvalidKey ? 'invalid' : 'threw', error };
    }
  }
  return targets;
}

function checked(output: unknown): { mode: PurgeMode; rest: object } {
  if (output === undefined) return { mode: 'hard', rest: {} };
  if (output instanceof Promise) {
    output.catch(() => undefined);
    throw new InvalidKey('A rule answered a promise; rules are not asynchronous.');
  }
  if (typeof output !== 'object' || output === null || Array.isArray(output))
    throw new InvalidKey('A rule must answer an object of targets, or undefined for none.');
  const { mode = 'hard', ...rest }: { mode?: unknown } = output;
  if (mode !== 'hard' && mode !== 'soft')
    throw new InvalidKey("The mode that a rule answers must be 'hard' or 'soft'.");
  return { mode, rest };
}

/** True for what names nothing: no member that is said holds anything. */
function isEmpty(rest: object): boolean {
  return Object.values(rest).every(
    (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0),
  );
}

function sentence({ code, error }: RuleFault): string {
  // What a rule of somebody's own throws may say anything.
  return code === 'invalid' && error instanceof InvalidKey ? error.message : 'A rule threw.';
}

/** A hard mark ends what a soft one would; marks past the bound become one of the whole tenant. */
function bounded(
  hard: ReadonlySet<Target>,
  soft: ReadonlySet<Target>,
): Pick<Decision, 'hard' | 'soft' | 'coarsened'> {
  if (hard.has(TENANT_TARGET)) return { hard: [TENANT_TARGET], soft: [], coarsened: false };
  const named = [...hard];
  if (isTooMuch(named)) return { hard: [TENANT_TARGET], soft: [], coarsened: true };
  if (soft.has(TENANT_TARGET)) return { hard: named, soft: [TENANT_TARGET], coarsened: false };
  const others = [...soft].filter((target) => !hard.has(target));
  if (isTooMuch([...named, ...others]))
    return { hard: named, soft: [TENANT_TARGET], coarsened: true };
  return { hard: named, soft: others, coarsened: false };
}

function isTooMuch(targets: readonly Target[]): boolean {
  if (targets.length > MAX_TARGETS) return true;
  let bytes = 0;
  for (const target of targets) bytes += encoder.encode(target).length;
  return bytes > MAX_TARGET_BYTES;
}
