import { deleteHopByHop } from '../http/hop-by-hop.ts';
import { ownHop } from './cdn-loop.ts';

/**
 * Request headers that never reach an origin: they can change its answer and are no part of the key, they claim what only
 * this gateway may say, or they are commands to caches. Besides these: what begins with one of
 * {@link STRIPPED_REQUEST_PREFIXES}, and every name with an underscore. Published in docs/reference/http-api.md.
 */
export const STRIPPED_REQUEST_HEADERS = [
  'base-url',
  'cache-group-invalidation',
  'cache-groups',
  'cache-tag',
  'client-ip',
  'edge-cache-tag',
  'expect',
  'forwarded',
  'forwarded-for',
  'front-end-https',
  'http2-settings',
  'proxy',
  'request-uri',
  'tiercel-debug',
  'true-client-ip',
  'x-arr-ssl',
  'x-backend-host',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-host',
  'x-host-override',
  'x-http-destinationurl',
  'x-http-host-override',
  'x-http-method',
  'x-http-method-override',
  'x-http-path-override',
  'x-matched-path',
  'x-method-override',
  'x-now-route-matches',
  'x-originating-ip',
  'x-override-url',
  'x-proxy-host',
  'x-proxy-url',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  'x-request-uri',
  'x-rewrite-url',
  'x-scheme',
  'x-server-name',
  'x-url',
  'x-url-scheme',
] as const;

/** Prefixes of names that claim or command, in the spellings that nobody can list. */
export const STRIPPED_REQUEST_PREFIXES = [
  'cf-',
  'fastly-',
  'surrogate-',
  'x-ban',
  'x-cache-tag',
  'x-envoy-',
  'x-forward',
  'x-invalidate',
  'x-invoke-',
  'x-litespeed-',
  'x-magento-tags',
  'x-middleware-',
  'x-original-',
  'x-purge',
  'xkey',
] as const;

/** What Cloudflare itself adds to requests: taken away as well, because clients can add the same, but no sign of one that did. */
const ADDED_BY_PLATFORM: ReadonlySet<string> = new Set([
  'true-client-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** Conditions, and what asks for less than the whole (RFC 9110, sections 13.1 and 14.2). */
export const CONDITIONAL_HEADERS = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
] as const;

/** True for a request by which an origin may answer something else than what it has. */
export function isConditional({ headers }: Pick<Request, 'headers'>): boolean {
  return CONDITIONAL_HEADERS.some((name) => headers.has(name));
}

const STRIPPED: ReadonlySet<string> = new Set(STRIPPED_REQUEST_HEADERS);

/** @param name in lower case */
export function isTakenAway(name: string): boolean {
  return (
    STRIPPED.has(name) ||
    STRIPPED_REQUEST_PREFIXES.some((prefix) => name.startsWith(prefix)) ||
    // Many servers read `_` in a name as `-`: x_forwarded_host would be x-forwarded-host again.
    name.includes('_')
  );
}

/**
 * True for a header that never reaches an origin and that no ordinary client sends: whoever sends it may be after what
 * others are served. False for what ends at every hop, and for what Cloudflare itself adds to each request, although
 * that is taken away too.
 */
export function isStrippedRequestHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return isTakenAway(lower) && !lower.startsWith('cf-') && !ADDED_BY_PLATFORM.has(lower);
}

/** What of a client's conditions goes to the origin. `add`: ours, in place of them. */
export interface ConditionChoice {
  /** `strip`: none, the answer is to be the whole; `as-sent`: all of them, the answer is for this client alone. */
  readonly conditions: 'strip' | 'as-sent';
  readonly add?: readonly (readonly [string, string])[];
}

/** The header fields of a request to the origin. `Host` is the origin's own; the tenant's host is in `X-Forwarded-Host`. */
export function originHeaders(request: Request, url: URL, choice: ConditionChoice): Headers {
  const headers = new Headers(request.headers);
  // Before `Connection` can name it.
  const client = headers.get('cf-connecting-ip');
  deleteHopByHop(headers);
  for (const name of [...headers.keys()].filter(isTakenAway)) headers.delete(name);
  if (choice.conditions === 'strip') for (const name of CONDITIONAL_HEADERS) headers.delete(name);
  headers.delete('host');
  // One coding, so that an entity tag names one sequence of bytes.
  headers.set('accept-encoding', 'identity');
  if (client) headers.set('x-forwarded-for', client);
  headers.set('x-forwarded-proto', url.protocol.slice(0, -1));
  headers.set('x-forwarded-host', url.host);
  headers.append('via', via(request));
  headers.append('cdn-loop', ownHop(url));
  for (const [name, value] of choice.add ?? []) headers.set(name, value);
  return headers;
}

/** What a gateway says of itself on the way to the origin (RFC 9110, section 7.6.3): the version that the client spoke, and a name. */
function via(request: Request): string {
  // Not every platform's requests have it.
  const cf = 'cf' in request ? request.cf : undefined;
  const protocol = (cf as { readonly httpProtocol?: unknown } | undefined)?.httpProtocol;
  const version =
    typeof protocol === 'string' ? /^HTTP\/([0-9.]+)$/.exec(protocol)?.[1] : undefined;
  return `${version ?? '1.1'} tiercel`;
}
