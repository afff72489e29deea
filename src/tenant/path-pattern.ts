/** Whether a whole path fits a pattern. The path has its escapes decoded. */
export type PathPattern = (path: string) => boolean;

/**
 * Compiles the pattern of a path rule: `*` stands for any characters, slashes and none included; everything else for
 * itself, case included, encoded or not. Matching goes once through the path, from left to right: what stands between two
 * `*` is taken where it is found first, and that is never reconsidered.
 */
export function compilePathPattern(pattern: string): PathPattern {
  const [first = '', ...others] = pattern.split('*').map(decoded);
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

/** An asterisk that is encoded stands for itself: the pattern has been split by then. */
function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece;
  }
}
