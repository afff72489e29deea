import crc32 from 'crc-32';
import { InvalidFrame } from '../errors.ts';
import type { CacheKey } from '../tenant/key.ts';
import { gunzip, gzip } from './compression.ts';
import { NONCE_BYTES, type Keyring } from './encryption.ts';
import type { Entry } from './entry.ts';
import { parseForm, serializeForm } from './form.ts';
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
 *   ..      if encrypted: length of the key's id (1 byte), the id, nonce (12 bytes)
 *   ..      body, to the end of the frame; compressed first, then encrypted
 *
 * Body: length of the form (4 bytes), form as JSON, the value. Compressed: length of that (4 bytes), then gzip of it.
 */
const FLAGS = CLEAR_HEADER_LENGTH;
const CHECKSUM = FLAGS + 1;
const METADATA_LENGTH = CHECKSUM + 4;
const METADATA = METADATA_LENGTH + 4;

const GZIP = 1;
const ENCRYPTED = 2;

const DEFAULT_MAX_VALUE_BYTES = 64 * 1024 * 1024;
/** Room for the form, past the longest value: far more headers than any server sends. */
const MAX_FORM_BYTES = 1024 * 1024;
/** Compressed bytes are kept when they save at least this part of the plain ones. */
const LEAST_GAIN = 1 / 8;
/** Microtasks for which an encoding is offered to others: the stores of one fill ask within a few. */
const SHARED_TURNS = 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface FrameOptions {
  /** gzip values of at least so many bytes, where that saves an eighth. Undefined: never. */
  readonly compressionThreshold?: number | undefined;
  /** Encrypts every frame, and reads encrypted ones only. */
  readonly keyring?: Keyring | undefined;
  /** The most bytes that a value may have once it is decompressed. Default 64 MiB. */
  readonly maxValueBytes?: number;
}

/** Entries as bytes, each bound to its key so that the bytes of another are not taken for it. */
export class FrameCodec {
  readonly #compressionThreshold: number;
  readonly #keyring: Keyring | undefined;
  readonly #maxBodyBytes: number;
  readonly #underWay = new WeakMap<
    Entry,
    { readonly of: string; readonly frame: Promise<Frame> }
  >();

  constructor(options: FrameOptions = {}) {
    this.#compressionThreshold = options.compressionThreshold ?? Infinity;
    this.#keyring = options.keyring;
    this.#maxBodyBytes = (options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES) + MAX_FORM_BYTES;
  }

  /**
   * The frame of an entry. Calls for one entry object in the same turn of the event loop share one encoding and its
   * bytes, which nobody may change. Only the same turn: a promise of another request may never settle.
   */
  encode(key: CacheKey, entry: Entry): Promise<Frame> {
    const shared = this.#underWay.get(entry);
    if (shared?.of === key.fullName) return shared.frame;
    const frame = this.#encode(key, entry);
    this.#underWay.set(entry, { of: key.fullName, frame });
    void this.#forget(entry);
    return frame;
  }

  /**
   * Reads a frame back. The value is a view on the frame's own bytes where those are neither compressed nor encrypted.
   * Rejects with {@link InvalidFrame} on bytes that are not an entry of this key: another version, cut short, altered,
   * another key's, under a key that is not configured, or clear where encryption is.
   */
  async decode(key: CacheKey, frame: Uint8Array): Promise<Entry> {
    try {
      return await this.#decode(key, frame);
    } catch (cause) {
      if (!(cause instanceof InvalidFrame)) throw cause;
      throw new InvalidFrame(cause.fault, { key: key.fullName, cause });
    }
  }

  async #encode(key: CacheKey, entry: Entry): Promise<Frame> {
    const metadata = encoder.encode(serializeMetadata(entry));
    const form = encoder.encode(serializeForm(entry));
    let flags = 0;
    let body: readonly Uint8Array[] = [uint32(form.length), form, entry.value];
    const compressed = await this.#compress(body, entry.value.length);
    if (compressed) {
      flags |= GZIP;
      body = compressed;
    }
    if (this.#keyring) {
      flags |= ENCRYPTED;
      const id = encoder.encode(this.#keyring.currentId);
      const aad = additionalData(key, flags, id, metadata);
      const sealed = await this.#keyring.seal(key.tenant, concat(body), aad);
      body = [new Uint8Array([id.length]), id, sealed.nonce, sealed.body];
    }
    const header = encoder.encode(formatClearHeader(entry.stamp));
    const frame = concat([
      header,
      new Uint8Array([flags]),
      uint32(0),
      uint32(metadata.length),
      metadata,
      ...body,
    ]);
    new DataView(frame.buffer).setUint32(CHECKSUM, checksum(key, frame));
    return frame;
  }

  async #compress(
    body: readonly Uint8Array[],
    valueBytes: number,
  ): Promise<readonly Uint8Array[] | undefined> {
    if (valueBytes < this.#compressionThreshold) return undefined;
    const plain = concat(body);
    if (plain.length > this.#maxBodyBytes) return undefined;
    const packed = await gzip(plain, Math.floor(plain.length * (1 - LEAST_GAIN)) - 4);
    return packed && [uint32(plain.length), packed];
  }

  async #decode(key: CacheKey, frame: Uint8Array): Promise<Entry> {
    if (frame.length < METADATA) throw new InvalidFrame('short');
    const stamp = parseClearHeader(String.fromCharCode(...frame.subarray(0, CLEAR_HEADER_LENGTH)));
    const flags = frame[FLAGS] ?? 0;
    if ((flags & ~(GZIP | ENCRYPTED)) !== 0) throw new InvalidFrame('flags');
    if (readUint32(frame, CHECKSUM) !== checksum(key, frame)) throw new InvalidFrame('checksum');
    const behind = METADATA + readUint32(frame, METADATA_LENGTH);
    if (behind > frame.length) throw new InvalidFrame('length');
    const metadata = frame.subarray(METADATA, behind);
    let body = frame.subarray(behind);
    if ((flags & ENCRYPTED) !== 0) body = await this.#decrypt(key, flags, metadata, body);
    else if (this.#keyring) throw new InvalidFrame('unencrypted');
    if ((flags & GZIP) !== 0) body = await this.#decompress(body);
    const value = 4 + readUint32(body, 0);
    if (value > body.length) throw new InvalidFrame('length');
    return {
      ...parseMetadata(decodeText(metadata)),
      ...parseForm(decodeText(body.subarray(4, value))),
      value: body.subarray(value),
      stamp,
    };
  }

  async #decrypt(
    key: CacheKey,
    flags: number,
    metadata: Uint8Array,
    body: Uint8Array,
  ): Promise<Uint8Array> {
    if (!this.#keyring) throw new InvalidFrame('key_id');
    const nonce = 1 + (body[0] ?? 0);
    const ciphertext = nonce + NONCE_BYTES;
    if (ciphertext > body.length) throw new InvalidFrame('length');
    const id = body.subarray(1, nonce);
    return this.#keyring.open(
      key.tenant,
      {
        keyId: String.fromCharCode(...id),
        nonce: body.slice(nonce, ciphertext),
        body: body.slice(ciphertext),
      },
      additionalData(key, flags, id, metadata),
    );
  }

  async #decompress(body: Uint8Array): Promise<Uint8Array> {
    const length = readUint32(body, 0);
    if (length > this.#maxBodyBytes) throw new InvalidFrame('compression');
    return gunzip(body.slice(4), length);
  }

  async #forget(entry: Entry): Promise<void> {
    for (let turn = 0; turn < SHARED_TURNS; turn += 1) await Promise.resolve();
    this.#underWay.delete(entry);
  }
}

type Frame = Uint8Array<ArrayBuffer>;

/** What encryption binds a body to; the clear stamp is outside, because scripts rewrite it. Lengths keep the parts apart. */
function additionalData(
  key: CacheKey,
  flags: number,
  keyId: Uint8Array,
  metadata: Uint8Array,
): Frame {
  const name = encoder.encode(key.fullName);
  return concat([
    uint32(name.length),
    name,
    new Uint8Array([flags, keyId.length]),
    keyId,
    uint32(metadata.length),
    metadata,
  ]);
}

function checksum(key: CacheKey, frame: Uint8Array): number {
  let crc = crc32.buf(encoder.encode(key.fullName));
  crc = crc32.buf(frame.subarray(FLAGS, CHECKSUM), crc);
  return crc32.buf(frame.subarray(METADATA_LENGTH), crc) >>> 0;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new InvalidFrame('metadata', { cause });
  }
}

function concat(parts: readonly Uint8Array[]): Frame {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function uint32(value: number): Frame {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function readUint32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new InvalidFrame('length');
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}
