/** The codings that the runtime decodes: in exactly this spelling, and alone. */
const DECODED: ReadonlySet<string> = new Set(['gzip', 'br']);

/**
 * True for a response whose body is read here without its coding, because the runtime has taken it away. Every other
 * coding is that of the bytes themselves, and stays with them.
 */
export function isDecoded(headers: Headers): boolean {
  return DECODED.has(headers.get('content-encoding') ?? '');
}
