/** Encoded, these mean something else to some servers than to others: `. / \ ; ? # %`, control characters; and escapes that are none. */
const AMBIGUOUS_ESCAPE = /%(?:2[35EF]|3[BF]|5C|7F|[01][0-9A-F]|(?![0-9A-F]{2}))/i;

/** Control characters beyond ASCII, which a decoder may turn into others. */
const CONTROL = /[\u0080-\u009f]/;

/**
 * A path with its escapes decoded, as most servers read it: two paths that are equal by it are the same to them. Undefined
 * for an ambiguous one: servers disagree on what it names, so that nothing may be concluded from it. Ambiguous are `//`,
 * `;`, `\`, an encoded `. / \ ; ? # %`, an encoded control character, and escapes that are none or no UTF-8.
 * @param pathname as WHATWG URL writes it
 */
export function plainPath(pathname: string): string | undefined {
  if (pathname.includes('//') || pathname.includes(';') || pathname.includes('\\'))
    return undefined;
  if (!pathname.includes('%')) return pathname;
  if (AMBIGUOUS_ESCAPE.test(pathname)) return undefined;
  try {
    const decoded = decodeURIComponent(pathname);
    return CONTROL.test(decoded) ? undefined : decoded;
  } catch {
    // No UTF-8: overlong forms of `.` and `/` are such.
    return undefined;
  }
}

/**
 * True for a path that one server may read as another path, or cut off: nothing is guessed about what it answers (no
 * heuristic, no default time, no time for errors), and no rule for paths fits it.
 * @param pathname as WHATWG URL writes it
 */
export function isAmbiguousPath(pathname: string): boolean {
  return plainPath(pathname) === undefined;
}
