import type { DomainEvent } from '../invalidation/event.ts';
import { RuleBook, type AnyRule, type RuleSet } from '../invalidation/rules.ts';
import type { PurgeMode } from '../tenant/target.ts';
import type { PurgeTargets } from './purge.ts';

/** What an event makes invalid, in the whole tenant: keys and prefixes begin with `n:` and the name of their namespace. */
export interface RuleTargets extends PurgeTargets {
  /** `hard` (default) or `soft`, as in a purge. */
  readonly mode?: PurgeMode;
}

/**
 * Says what an event makes invalid; `undefined`, `null` or `{}` for nothing. Whatever else names no target, or has a member
 * that is undefined or that a purge does not have, fails its event and no other, as one does that throws: of what it throws
 * the class is told, never the message. Not asynchronous.
 *
 * @param data what the event says; where events come from outside it is unchecked
 */
export type InvalidationRule<Data> = (
  data: Data,
  event: DomainEvent<Data>,
) => RuleTargets | null | undefined;

/** Rules by the type of an event, for the option `rules` of `createCache()`. `Events`: the type of each event's data. */
export interface InvalidationRules<Events extends object> extends RuleSet {
  /** Adds a rule, and answers the rules. A type may have several: an event gets the targets of all. */
  on<Type extends keyof Events & string>(
    type: Type,
    rule: InvalidationRule<Events[Type]>,
  ): InvalidationRules<Events>;
}

/**
 * Makes rules that turn domain events into purges.
 *
 * ```ts
 * const rules = invalidationRules<{ 'city.updated': { id: number; country: string } }>().on(
 *   'city.updated',
 *   (city) => ({ tags: [`city:${city.id}`], prefixes: [['n', 'countries', city.country]] }),
 * );
 * const cache = createCache({ rules, namespaces: { cities: { ttl: '1h' }, countries: {} } });
 * await cache.forTenant('acme').invalidate({ type: 'city.updated', data: { id: 7, country: 'AD' } });
 * ```
 *
 * What an event brings belongs into a key as a segment of a list, as above: inside a text a `:` in it would begin another one.
 */
export function invalidationRules<Events extends object>(): InvalidationRules<Events> {
  const book = new RuleBook();
  const rules: InvalidationRules<Events> = {
    on(type, rule) {
      // What the events of a type hold is what whoever sends them says.
      book.add(type, rule as AnyRule);
      return rules;
    },
    of: (type) => book.of(type),
  };
  return rules;
}
