const ENTITY_TAG = /((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)/y;

/** True when the text is one entity tag, weak or strong (RFC 9110, section 8.8.3). */
export function isEntityTag(text: string): boolean {
  return /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(text);
}

/** True when the text is one strong entity tag (RFC 9110, section 8.8.3). */
export function isStrong(etag: string): boolean {
  return etag.startsWith('"') && isEntityTag(etag);
}

/** Strong comparison (RFC 9110, section 8.8.3.2): the same tag, and a strong one. */
export function matchesStrongly(a: string, b: string): boolean {
  return a === b && isStrong(a);
}

/** The same tag, weak. */
export function weaken(etag: string): string {
  return etag.startsWith('W/') ? etag : `W/${etag}`;
}

/**
 * True when `If-None-Match` names the tag of what is stored, by weak comparison, or is `*` (RFC 9110, section 13.1.2). A
 * field that can't be parsed names what stands before the fault.
 * @param etag null: what is stored has none, so that only `*` names it
 */
export function matchesIfNoneMatch(field: string, etag: string | null): boolean {
  if (field.trim() === '*') return true;
  if (etag === null) return false;
  const opaque = etag.replace(/^W\//, '');
  let at = 0;
  while (at < field.length) {
    // Empty elements of a list count for nothing (section 5.6.1.2).
    if (/[,\s]/.test(field.charAt(at))) {
      at += 1;
      continue;
    }
    ENTITY_TAG.lastIndex = at;
    const match = ENTITY_TAG.exec(field);
    if (!match) return false;
    if ((match[1] ?? '').replace(/^W\//, '') === opaque) return true;
    at += match[0].length;
  }
  return false;
}
