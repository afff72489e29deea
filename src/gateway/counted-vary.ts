import { parseVary } from '../http/vary.ts';
import { chooserOf, keepsAll } from '../tenant/name-choice.ts';
import type { NameChoice } from '../tenant/policy.ts';
import { selectingNames, union } from './variants.ts';

/**
 * The request fields by which a response varies, as `parseVary` gives them and a policy counts them: without those that it
 * drops, which no origin is sent; `*`, also where the response varies by one that is not among those that it allows. What
 * selects nothing needs no allowance.
 *
 * `Access-Control-Allow-Origin` other than `*` counts as `Vary: Origin`: many origins repeat the request's `Origin` there and
 * do not say so, and a page would be told of another page's (Fetch, section "CORS protocol and HTTP caches").
 */
export function countedVary(headers: Headers, choice: NameChoice): readonly string[] | '*' {
  const said = parseVary(headers.get('vary'));
  if (said === '*') return '*';
  const names = isForOneOrigin(headers.get('access-control-allow-origin'))
    ? union(said, ['origin'])
    : said;
  if (names.length === 0 || keepsAll(choice)) return names;
  if ('drop' in choice) return withoutDropped(names, choice);
  return (selectingNames(names) ?? []).every(chooserOf(choice)) ? names : '*';
}

/**
 * The request fields that a policy does not take away. The client's address stays: whatever the client sends of it, origins
 * are told it by the gateway itself.
 */
export function withoutDropped(names: readonly string[], choice: NameChoice): readonly string[] {
  if (!('drop' in choice)) return names;
  const counts = chooserOf(choice);
  return names.filter((name) => name === 'x-forwarded-for' || counts(name));
}

/** @param allowed the value of `Access-Control-Allow-Origin` */
export function isForOneOrigin(allowed: string | null): boolean {
  return allowed !== null && allowed.trim() !== '*';
}
