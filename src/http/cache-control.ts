/** Directives by lower-case name; the value is undefined where none was given. */
export type Directives = ReadonlyMap<string, string | undefined>;

/** What delta-seconds past the representable range mean (RFC 9111, section 1.2.2). */
const MAX_DELTA_SECONDS = 2 ** 31;

const DIRECTIVE =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s,;"]*)))?\s*/y;

/**
 * Parses a `Cache-Control` field value (RFC 9111, section 5.2): no policy, just syntax. Of a repeated directive the
 * first counts (section 4.2.1). What is no directive is skipped to the next comma.
 */
export function parseCacheControl(field: string | null | undefined): Directives {
  const directives = new Map<string, string | undefined>();
  if (!field) return directives;
  let at = 0;
  while (at < field.length) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(field);
    if (match) {
      const [whole, name = '', quoted, token] = match;
      at += whole.length;
      const key = name.toLowerCase();
      const ended = at >= field.length || field.charAt(at) === ',';
      if (ended && !directives.has(key))
        directives.set(key, quoted === undefined ? token : quoted.replace(/\\([^])/g, '$1'));
    }
    const comma = field.indexOf(',', at);
    if (comma === -1) break;
    at = comma + 1;
  }
  return directives;
}

/** Reads delta-seconds (RFC 9111, section 1.2.2): undefined unless all digits, and 2^31 where it is more. */
export function parseDeltaSeconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^[0-9]+$/.test(value)) return undefined;
  return Math.min(Number(value), MAX_DELTA_SECONDS);
}
