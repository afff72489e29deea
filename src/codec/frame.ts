import crc32 from 'crc-32';
import { InvalidFrame } from '../errors.ts';
import type { Entry } from './entry.ts';
import { parseMetadata, serializeMetadata } from './metadata.ts';
import { CLEAR_HEADER_LENGTH, formatClearHeader, parseClearHeader } from './stamp.ts';

/*
 * Frame, version 1. Integers are unsigned, big-endian.
 *
 *   0   4   "TCL1": magic and version            clear header, ASCII, fixed width:
 *   4   32  epoch                                 scripts read and write it, so it is outside
 *   36  16  asOf, decimal, zero-padded            checksum and encryption
 *   52  1   flags: bit 0 gzip, bit 1 AES-256-GCM
 *   53  4   CRC-32 of the entry's full name and of everything from `flags` on but these four bytes
 *   57  4   length of the metadata
 *   61  n   metadata, JSON as UTF-8
 *   ..      payload, to the end of the frame
 */
const FLAGS = CLEAR_HEADER_LENGTH;
const CHECKSUM = FLAGS + 1;
const METADATA_LENGTH = CHECKSUM + 4;
const METADATA = METADATA_LENGTH + 4;

/** Bits of the flags that this version understands; a frame with any other is a miss. */
const KNOWN_FLAGS = 0;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An entry as bytes, bound to its full name so that the bytes of another key are not taken for it. */
export function encodeFrame(fullName: string, entry: Entry): Uint8Array<ArrayBuffer> {
  const metadata = encoder.encode(serializeMetadata(entry));
  const frame = new Uint8Array(METADATA + metadata.length + entry.value.length);
  encoder.encodeInto(formatClearHeader(entry.stamp), frame);
  const view = new DataView(frame.buffer);
  view.setUint8(FLAGS, 0);
  view.setUint32(METADATA_LENGTH, metadata.length);
  frame.set(metadata, METADATA);
  frame.set(entry.value, METADATA + metadata.length);
  view.setUint32(CHECKSUM, checksum(fullName, frame));
  return frame;
}

/**
 * Reads a frame back. The value is a view on the frame's own bytes. Throws {@link InvalidFrame} on bytes that are not
 * an entry of this name: another version, cut short, altered, or another key's.
 */
export function decodeFrame(fullName: string, frame: Uint8Array): Entry {
  if (frame.length < METADATA) throw new InvalidFrame('short', { key: fullName });
  const stamp = parseClearHeader(String.fromCharCode(...frame.subarray(0, CLEAR_HEADER_LENGTH)));
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if ((view.getUint8(FLAGS) & ~KNOWN_FLAGS) !== 0)
    throw new InvalidFrame('flags', { key: fullName });
  if (view.getUint32(CHECKSUM) !== checksum(fullName, frame))
    throw new InvalidFrame('checksum', { key: fullName });
  const payload = METADATA + view.getUint32(METADATA_LENGTH);
  if (payload > frame.length) throw new InvalidFrame('length', { key: fullName });
  let text: string;
  try {
    text = decoder.decode(frame.subarray(METADATA, payload));
  } catch (cause) {
    throw new InvalidFrame('metadata', { key: fullName, cause });
  }
  return { ...parseMetadata(text), value: frame.subarray(payload), stamp };
}

function checksum(fullName: string, frame: Uint8Array): number {
  let crc = crc32.buf(encoder.encode(fullName));
  crc = crc32.buf(frame.subarray(FLAGS, CHECKSUM), crc);
  return crc32.buf(frame.subarray(METADATA_LENGTH), crc) >>> 0;
}
