import { parseCacheControl } from '../http/cache-control.ts';
import { parseGroups } from './cache-groups.ts';
import { parseCacheTags } from './cache-tags.ts';
import { freshnessLifetime, staleWindows } from './freshness.ts';

/** Whether a response may be stored; `reason` is a Token, sent as `detail` of `Cache-Status`. */
export type Storability =
  | {
      readonly storable: true;
      /** Seconds from when the response was made. */ readonly lifetime: number;
    }
  | { readonly storable: false; readonly reason: string };

// Final, whole, and with explicit freshness; the ones that a request's own oddity can cause (405, 413, 431, 501) are not here.
export const STORABLE_STATUS: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410,
]);

/** What the runtime decodes: an entry's bytes have no coding. */
const DECODED_CODINGS: ReadonlySet<string> = new Set(['identity', 'gzip', 'br']);

/**
 * Decides by RFC 9111, section 3, for a shared cache, on the side of not storing: explicit freshness only; nothing
 * private, no-store or no-cache, nothing that sets a cookie; nothing that varies by what is not in the key. The origin
 * is always asked for the identity coding, so `Vary: Accept-Encoding` varies by nothing.
 */
export function judgeStorability(request: Request, response: Response, now: number): Storability {
  const refuse = (reason: string): Storability => ({ storable: false, reason });
  if (request.method !== 'GET') return refuse('method');
  if (!STORABLE_STATUS.has(response.status)) return refuse('status');
  if (parseCacheControl(request.headers.get('cache-control')).has('no-store'))
    return refuse('request-no-store');
  const directives = parseCacheControl(response.headers.get('cache-control'));
  for (const name of ['no-store', 'private', 'no-cache'])
    if (directives.has(name)) return refuse(name);
  if (response.headers.has('set-cookie')) return refuse('set-cookie');
  const coding = (response.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (!DECODED_CODINGS.has(coding)) return refuse('content-encoding');
  const tags = parseCacheTags(response.headers);
  if (tags.over > 0) return refuse('too-many-tags');
  if (tags.unusable > 0) return refuse('invalid-tags');
  if (parseGroups(response.headers.get('cache-groups')).over > 0) return refuse('too-many-groups');
  if (
    request.headers.has('authorization') &&
    !['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name))
  ) {
    return refuse('authorization');
  }
  const varies = (response.headers.get('vary') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  if (varies.some((name) => name !== '' && name !== 'accept-encoding')) return refuse('vary');
  const lifetime = freshnessLifetime(response.headers, directives, now);
  if (lifetime === undefined) return refuse('no-freshness');
  const { whileRevalidate, ifError } = staleWindows(directives);
  if (lifetime + whileRevalidate + ifError === 0) return refuse('stale');
  return { storable: true, lifetime };
}
