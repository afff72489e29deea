import { ConfigError } from '../errors.ts';
import type { DomainEvent } from './event.ts';

/** Says what an event makes invalid. What it answers is checked when it is called. */
export type AnyRule = (data: unknown, event: DomainEvent) => unknown;

/** Rules, found by the type of an event. */
export interface RuleSet {
  /** All rules of a type, in the order in which they were added; none for a type that nobody knows. */
  of(type: string): readonly AnyRule[];
}

/** A set of rules that grows. */
export class RuleBook implements RuleSet {
  readonly #rules = new Map<string, AnyRule[]>();

  /** Adds a rule; a type may have several, and an event gets the targets of all. */
  add(type: string, rule: AnyRule): void {
    const problems = [
      ...(typeof type === 'string' && type !== ''
        ? []
        : [{ field: 'type', message: 'must be the type of an event, a text' }]),
      ...(typeof rule === 'function' ? [] : [{ field: 'rule', message: 'must be a function' }]),
    ];
    if (problems.length > 0) throw new ConfigError(problems, 'The arguments of on() have');
    const rules = this.#rules.get(type);
    if (rules) rules.push(rule);
    else this.#rules.set(type, [rule]);
  }

  of(type: string): readonly AnyRule[] {
    return this.#rules.get(type) ?? [];
  }
}
