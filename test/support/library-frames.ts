import crc32 from 'crc-32';
import { frameToText, textToFrame } from '../../src/codec/frame-text.ts';
import type { TestEndpoint } from './control.ts';

/** Where a frame's checksum begins and ends; see src/codec/frame.ts. */
const FLAGS = 52;
const CHECKSUM = 53;
const METADATA_LENGTH = 57;

/** The name under which an entry of the library lies in Redis. */
export function storedName(tenant: string, namespace: string, key: string): string {
  return `tc:v1:t:${tenant}:n:${namespace}:${key}`;
}

/** The text that lies in Redis under a name. Throws when there is none. */
export async function storedText(endpoint: TestEndpoint, name: string): Promise<string> {
  const text = await endpoint.command('GET', name);
  if (typeof text !== 'string') throw new Error(`Nothing is stored under ${name}.`);
  return text;
}

/** The flags of a stored text: bit 0 gzip, bit 1 encryption. */
export function flagsOf(text: string): number {
  return textToFrame(text)[FLAGS] ?? 0;
}

/** Everything of a stored text that the owner of the store can read, base64 undone, as Latin-1. */
export function readable(text: string): string {
  return Array.from(textToFrame(text), (byte) => String.fromCharCode(byte)).join('');
}

/** What the owner of the store, who knows the format, makes of a stored text so that its checksum fits another name. */
export function resealedFor(fullName: string, text: string): string {
  const frame = textToFrame(text);
  let crc = crc32.buf(new TextEncoder().encode(fullName));
  crc = crc32.buf(frame.subarray(FLAGS, CHECKSUM), crc);
  crc = crc32.buf(frame.subarray(METADATA_LENGTH), crc);
  new DataView(frame.buffer).setUint32(CHECKSUM, crc >>> 0);
  return frameToText(frame);
}

/** The same with its clear metadata changed, and with a checksum that fits. */
export function withMetadata(
  fullName: string,
  text: string,
  change: (metadata: string) => string,
): string {
  const frame = textToFrame(text);
  const view = new DataView(frame.buffer);
  const begin = METADATA_LENGTH + 4;
  const end = begin + view.getUint32(METADATA_LENGTH);
  const changed = new TextEncoder().encode(
    change(new TextDecoder().decode(frame.subarray(begin, end))),
  );
  const other = new Uint8Array(frame.length - (end - begin) + changed.length);
  other.set(frame.subarray(0, begin));
  other.set(changed, begin);
  other.set(frame.subarray(end), begin + changed.length);
  new DataView(other.buffer).setUint32(METADATA_LENGTH, changed.length);
  return resealedFor(fullName, frameToText(other));
}
