import { InvalidKey } from '../errors.ts';
import type { PurgeMode, Target } from '../tenant/target.ts';
import { Allowance, MessageAllowance } from './allowance.ts';
import type { DomainEvent } from './event.ts';
import { EventFault } from './event-fault.ts';
import { GatheredTargets, type MessageTargets } from './gathered-targets.ts';
import { readAnswer } from './rule-answer.ts';
import type { AnyRule, RuleSet } from './rules.ts';

/** What became of one event. */
export interface EventOutcome {
  readonly id?: string;
  readonly type: string;
  /**
   * `unknown`: no rule knows its type. `failed`: a rule threw, or named what can't be purged, or the message names too much;
   * nothing was purged for it.
   */
  readonly outcome: 'applied' | 'unknown' | 'failed';
  /** How many targets it named, each once, also where the whole tenant is marked in place of too many. */
  readonly targets: number;
  /** Why it failed, one sentence. Holds nothing of the event's data. */
  readonly error?: string;
}

/** Why an event failed: a rule `threw`, or what it answered is `invalid`, or too much for its message. */
export interface RuleFault {
  readonly code: 'threw' | 'invalid';
  /** One sentence. Holds nothing of the event's data: of what a rule threw it names the class alone. */
  readonly error: string;
}

/** What is to be marked for a message, and what is told of its events. */
export interface Decision extends MessageTargets {
  readonly outcomes: readonly EventOutcome[];
  readonly faults: readonly RuleFault[];
}

/** The targets of what a rule answered, its mode left out. Throws {@link InvalidKey}, with a message without data. */
export type Resolve = (output: object) => readonly Target[];

/**
 * Decides what a message of events purges. Pure, but for what the rules do. Its work is bounded, whatever the events hold:
 * what is too much for one event, or for what its message may name, fails it before anything is made of it. Only events
 * that succeed are marked: a failed one counts neither as targets nor towards marking the whole tenant.
 */
export function decide(events: readonly DomainEvent[], rules: RuleSet, resolve: Resolve): Decision {
  const gathered = new GatheredTargets();
  const ofMessage = new MessageAllowance();
  const faults: RuleFault[] = [];
  const outcomes = events.map((event): EventOutcome => {
    const told = { ...(event.id === undefined ? {} : { id: event.id }), type: event.type };
    const known = rules.of(event.type);
    if (known.length === 0) return { ...told, outcome: 'unknown', targets: 0 };
    try {
      const { hard, soft } = targetsOf(event, known, resolve, ofMessage);
      gathered.add('hard', hard);
      gathered.add('soft', soft);
      return { ...told, outcome: 'applied', targets: hard.size + soft.size };
    } catch (error) {
      const fault = faultOf(error);
      faults.push(fault);
      return { ...told, outcome: 'failed', targets: 0, error: fault.error };
    }
  });
  return { outcomes, faults, ...gathered.marks() };
}

type EventTargets = Readonly<Record<PurgeMode, ReadonlySet<Target>>>;

function targetsOf(
  event: DomainEvent,
  rules: readonly AnyRule[],
  resolve: Resolve,
  ofMessage: MessageAllowance,
): EventTargets {
  const allowance = new Allowance();
  const targets = { hard: new Set<Target>(), soft: new Set<Target>() };
  ofMessage.check();
  for (const rule of rules) {
    const { mode, named, things, characters } = readAnswer(rule(event.data, event), allowance);
    if (named === undefined) continue;
    ofMessage.take(characters);
    const resolved = resolvedBy(resolve, named);
    allowance.take(Math.max(0, resolved.length - things), 0);
    for (const target of resolved) targets[mode].add(target);
  }
  return targets;
}

/** What is wrong with a target is our own finding; the same class of a rule's own making is not. */
function resolvedBy(resolve: Resolve, named: object): readonly Target[] {
  try {
    return resolve(named);
  } catch (error) {
    throw error instanceof InvalidKey ? new EventFault(error.message) : error;
  }
}

function faultOf(error: unknown): RuleFault {
  if (error instanceof EventFault) return { code: 'invalid', error: error.message };
  return { code: 'threw', error: `A rule threw: ${classOf(error)}.` };
}

/** What a rule of somebody's own throws may say anything, but for what its class is called. */
function classOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const constructor: unknown = Reflect.get(thrown, 'constructor');
  return (typeof constructor === 'function' && constructor.name) || 'Error';
}
