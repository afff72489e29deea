import { parseCacheControl, parseDeltaSeconds, type Directives } from '../http/cache-control.ts';
import { parseHttpDate } from '../http/date.ts';
import { withMaxAge } from '../http/max-age.ts';
import type { TtlPolicy } from '../tenant/policy.ts';
import { boundedTime } from './bounded-time.ts';
import { scopeOf } from './control.ts';
import { saysNoCacheOfOld } from './freshness.ts';
import { takesDefault } from './guess.ts';

/**
 * Gives clients another time than the origin does: `max-age` of `Cache-Control`, in place of `Expires`. What the field keeps
 * from every cache, or from being used unasked, is left as it is (`no-store`, `private`, `no-cache`), and so is what is nothing
 * already: it is not raised. An error is given less, never more.
 * @param status of the whole: that of a 206, or of a 304, is 200
 * @returns true where it has changed
 */
export function setBrowserTtl(
  headers: Headers,
  status: number,
  now: number,
  { default: unsaid, min, max }: TtlPolicy,
): boolean {
  if (unsaid === undefined && min === 0 && max === Infinity) return false;
  const field = headers.get('cache-control');
  const directives = parseCacheControl(field);
  if (directives.has('no-store')) return false;
  if (scopeOf(directives, 'private') === 'all' || scopeOf(directives, 'no-cache') === 'all')
    return false;
  const said = browserTime(headers, directives, now);
  const mayDefault = takesDefault(status === 206 ? 200 : status) && !saysNoCacheOfOld(headers);
  const seconds = said ?? (mayDefault ? unsaid : undefined);
  if (seconds === undefined) return false;
  const given = boundedTime(seconds, { min: status < 400 ? min : 0, max });
  if (given === said) return false;
  headers.set('cache-control', withMaxAge(field, given));
  headers.delete('expires');
  return true;
}

/** How long a response is fresh for a cache of one person, in seconds from its `Date` (RFC 9111, section 4.2.1). */
function browserTime(headers: Headers, directives: Directives, now: number): number | undefined {
  if (directives.has('max-age')) return parseDeltaSeconds(directives.get('max-age')) ?? 0;
  const field = headers.get('expires');
  if (field === null) return undefined;
  const expires = parseHttpDate(field, now);
  if (expires === undefined) return 0;
  const date = parseHttpDate(headers.get('date'), now) ?? now;
  return Math.max(0, Math.floor((expires - date) / 1000));
}
