const HOP_BY_HOP = [
  'connection',
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

/** Deletes the fields that end at the next hop: the fixed ones, and those that `Connection` names (RFC 9110, section 7.6.1). */
export function deleteHopByHop(headers: Headers): void {
  for (const name of (headers.get('connection') ?? '').split(',')) {
    const field = name.trim();
    if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(field)) headers.delete(field);
  }
  for (const name of HOP_BY_HOP) headers.delete(name);
}
