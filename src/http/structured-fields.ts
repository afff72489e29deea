import { parseDictionary, parseList, serializeList } from 'structured-headers';
import type { Directives } from './cache-control.ts';

/**
 * Reads a List of Strings (RFC 9651, sections 3.1 and 3.3.3); parameters are left out. Undefined for a field that can't be
 * parsed, or has a member that is no String: such a field counts as not sent (RFC 9651, sections 2 and 4.2).
 */
export function parseStringList(field: string): readonly string[] | undefined {
  let members: ReturnType<typeof parseList>;
  try {
    members = parseList(field);
  } catch {
    return undefined;
  }
  const strings: string[] = [];
  for (const [value] of members) {
    if (typeof value !== 'string') return undefined;
    strings.push(value);
  }
  return strings;
}

/** True for a field that can be read as a List (RFC 9651, section 3.1), an empty one included. */
export function isList(field: string): boolean {
  try {
    parseList(field);
    return true;
  } catch {
    return false;
  }
}

/** Writes a List of Strings. The strings are printable ASCII, as {@link parseStringList} gives them. */
export function formatStringList(strings: readonly string[]): string {
  return serializeList(strings.map((value) => [value, new Map()]));
}

/** Writes a String (RFC 9651, section 3.3.3), which holds printable ASCII only: anything else becomes a `?`. */
export function formatString(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/gu, '?').replace(/["\\]/g, String.raw`\$&`)}"`;
}

/** Directives whose argument is delta-seconds: an Integer (RFC 9213, section 2.1). */
const SECONDS: ReadonlySet<string> = new Set([
  'max-age',
  's-maxage',
  'stale-if-error',
  'stale-while-revalidate',
]);

/** Such a directive with a Decimal, in a Dictionary without its Strings: `60.0` is no Integer, but is read as the same number. */
const DECIMAL_SECONDS =
  /(?:^|,)[ \t]*(max-age|s-maxage|stale-if-error|stale-while-revalidate)=-?[0-9]+\./g;

/** Directives whose argument, if they have one, is a list of field names: a String. */
const FIELD_NAMES: ReadonlySet<string> = new Set(['no-cache', 'private']);

/**
 * Reads a targeted field, for instance `CDN-Cache-Control`: a Dictionary of cache directives (RFC 9213, section 2.1; RFC 9651,
 * section 3.2); parameters are left out. A value of another type than its directive's is not coerced: the directive
 * counts as one without a value. Undefined for a field that can't be parsed or is empty: it counts as not sent.
 */
export function parseDirectiveDictionary(field: string): Directives | undefined {
  let members: ReturnType<typeof parseDictionary>;
  try {
    members = parseDictionary(field);
  } catch {
    return undefined;
  }
  if (members.size === 0) return undefined;
  const directives = new Map<string, string | undefined>();
  for (const [name, [value]] of members) {
    const isSeconds = SECONDS.has(name);
    // `?0` says that a directive is not meant. One that takes seconds can't be meant by a Boolean at all.
    if (value === false && !isSeconds) continue;
    directives.set(name, argument(name, isSeconds, value));
  }
  if (field.includes('.')) {
    const unquoted = field.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    for (const [, name = ''] of unquoted.matchAll(DECIMAL_SECONDS)) directives.set(name, undefined);
  }
  return directives;
}

function argument(name: string, isSeconds: boolean, value: unknown): string | undefined {
  if (isSeconds) return Number.isSafeInteger(value) ? String(value) : undefined;
  if (FIELD_NAMES.has(name)) return typeof value === 'string' ? value : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
