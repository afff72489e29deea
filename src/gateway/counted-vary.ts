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
  const names = isForOneOrigin(headers) ? union(said, ['origin']) : said;
  if (names.length === 0 || keepsAll(choice)) return names;
  const counts = chooserOf(choice);
  if ('drop' in choice) return names.filter(counts);
  return (selectingNames(names) ?? []).every(counts) ? names : '*';
}

function isForOneOrigin(headers: Headers): boolean {
  const allowed = headers.get('access-control-allow-origin');
  return allowed !== null && allowed.trim() !== '*';
}
