// What describes a body that is not sent (RFC 9110, section 15.4.5), or that of one message only (RFC 9530, section 2).
const NOT_ON_304 = [
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-range',
  'content-type',
] as const;

/**
 * The 304 in place of a response with these fields, which are changed. `Last-Modified` stays where there is no tag: then
 * it is what the client's copy is brought up to date by.
 */
export function notModified(headers: Headers): Response {
  for (const name of NOT_ON_304) headers.delete(name);
  if (headers.has('etag')) headers.delete('last-modified');
  return new Response(null, { status: 304, headers });
}
