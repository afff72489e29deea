import { endsHere } from '../http/hop-by-hop.ts';

/**
 * Request fields that browsers, crawlers and HTTP libraries send of their own accord. Where a tenant lists its
 * `requestHeaders`, these and those reach its origin by a GET or HEAD, and nothing else. Besides these: what begins with
 * one of {@link ORDINARY_REQUEST_PREFIXES}. Published in docs/reference/http-api.md.
 */
export const ORDINARY_REQUEST_HEADERS = [
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'access-control-request-private-network',
  'alt-used',
  'authorization',
  'available-dictionary',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'device-memory',
  'dictionary-id',
  'dnt',
  'downlink',
  'dpr',
  'ect',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-event-id',
  'max-forwards',
  'origin',
  'pragma',
  'priority',
  'purpose',
  'range',
  'referer',
  'rtt',
  'save-data',
  'sec-gpc',
  'sec-purpose',
  'service-worker',
  'service-worker-navigation-preload',
  'traceparent',
  'tracestate',
  'upgrade-insecure-requests',
  'user-agent',
  'via',
  'viewport-width',
  'width',
  'x-requested-with',
] as const;

/** How names of ordinary fields begin, where browsers make up more of them with each year. */
export const ORDINARY_REQUEST_PREFIXES = ['sec-ch-', 'sec-fetch-', 'sec-websocket-'] as const;

/** What stands between client and gateway adds to requests: no sign of an odd client. No origin is sent these as they came. */
const ADDED_ON_THE_WAY: ReadonlySet<string> = new Set([
  'cdn-loop',
  'true-client-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
]);

const ORDINARY: ReadonlySet<string> = new Set(ORDINARY_REQUEST_HEADERS);

/**
 * True for a request field that tells nothing but that an ordinary client has sent it, through Cloudflare: the published
 * ones, those that end at each hop, and what is added on the way.
 * @param name in lower case
 */
export function isOrdinaryField(name: string): boolean {
  return (
    ORDINARY.has(name) ||
    ORDINARY_REQUEST_PREFIXES.some((prefix) => name.startsWith(prefix)) ||
    endsHere(name) ||
    ADDED_ON_THE_WAY.has(name) ||
    name.startsWith('cf-')
  );
}
