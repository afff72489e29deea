import { parseCacheControl, type Directives } from '../http/cache-control.ts';
import { parseDirectiveDictionary } from '../http/structured-fields.ts';

/** The targeted fields that speak to this cache (RFC 9213, section 2.2), the most special first. */
export const TARGETED_FIELDS = ['tiercel-cdn-cache-control', 'cdn-cache-control'] as const;

/** What a response says to this cache. */
export interface ResponseControl {
  readonly directives: Directives;
  /** A targeted field says it: `Cache-Control` and `Expires` count for nothing (RFC 9213, section 2.2). */
  readonly targeted: boolean;
}

/** The directives that govern a response: of the first targeted field that is valid and not empty, else of `Cache-Control`. */
export function responseControl(headers: Headers): ResponseControl {
  for (const name of TARGETED_FIELDS) {
    const field = headers.get(name);
    const directives = field === null ? undefined : parseDirectiveDictionary(field);
    if (directives) return { directives, targeted: true };
  }
  return { directives: parseCacheControl(headers.get('cache-control')), targeted: false };
}

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * What `private` or `no-cache` is said of (RFC 9111, sections 5.2.2.4 and 5.2.2.7): nothing of the response, all of it, or
 * only the fields that are named, in lower case. An argument that is no list of names counts as none: all of it.
 */
export function scopeOf(
  directives: Directives,
  name: 'private' | 'no-cache',
): 'nothing' | 'all' | readonly string[] {
  if (!directives.has(name)) return 'nothing';
  const fields = (directives.get(name) ?? '')
    .split(',')
    .map((field) => field.trim().toLowerCase())
    .filter((field) => field !== '');
  return fields.length > 0 && fields.every((field) => FIELD_NAME.test(field)) ? fields : 'all';
}
