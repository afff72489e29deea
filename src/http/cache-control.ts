/** Directives by lower-case name; the value is undefined where none was given. */
export type Directives = ReadonlyMap<string, string | undefined>;

/** What delta-seconds past the representable range mean (RFC 9111, section 1.2.2). */
const MAX_DELTA_SECONDS = 2 ** 31;

const DIRECTIVE =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s,;"]*)))?\s*/y;

/**
 * Parses a `Cache-Control` field value (RFC 9111, section 5.2): no policy, just syntax. Of a repeated directive the
 * first counts (section 4.2.1). A member that is no directive as a whole counts by its name, and what follows its fault is
 * skipped to the next comma or semicolon: `private; foo` must not be less than `private`.
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
      const value = quoted === undefined ? token : quoted.replace(/\\([^])/g, '$1');
      // A broken member still names its directive, without a value: the strictest reading of each.
      if (!directives.has(key)) directives.set(key, ended ? value : undefined);
    }
    while (at < field.length && field.charAt(at) !== ',' && field.charAt(at) !== ';') at += 1;
    at += 1;
  }
  return directives;
}

/** Reads delta-seconds (RFC 9111, section 1.2.2): undefined unless all digits, and 2^31 where it is more. */
export function parseDeltaSeconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^[0-9]+$/.test(value)) return undefined;
  return Math.min(Number(value), MAX_DELTA_SECONDS);
}
