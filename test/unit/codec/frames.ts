import * as fc from 'fast-check';
import { expect } from 'vitest';
import { Keyring } from '../../../src/codec/encryption.ts';
import { FrameCodec } from '../../../src/codec/frame.ts';
import { formatClearHeader } from '../../../src/codec/stamp.ts';
import { InvalidFrame } from '../../../src/errors.ts';
import { KeySpace, type CacheKey } from '../../../src/tenant/key.ts';
import { tenantText } from '../support/arbitraries.ts';
import { tenantId } from '../support/tenants.ts';

export const METADATA = 61;

const space = new KeySpace('tc', 1);

export const keyOf = (tenant: string, key = 'n:users'): CacheKey =>
  space.key(tenantId(tenant), key);

/** Any key. */
export const cacheKey = fc
  .tuple(tenantText, fc.stringMatching(/^[a-z0-9:._-]{1,40}$/))
  .map(([tenant, key]) => keyOf(tenant, key));

/** 32 bytes that are not those of another number. */
export const secret = (number: number): Uint8Array => new Uint8Array(32).fill(number);

const keyring = Keyring.from([{ id: 'k1', secret: secret(1) }]);

/** A codec for each combination of flags. */
export const codecs: readonly (readonly [string, FrameCodec])[] = [
  ['plain', new FrameCodec()],
  ['compressed', new FrameCodec({ compressionThreshold: 0 })],
  ['encrypted', new FrameCodec({ keyring })],
  ['compressed and encrypted', new FrameCodec({ compressionThreshold: 0, keyring })],
];

/** Asserts that the bytes are refused, by InvalidFrame and by no other exception. */
export async function expectRefused(
  codec: FrameCodec,
  key: CacheKey,
  bytes: Uint8Array,
  fault?: string,
): Promise<void> {
  let decoded: unknown;
  try {
    decoded = await codec.decode(key, bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFrame);
    expect(error).toMatchObject({ key: key.fullName, ...(fault !== undefined && { fault }) });
    return;
  }
  expect.fail(`decoded as ${JSON.stringify(decoded)}`);
}

/** CRC-32 as in ISO-HDLC, bit by bit: not the code under test. */
export function crc32(bytes: Iterable<number>): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The frame with the checksum that it has to have, as anybody can compute it. */
export function withChecksum(key: CacheKey, frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const fixed = new Uint8Array(frame);
  const name = new TextEncoder().encode(key.fullName);
  const crc = crc32([...name, fixed[52] ?? 0, ...fixed.subarray(57)]);
  new DataView(fixed.buffer).setUint32(53, crc);
  return fixed;
}

/** Bytes, one part behind the other. A number is written in four bytes, text in UTF-8. */
export function bytesOf(
  ...parts: readonly (Uint8Array | number | string)[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parts.flatMap((part) => {
      if (typeof part === 'string') return [...new TextEncoder().encode(part)];
      if (typeof part !== 'number') return [...part];
      return [part >>> 24, (part >>> 16) & 255, (part >>> 8) & 255, part & 255];
    }),
  );
}

/** A frame around any flags, metadata and body, its checksum right. */
export function frameOf(
  key: CacheKey,
  flags: number,
  metadata: Uint8Array | string,
  body: Uint8Array,
  metadataLength = bytesOf(metadata).length,
): Uint8Array<ArrayBuffer> {
  const header = formatClearHeader({ epoch: 'a'.repeat(32), asOf: 7 });
  const frame = bytesOf(header, new Uint8Array([flags]), 0, metadataLength, metadata, body);
  return withChecksum(key, frame);
}

/** What CompressionStream makes of the bytes. */
export async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
