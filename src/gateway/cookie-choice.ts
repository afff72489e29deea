import { trimOws } from '../http/field-list.ts';
import { chooserOf, keepsAll } from '../tenant/name-choice.ts';
import type { CachePolicy } from '../tenant/policy.ts';

/**
 * A `Cookie` field with the pairs that a policy lets through, each as it came, in its order. Undefined when none is left;
 * the field itself when all are. Names are compared as they are, case and `__Host-` included; a pair without `=` goes by
 * all of its text. A quotation mark opens nothing, because not every server reads it so: what is sent is what was judged.
 */
export function chosenCookies(
  field: string,
  { cookies }: Pick<CachePolicy, 'cookies'>,
): string | undefined {
  if (keepsAll(cookies)) return field;
  const passes = chooserOf(cookies);
  const pairs = field.split(';').map(trimOws);
  const kept = pairs.filter((pair) => pair !== '' && passes(nameOf(pair)));
  if (kept.length === pairs.length) return field;
  return kept.length === 0 ? undefined : kept.join('; ');
}

function nameOf(pair: string): string {
  const end = pair.indexOf('=');
  return end < 0 ? pair : trimOws(pair.slice(0, end));
}
