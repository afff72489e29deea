import type { EntryDraft } from '../codec/entry.ts';
import { parseVary } from '../http/vary.ts';
import type { CachePolicy } from '../tenant/policy.ts';
import { isForOneOrigin, withoutDropped } from './counted-vary.ts';
import { selectingNames } from './variants.ts';

/**
 * Whether a stored response may be served out of where it was found, by the policy as it is now: another deployment may have
 * stored it, by a policy under which it varied by less, or by which cookies were stored. It has to vary by nothing that has
 * not selected it (RFC 9111, section 4.1), and to set a cookie only where that is stored. What does not fit is as good as
 * not there, and the next answer takes its place.
 * @param selected the request fields by which it was found
 */
export function stillFits(
  { form }: Pick<EntryDraft, 'form'>,
  selected: readonly string[],
  { vary, setCookie }: Pick<CachePolicy, 'vary' | 'setCookie'>,
): boolean {
  if (form.type !== 'http') return true;
  for (const [name, value] of form.headers) {
    // Almost every response has none of these.
    if (name === 'set-cookie' && setCookie !== 'store') return false;
    if (name === 'vary' && !fits(parseVary(value), selected, vary)) return false;
    if (name === 'access-control-allow-origin' && isForOneOrigin(value))
      if (!fits(['origin'], selected, vary)) return false;
  }
  return true;
}

function fits(
  said: readonly string[] | '*',
  selected: readonly string[],
  choice: CachePolicy['vary'],
): boolean {
  if (said === '*') return false;
  const names = selectingNames(withoutDropped(said, choice));
  return names !== undefined && names.every((name) => selected.includes(name));
}
