import { trimOws } from './field-list.ts';

const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const;

/**
 * Fields that are for all recipients of the content: `Connection` must never name them (RFC 9110, section 7.6.1), and
 * where it does it counts for nothing, or an answer would lose what forbids the next cache to keep it.
 */
const END_TO_END: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'cdn-cache-control',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
]);

/** The fields that `Connection` names, in lower case: they end at the next hop (RFC 9110, section 7.6.1). */
export function connectionFields(headers: Headers): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const member of (headers.get('connection') ?? '').split(',')) {
    const name = trimOws(member).toLowerCase();
    if (/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && !END_TO_END.has(name)) fields.add(name);
  }
  return fields;
}

/** Deletes the fields that end at the next hop: the fixed ones, and those that `Connection` names. */
export function deleteHopByHop(headers: Headers): void {
  for (const name of connectionFields(headers)) headers.delete(name);
  for (const name of HOP_BY_HOP) headers.delete(name);
}

/** True for a field that never goes further than the next hop, by its name in lower case. */
export function endsHere(name: string): boolean {
  return (HOP_BY_HOP as readonly string[]).includes(name);
}
