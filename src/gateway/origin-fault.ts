const INVALID = 'The origin answered with a status line or a header field that is invalid.';

/** The most that an answer may have of header fields: in bytes, as HTTP/1.1 writes them, and in names. More is no answer but an attack, or a mistake. */
export const MAX_ORIGIN_FIELD_BYTES = 65_536;
export const MAX_ORIGIN_FIELDS = 500;

/** Why a response can't be passed on, a sentence; undefined for one that can. */
export function faultOf({ status, statusText, headers }: Response): string | undefined {
  if (status < 200 || status > 599) return `The origin answered with the status ${status}.`;
  if (!/^[0-9]*$/.test(headers.get('content-length') ?? '')) return INVALID;
  const tooMuch = excessOf(headers);
  if (tooMuch !== undefined) return tooMuch;
  try {
    // What can't be built again can't be sent either.
    return new Response(null, { statusText, headers }).ok ? undefined : INVALID;
  } catch {
    return INVALID;
  }
}

/**
 * Which bound the fields of an answer pass, a sentence. Lines of one name count as one field, except `Set-Cookie`: that is how
 * the runtime gives them, and how they are kept.
 */
export function excessOf(headers: Headers): string | undefined {
  let fields = 0;
  let bytes = 0;
  for (const [name, value] of headers) {
    fields += 1;
    bytes += name.length + value.length + ': \r\n'.length;
    if (fields > MAX_ORIGIN_FIELDS)
      return `The origin answered with more than ${MAX_ORIGIN_FIELDS} header fields.`;
    if (bytes > MAX_ORIGIN_FIELD_BYTES)
      return `The origin answered with more than ${MAX_ORIGIN_FIELD_BYTES} bytes of header fields.`;
  }
  return undefined;
}
