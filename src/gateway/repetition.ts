import { isHttpDate } from './ordinary-words.ts';
import { wordSearch } from './word-search.ts';

/** Fewer characters of a word do no harm. */
const LEAST_CUT = 3;
/** No word is longer. */
const EDGE = 256;

/** The directives of responses (RFC 9111, section 5.2.2; RFC 5861; RFC 8246). */
const DIRECTIVE =
  /(?<![\w-])(?:immutable|max-age|must-revalidate|must-understand|no-cache|no-store|no-transform|private|proxy-revalidate|public|s-maxage|stale-if-error|stale-while-revalidate)(?:="?[0-9]*"?)?(?![\w-])/gi;
const encoder = new TextEncoder();

/** True when a field of a response, or its body, has one of the words in it. Of sounds, pictures and fonts only the fields count. */
export function repeats(words: readonly string[], headers: Headers, bytes: Uint8Array): boolean {
  if (words.length === 0) return false;
  const isIn = wordSearch(words.flatMap(encodings));
  if (isIn(encoder.encode(fieldText(headers)))) return true;
  return isText(headers) && isIn(bytes);
}

/**
 * True when some bytes, a part of a text, begin or end within one of the words: whoever chooses where a part ends must not
 * get a word past {@link repeats} in two pieces.
 */
export function cutsAWord(words: readonly string[], headers: Headers, bytes: Uint8Array): boolean {
  if (words.length === 0 || bytes.length === 0 || !isText(headers)) return false;
  const latin1 = (from: number, to: number): string =>
    lowerCase(String.fromCharCode(...bytes.subarray(Math.max(0, from), to)));
  const first = latin1(0, EDGE);
  const last = latin1(bytes.length - EDGE, bytes.length);
  return words.flatMap(encodings).some((encoded) => {
    const word = String.fromCharCode(...encoded);
    if (bytes.length < word.length && word.includes(first)) return true;
    for (let length = Math.min(word.length - 1, first.length); length >= LEAST_CUT; length -= 1)
      if (first.startsWith(word.slice(-length)) || last.endsWith(word.slice(0, length)))
        return true;
    return false;
  });
}

/** The values of fields, without what every origin says: names of fields, dates, and for how long something is fresh. */
function fieldText(headers: Headers): string {
  const lines: string[] = [];
  for (const [name, value] of headers) {
    if (name === 'vary' || isHttpDate(value)) continue;
    lines.push(name.endsWith('cache-control') ? value.replaceAll(DIRECTIVE, ' ') : value);
  }
  return lines.join('\n');
}

function isText(headers: Headers): boolean {
  const type = headers.get('content-type') ?? '';
  // Lists of what is to be played are text, and lead elsewhere.
  return !/^\s*(?:audio(?!\/[\w.-]*mpegurl)|font|image(?!\/svg)|video(?!\/[\w.-]*mpegurl))\//i.test(
    type,
  );
}

/** As UTF-8, and as Latin-1 where that is something else. */
function encodings(word: string): readonly Uint8Array[] {
  const utf8 = encoder.encode(word);
  const codes = Array.from(word, (char) => char.charCodeAt(0));
  const isLatin1 = utf8.byteLength > word.length && codes.every((code) => code < 256);
  return isLatin1 ? [utf8, Uint8Array.from(codes)] : [utf8];
}

/** Of A to Z alone: other letters have other bytes. */
export function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
