/** One member of a list, quoted strings and all. */
const MEMBER = /(?:"(?:[^"\\]|\\[^])*"|[^",])+|"/g;

/**
 * A `Cache-Control` field value that gives another `max-age` (RFC 9111, section 5.2.2.1), in whole seconds. Everything else that
 * it says stays as it is; of several `max-age` one remains.
 */
export function withMaxAge(field: string | null, seconds: number): string {
  const members = (field?.match(MEMBER) ?? []).map((member) => member.trim());
  const others = members.filter(
    (member) => member !== '' && !/^max-age\s*(?:[=;]|$)/i.test(member),
  );
  return [`max-age=${Math.floor(seconds)}`, ...others].join(', ');
}
