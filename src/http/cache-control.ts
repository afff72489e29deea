/** Directives by lower-case name; the value is undefined where none was given. */
export type Directives = ReadonlyMap<string, string | undefined>;

/** What delta-seconds past the representable range mean (RFC 9111, section 1.2.2). */
const MAX_DELTA_SECONDS = 2 ** 31;

const DIRECTIVE =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s,;"]*)))?\s*/y;

/** Directives that say more without a list of fields than with one (RFC 9111, sections 5.2.2.4 and 5.2.2.7). */
const QUALIFIABLE: ReadonlySet<string> = new Set(['no-cache', 'private']);

/**
 * Parses a `Cache-Control` field value (RFC 9111, section 5.2): no policy, just syntax. Of a repeated directive the
 * first counts (section 4.2.1); but `private` and `no-cache` are never narrowed by being repeated: without fields once is
 * without fields, else the fields of all of them count. A member that is no directive as a whole counts by its name, and
 * what follows its fault is skipped to the next comma or semicolon: `private; foo` must not be less than `private`.
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
      const argument = quoted === undefined ? token : quoted.replace(/\\([^])/g, '$1');
      // A broken member still names its directive, without a value: the strictest reading of each.
      const value = ended ? argument : undefined;
      if (!directives.has(key)) directives.set(key, value);
      else if (QUALIFIABLE.has(key)) directives.set(key, widest(directives.get(key), value));
    }
    while (at < field.length && field.charAt(at) !== ',' && field.charAt(at) !== ';') at += 1;
    at += 1;
  }
  return directives;
}

/** The fields of both. A list that names no field is no narrower than none. */
function widest(first: string | undefined, second: string | undefined): string | undefined {
  return first?.trim() && second?.trim() ? `${first}, ${second}` : undefined;
}

/** Reads delta-seconds (RFC 9111, section 1.2.2): undefined unless all digits, and 2^31 where it is more. */
export function parseDeltaSeconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^[0-9]+$/.test(value)) return undefined;
  return Math.min(Number(value), MAX_DELTA_SECONDS);
}
