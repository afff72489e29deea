import { InvalidKey } from '../errors.ts';

/**
 * A key is a non-empty list of segments. A string is split at `:`; an array is taken as it is, so that
 * a segment may hold any text, separators included.
 */
export type KeyInput = string | readonly string[];

const PLAIN = /^[A-Za-z0-9._-]*$/;
/** Text that is its own encoding, separators included. */
const PLAIN_KEY = /^[A-Za-z0-9._:-]+$/;
const HEX = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);
const encoder = new TextEncoder();

/**
 * Percent-encodes every byte outside `[A-Za-z0-9._-]`, `~` and `%` included, so that no segment can hold a
 * separator or begin like an internal record. Injective also over lone surrogates, which are written as the three
 * bytes of generalized UTF-8 (WTF-8) where `TextEncoder` would turn them all into U+FFFD.
 */
export function encodeSegment(segment: string): string {
  if (PLAIN.test(segment)) return segment;
  let encoded = '';
  for (const character of segment) {
    if (PLAIN.test(character)) {
      encoded += character;
      continue;
    }
    const unit = character.charCodeAt(0);
    const bytes =
      character.length === 1 && unit >= 0xd800 && unit <= 0xdfff
        ? [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]
        : encoder.encode(character);
    for (const byte of bytes) encoded += HEX[byte];
  }
  return encoded;
}

/** Undoes {@link encodeSegment}. Throws {@link InvalidKey} on text that it never makes. */
export function decodeSegment(encoded: string): string {
  if (!encoded.includes('%')) {
    if (!PLAIN.test(encoded)) throw new InvalidKey(`'${encoded}' is not an encoded key segment.`);
    return encoded;
  }
  let decoded = '';
  const run: number[] = [];
  const flush = (): void => {
    decoded += decodeWtf8(run);
    run.length = 0;
  };
  for (let at = 0; at < encoded.length; at += 1) {
    const character = encoded.charAt(at);
    if (character === '%') {
      const hex = encoded.slice(at + 1, at + 3);
      if (!/^[0-9A-F]{2}$/.test(hex))
        throw new InvalidKey(`'${encoded}' is not an encoded key segment.`);
      run.push(Number.parseInt(hex, 16));
      at += 2;
    } else {
      flush();
      decoded += character;
    }
  }
  flush();
  if (encodeSegment(decoded) !== encoded)
    throw new InvalidKey(`'${encoded}' is not an encoded key segment.`);
  return decoded;
}

/** Encodes a whole key: segments joined by `:`. Throws {@link InvalidKey} for one that is nothing at all. */
export function encodeKey(input: KeyInput): string {
  if (typeof input === 'string' && PLAIN_KEY.test(input)) return input;
  const segments = typeof input === 'string' ? input.split(':') : input;
  if (segments.length === 0) throw new InvalidKey('A key needs at least one segment.');
  const key = segments.map(encodeSegment).join(':');
  if (key === '') throw new InvalidKey('A key must not be empty.');
  return key;
}

function decodeWtf8(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let point = length === 1 ? lead : lead & (0xff >> (length + 1));
    for (let next = 1; next < length; next += 1)
      point = (point << 6) | ((bytes[at + next] ?? 0) & 0x3f);
    // Out of range only for bytes that encodeSegment never writes; the caller's comparison rejects the result.
    text += String.fromCodePoint(point > 0x10ffff ? 0xfffd : point);
    at += length;
  }
  return text;
}
