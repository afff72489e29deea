import { parseHttpDate } from '../http/date.ts';
import { isEntityTag } from '../http/etag.ts';

/**
 * By what the origin can be asked whether a response is still its current one (RFC 9111, section 4.3.1): its own entity
 * tag and `Last-Modified`, as they came, as fields of that request. Empty where it can't be: a 304 speaks of a 200.
 * @param headers the origin's fields, without a tag that was made here
 */
export function originValidators({
  status,
  headers,
}: Pick<Response, 'status' | 'headers'>): readonly (readonly [string, string])[] {
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
