import { parseHttpDate } from '../http/date.ts';
import { isEntityTag, isStrong } from '../http/etag.ts';
import { responseControl } from './control.ts';

/** A field of a request, by which the origin is asked. */
export type Validator = readonly [name: 'if-none-match' | 'if-modified-since', value: string];

/**
 * By what the origin can be asked whether a response is still its current one (RFC 9111, section 4.3.1): its own entity
 * tag and `Last-Modified`, as they came, as fields of that request. Empty where it can't be: a 304 speaks of a 200.
 * @param headers the origin's fields, without a tag that was made here
 */
export function originValidators({
  status,
  headers,
}: Pick<Response, 'status' | 'headers'>): readonly Validator[] {
  if (status !== 200) return [];
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  return [
    ...(etag !== null && isEntityTag(etag) ? [['if-none-match', etag] as const] : []),
    // A year of two digits is valid in any century.
    ...(modified !== null && parseHttpDate(modified, 0) !== undefined
      ? [['if-modified-since', modified] as const]
      : []),
  ];
}

/**
 * Whether a request names its sender by a field that a response does not vary by: an origin may answer it with a page of
 * that person's own, and say neither `private` nor `Vary`.
 * @param vary as `parseVary` gives it
 */
export function isPersonal(
  { headers }: Pick<Request, 'headers'>,
  vary: readonly string[] | '*',
): boolean {
  return ['cookie', 'authorization'].some((name) => headers.has(name) && !vary.includes(name));
}

/**
 * Those by which also the page of one person can be told from what all get: the entity tag. Two pages of one time have
 * the same `Last-Modified`; and two representations that exist side by side may have the same weak tag (RFC 9110, section
 * 8.8.1), so that a weak one counts only of what is said to be `public`.
 */
export function tellingValidators(
  response: Pick<Response, 'status' | 'headers'>,
): readonly Validator[] {
  const isPublic = responseControl(response.headers).directives.has('public');
  return originValidators(response).filter(
    ([name, value]) => name === 'if-none-match' && (isStrong(value) || isPublic),
  );
}
