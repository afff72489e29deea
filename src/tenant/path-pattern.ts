/** Whether a whole path fits a pattern. The path has its escapes decoded. */
export type PathPattern = (path: string) => boolean;

/**
 * Compiles the pattern of a path rule: `*` stands for any characters, slashes and none included; everything else for
 * itself, case included, encoded or not. Matching goes once through the path, from left to right: what stands between two
 * `*` is taken where it is found first, and that is never reconsidered.
 * @param read makes of a piece between two `*` what it stands for
 */
export function compilePathPattern(
  pattern: string,
  read: (piece: string) => string = decoded,
): PathPattern {
  const [first = '', ...others] = pattern.split('*').map((piece) => read(piece));
  const last = others.pop();
  if (last === undefined) return (path) => path === first;
  return (path) => {
    const end = path.length - last.length;
    if (end < first.length || !path.startsWith(first) || !path.endsWith(last)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = path.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
      if (at > end) return false;
    }
    return true;
  };
}

/**
 * As {@link compilePathPattern}, and besides what is the same but for letter case and the form of its characters (Unicode,
 * compatibility decomposition): what servers that do not tell these apart take for it.
 */
export function compileLoosePathPattern(pattern: string): PathPattern {
  const exact = compilePathPattern(pattern);
  const alike = compilePathPattern(pattern, (piece) => loose(decoded(piece)));
  return (path) => exact(path) || alike(loose(path));
}

/** In lower case first, in upper case in the end: that knows no letter which depends on those around it. */
function loose(text: string): string {
  return text.normalize('NFKD').toLowerCase().toUpperCase();
}

/** An asterisk that is encoded stands for itself: the pattern has been split by then. */
function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}
