import { InvalidFrame } from '../errors.ts';
import { CLEAR_HEADER_LENGTH } from './stamp.ts';

/*
 * Redis is reached through JSON, which can't carry bytes: there a frame is its clear header as it is, and everything
 * behind it in base64 (RFC 4648, section 4). The whole is ASCII, so the service's own base64 encoding of replies can
 * stay off.
 */

const encoder = new TextEncoder();

/** A frame as ASCII text. */
export function frameToText(frame: Uint8Array): string {
  return (
    String.fromCharCode(...frame.subarray(0, CLEAR_HEADER_LENGTH)) +
    frame.subarray(CLEAR_HEADER_LENGTH).toBase64()
  );
}

/** Undoes {@link frameToText}. Throws {@link InvalidFrame} when the text is none. */
export function textToFrame(text: string): Uint8Array<ArrayBuffer> {
  if (text.length < CLEAR_HEADER_LENGTH) throw new InvalidFrame('short');
  const header = text.slice(0, CLEAR_HEADER_LENGTH);
  for (let at = 0; at < header.length; at += 1)
    if (header.charCodeAt(at) > 0x7f) throw new InvalidFrame('magic');
  const encoded = text.length - CLEAR_HEADER_LENGTH;
  // Exactly as long as what is encoded: the frame stays in memory with every view on it.
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  const bytes = Math.max(0, Math.floor((encoded * 3) / 4) - padding);
  const frame = new Uint8Array(CLEAR_HEADER_LENGTH + bytes);
  encoder.encodeInto(header, frame);
  try {
    const { written, read } = frame
      .subarray(CLEAR_HEADER_LENGTH)
      .setFromBase64(text.slice(CLEAR_HEADER_LENGTH), { lastChunkHandling: 'strict' });
    if (read !== encoded || written !== bytes) throw new InvalidFrame('length');
    return frame;
  } catch (cause) {
    if (cause instanceof InvalidFrame) throw cause;
    throw new InvalidFrame('length', { cause });
  }
}
