import { endsHere } from '../http/hop-by-hop.ts';
import { chooserOf, keepsAll, keepsNone } from '../tenant/name-choice.ts';
import type { CachePolicy } from '../tenant/policy.ts';
import { isOrdinaryField } from './ordinary-fields.ts';
import { CONDITIONAL_HEADERS, isTakenAway } from './request-headers.ts';

/** Whose fields they are. */
export type FieldPolicy = Pick<CachePolicy, 'vary' | 'cookies' | 'requestHeaders'>;

type Drops = (name: string) => boolean;

/** By which the gateway itself goes, or which it makes anew: no policy takes them away. */
const OWN: ReadonlySet<string> = new Set([
  ...CONDITIONAL_HEADERS,
  'cache-control',
  'cdn-loop',
  'host',
  'max-forwards',
  'pragma',
  'via',
]);

const compiled = new WeakMap<FieldPolicy, Drops>();

/** True for a policy that lets every field and every cookie of a request through. */
export function dropsNothing({ vary, cookies, requestHeaders }: FieldPolicy): boolean {
  return (
    requestHeaders === 'pass' && keepsAll(cookies) && (!('drop' in vary) || vary.drop.length === 0)
  );
}

/**
 * True for a field that a policy sends to no origin by a GET or HEAD, so that no answer varies by it: one of `vary.drop`,
 * one that is neither ordinary nor listed in `requestHeaders`, and `cookie` where no cookie passes. False for what is taken
 * away from every request, and for what the gateway itself goes by.
 * @param name in lower case
 */
export function dropsField(policy: FieldPolicy, name: string): boolean {
  if (dropsNothing(policy)) return false;
  let drops = compiled.get(policy);
  if (!drops) {
    drops = compile(policy);
    compiled.set(policy, drops);
  }
  return drops(name);
}

function compile({ vary, cookies, requestHeaders }: FieldPolicy): Drops {
  const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());
  const varies = chooserOf({ drop: 'drop' in vary ? lower(vary.drop) : [] });
  const noCookies = keepsNone(cookies);
  const listed = requestHeaders === 'pass' ? undefined : new Set(lower(requestHeaders));
  return (name) => {
    if (OWN.has(name) || isTakenAway(name) || endsHere(name)) return false;
    if (name === 'cookie' && noCookies) return true;
    return !varies(name) || (listed !== undefined && !listed.has(name) && !isOrdinaryField(name));
  };
}
