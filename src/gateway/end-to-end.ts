import { connectionFields } from '../http/hop-by-hop.ts';

/**
 * The request without the fields that its `Connection` names (RFC 9110, section 7.6.1): they end here, so that the origin
 * does not get them, and they must not select a variant either, which the origin would make without them. What the
 * platform says of the client, as `CF-Connecting-IP`, is not the client's to end.
 */
export function endToEnd(request: Request): Request {
  if (!request.headers.has('connection')) return request;
  const named = [...connectionFields(request.headers)].filter(
    (name) => name !== 'upgrade' && !name.startsWith('cf-') && request.headers.has(name),
  );
  if (named.length === 0) return request;
  const headers = new Headers(request.headers);
  for (const name of named) headers.delete(name);
  return new Request(request, { headers });
}
