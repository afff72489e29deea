import { parseList, serializeList } from 'structured-headers';

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

/** Writes a List of Strings. The strings are printable ASCII, as {@link parseStringList} gives them. */
export function formatStringList(strings: readonly string[]): string {
  return serializeList(strings.map((value) => [value, new Map()]));
}
