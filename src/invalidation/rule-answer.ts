import type { PurgeMode } from '../tenant/target.ts';
import type { Allowance } from './allowance.ts';
import { EventFault } from './event-fault.ts';

/** What a rule has answered, as far as it can be judged without knowing what its members mean. */
export interface RuleAnswer {
  readonly mode: PurgeMode;
  /** The members that name targets. Undefined: the rule named nothing, on purpose. */
  readonly named: object | undefined;
  /** How many things they name, and in how many characters. */
  readonly things: number;
  readonly characters: number;
}

/** The members that list targets, at either door. */
const LISTS: ReadonlySet<string> = new Set(['keys', 'urls', 'tags', 'prefixes', 'hosts', 'groups']);

const NOTHING: RuleAnswer = { mode: 'hard', named: undefined, things: 0, characters: 0 };

/**
 * Reads what a rule has answered. Undefined, null, an empty object and lists that are empty say that there is nothing to
 * purge: whatever else names nothing is a mistake, and would be a purge that is lost in silence. Throws {@link EventFault}.
 *
 * @param allowance what the event may still name; what is taken from it counts a URL as one
 */
export function readAnswer(answer: unknown, allowance: Allowance): RuleAnswer {
  if (answer === undefined || answer === null) return NOTHING;
  if (answer instanceof Promise) {
    // One that rejects later has nobody to tell.
    answer.catch(() => undefined);
    throw new EventFault('A rule answered a promise; rules are not asynchronous.');
  }
  if (!isPlain(answer))
    throw new EventFault('A rule must answer a plain object of targets, or undefined for none.');
  const { mode = 'hard', ...named }: { mode?: unknown } = answer;
  if (mode !== 'hard' && mode !== 'soft')
    throw new EventFault("The mode that a rule answers must be 'hard' or 'soft'.");
  if (Object.keys(answer).length === 0) return NOTHING;
  let [things, characters] = [0, 0];
  const members: readonly unknown[] = Object.values(named);
  for (const list of members) {
    if (list === undefined)
      throw new EventFault('A rule answered a member that is undefined; it must be left out.');
    if (!Array.isArray(list)) {
      things += 1;
      continue;
    }
    allowance.take(list.length, 0);
    things += list.length;
    for (const thing of list) characters += lengthOf(thing);
  }
  if (things === 0) {
    const names = Object.keys(named);
    if (names.length > 0 && names.every((name) => LISTS.has(name))) return NOTHING;
    throw new EventFault('A rule named no target; one that means none must answer undefined.');
  }
  allowance.take(0, characters);
  return { mode, named, things, characters };
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The characters of a text, of a list of segments, or of a group with its origin. */
function lengthOf(thing: unknown): number {
  if (typeof thing === 'string') return thing.length;
  if (typeof thing !== 'object' || thing === null) return 0;
  return Object.values(thing).reduce(
    (length: number, part: unknown) => length + (typeof part === 'string' ? part.length : 0),
    0,
  );
}
