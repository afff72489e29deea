/** The text without the spaces and tabs around it (OWS; RFC 9110, section 5.6.3). */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start += 1;
  while (end > start && isOws(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/**
 * The members of a comma-separated list whose members hold no quoted strings (RFC 9110, section 5.6.1), without the empty
 * ones.
 * @param most where to stop: one more member than this is given at most, so that a caller sees that there are too many
 */
export function listMembers(field: string, most: number): string[] {
  const members: string[] = [];
  let at = 0;
  while (at <= field.length && members.length <= most) {
    const comma = field.indexOf(',', at);
    const end = comma === -1 ? field.length : comma;
    const member = trimOws(field.slice(at, end));
    if (member !== '') members.push(member);
    at = end + 1;
  }
  return members;
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
