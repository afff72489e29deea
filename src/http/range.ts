import { listMembers } from './field-list.ts';

/** One range of bytes that a client asks for (RFC 9110, section 14.1.2), its ends inclusive; of `suffix`, the last so many. */
export type ByteRange =
  | { readonly first: number; readonly last: number | undefined }
  | { readonly suffix: number };

/** A range that lies inside a representation, its ends inclusive. */
export interface ResolvedRange {
  readonly first: number;
  readonly last: number;
}

/** What `Content-Range` says of a part; `complete` is the length of the whole, undefined where it is not known. */
export interface ContentRange extends ResolvedRange {
  readonly complete: number | undefined;
}

/** A request for more ranges than this is answered as if it asked for none (RFC 9110, section 14.2). */
export const MAX_RANGES = 16;

const UNIT = /^bytes=/i;
const SPECIFIER = /^([0-9]*)-([0-9]*)$/;
const CONTENT_RANGE = /^bytes ([0-9]+)-([0-9]+)\/([0-9]+|\*)$/i;

/**
 * Reads `Range` (RFC 9110, sections 14.1.1 and 14.2). Undefined for what is to be ignored: another unit than bytes, a
 * field that is invalid in any part, and more than {@link MAX_RANGES} ranges.
 */
export function parseRange(field: string): readonly ByteRange[] | undefined {
  if (!UNIT.test(field)) return undefined;
  const members = listMembers(field.slice('bytes='.length), MAX_RANGES);
  if (members.length === 0 || members.length > MAX_RANGES) return undefined;
  const ranges: ByteRange[] = [];
  for (const member of members) {
    const range = parseSpecifier(member);
    if (!range) return undefined;
    ranges.push(range);
  }
  return ranges;
}

function parseSpecifier(text: string): ByteRange | undefined {
  const match = SPECIFIER.exec(text);
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? undefined : { suffix: position(last) };
  if (last === '') return { first: position(first), last: undefined };
  const range = { first: position(first), last: position(last) };
  return range.last < range.first ? undefined : range;
}

/** Past what a number holds exactly no representation has a byte. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** What of a representation of `length` bytes a range asks for (RFC 9110, section 14.1.2). */
export function resolveRange(range: ByteRange, length: number): ResolvedRange | 'unsatisfiable' {
  if ('suffix' in range) {
    if (range.suffix === 0 || length === 0) return 'unsatisfiable';
    return { first: Math.max(0, length - range.suffix), last: length - 1 };
  }
  if (range.first >= length) return 'unsatisfiable';
  return { first: range.first, last: Math.min(range.last ?? length - 1, length - 1) };
}

/**
 * Reads the `Content-Range` of a 206 (RFC 9110, section 14.4). Undefined for none, another unit, an invalid one, and that
 * of a 416, which names no part.
 */
export function parseContentRange(field: string | null): ContentRange | undefined {
  const match = CONTENT_RANGE.exec(field ?? '');
  if (!match) return undefined;
  const [, first = '', last = '', length = ''] = match;
  const range = { first: Number(first), last: Number(last) };
  const complete = length === '*' ? undefined : Number(length);
  const exact = [range.first, range.last, complete ?? 0].every(Number.isSafeInteger);
  if (!exact || range.last < range.first) return undefined;
  return complete !== undefined && complete <= range.last ? undefined : { ...range, complete };
}

/**
 * Writes `Content-Range` (RFC 9110, section 14.4).
 * @param range the part that a 206 holds; undefined for a 416
 * @param complete the length of the whole; undefined where it is not known
 */
export function formatContentRange(
  range: ResolvedRange | undefined,
  complete: number | undefined,
): string {
  return `bytes ${range ? `${range.first}-${range.last}` : '*'}/${complete ?? '*'}`;
}
