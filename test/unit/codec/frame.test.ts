import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../../src/codec/frame.ts';
import { serializeMetadata } from '../../../src/codec/metadata.ts';
import { CLEAR_HEADER_LENGTH, formatClearHeader } from '../../../src/codec/stamp.ts';
import { InvalidFrame } from '../../../src/errors.ts';
import { entry, epoch, tenantText } from '../support/arbitraries.ts';

const name = tenantText.map((id) => `tc:v1:t:${id}:n:users`);
const METADATA = 61;

/** Asserts that the bytes are refused, by InvalidFrame and by no other exception. */
function expectRefused(fullName: string, bytes: Uint8Array): void {
  let decoded: unknown;
  try {
    decoded = decodeFrame(fullName, bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFrame);
    return;
  }
  expect.fail(`decoded as ${JSON.stringify(decoded)}`);
}

/** CRC-32 as in ISO-HDLC, bit by bit: not the code under test. */
function crc32(bytes: Iterable<number>): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A frame around any flags and metadata, its checksum right. */
function frameOf(fullName: string, flags: number, length: number, rest: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  const frame = new Uint8Array(METADATA + rest.length);
  encoder.encodeInto(formatClearHeader({ epoch: 'a'.repeat(32), asOf: 7 }), frame);
  const view = new DataView(frame.buffer);
  view.setUint8(52, flags);
  view.setUint32(57, length);
  frame.set(rest, METADATA);
  view.setUint32(53, crc32([...encoder.encode(fullName), flags, ...frame.subarray(57)]));
  return frame;
}

describe('a frame', () => {
  test('any entry is decoded as it was encoded', () => {
    fc.assert(
      fc.property(name, entry, (fullName, one) => {
        expect(decodeFrame(fullName, encodeFrame(fullName, one))).toEqual(one);
      }),
      { numRuns: 300 },
    );
  });

  test('is laid out as documented: clear header, flags, checksum, length, metadata, payload', () => {
    fc.assert(
      fc.property(name, entry, (fullName, one) => {
        const frame = encodeFrame(fullName, one);
        const metadata = new TextEncoder().encode(serializeMetadata(one));
        const expected = frameOf(
          fullName,
          0,
          metadata.length,
          new Uint8Array([...metadata, ...one.value]),
        );
        new TextEncoder().encodeInto(formatClearHeader(one.stamp), expected);
        expect(frame).toEqual(expected);
      }),
    );
  });

  test('is decoded where it lies inside a larger buffer', () => {
    fc.assert(
      fc.property(name, entry, fc.nat(20), fc.nat(20), (fullName, one, before, after) => {
        const frame = encodeFrame(fullName, one);
        const buffer = new Uint8Array(before + frame.length + after).fill(0xaa);
        buffer.set(frame, before);
        const inside = buffer.subarray(before, before + frame.length);
        expect(decodeFrame(fullName, inside)).toEqual(one);
      }),
    );
  });

  test('the stamp is outside the checksum: a script may write another one', () => {
    fc.assert(
      fc.property(name, entry, epoch, fc.nat(), (fullName, one, other, asOf) => {
        const frame = encodeFrame(fullName, one);
        const stamp = { epoch: other, asOf };
        new TextEncoder().encodeInto(formatClearHeader(stamp), frame);
        expect(decodeFrame(fullName, frame)).toEqual({ ...one, stamp });
      }),
    );
  });
});

describe('what is not a frame of this key is InvalidFrame, and never another exception', () => {
  test('any single byte changed behind the clear header', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(
        name,
        entry,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (fullName, one, at, change) => {
          const frame = encodeFrame(fullName, one);
          const position = CLEAR_HEADER_LENGTH + (at % (frame.length - CLEAR_HEADER_LENGTH));
          frame[position] = (frame[position] ?? 0) ^ change;
          expectRefused(fullName, frame);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('every single bit changed in the flags, the checksum and the length', () => {
    expect.hasAssertions();
    const [one] = fc.sample(entry, { numRuns: 1, seed: 1 });
    if (!one) throw new Error('no sample');
    const whole = encodeFrame('tc:v1:t:a:k', one);
    for (let at = CLEAR_HEADER_LENGTH; at < METADATA; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const frame = whole.slice();
        frame[at] = (frame[at] ?? 0) ^ (1 << bit);
        expectRefused('tc:v1:t:a:k', frame);
      }
    }
  });

  test('a changed byte of the clear header is refused, or changes the stamp and nothing else', () => {
    fc.assert(
      fc.property(
        name,
        entry,
        fc.nat(CLEAR_HEADER_LENGTH - 1),
        fc.integer({ min: 1, max: 255 }),
        (fullName, one, at, change) => {
          const frame = encodeFrame(fullName, one);
          frame[at] = (frame[at] ?? 0) ^ change;
          try {
            const { stamp, ...rest } = decodeFrame(fullName, frame);
            expect({ ...rest, stamp: one.stamp }).toEqual(one);
            expect(at).toBeGreaterThan(3);
            expect(formatClearHeader(stamp)).toMatch(/^TCL1[0-9a-f]{32}[0-9]{16}$/);
          } catch (error) {
            if (!(error instanceof InvalidFrame)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any truncation', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(name, entry, fc.nat(), (fullName, one, at) => {
        const frame = encodeFrame(fullName, one);
        expectRefused(fullName, frame.subarray(0, at % frame.length));
      }),
      { numRuns: 500 },
    );
  });

  test('bytes behind its end', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(name, entry, fc.uint8Array({ minLength: 1 }), (fullName, one, more) => {
        expectRefused(fullName, new Uint8Array([...encodeFrame(fullName, one), ...more]));
      }),
    );
  });

  test('the frame of another key', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(name, name, entry, (fullName, other, one) => {
        fc.pre(fullName !== other);
        expectRefused(other, encodeFrame(fullName, one));
      }),
      { numRuns: 300 },
    );
  });

  test('any bytes, also behind a good clear header', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(name, fc.uint8Array({ maxLength: 200 }), (fullName, bytes) => {
        expectRefused(fullName, bytes);
        const header = new TextEncoder().encode(
          formatClearHeader({ epoch: 'a'.repeat(32), asOf: 1 }),
        );
        expectRefused(fullName, new Uint8Array([...header, ...bytes]));
      }),
    );
  });

  const metadata = new TextEncoder().encode('[1,2,3,4,5,null,[],"text/plain"]');

  const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...metadata]);
  // The first letter of the content type, as a byte that is no UTF-8: it must not become U+FFFD.
  const broken = metadata.map((byte, at) => (at === metadata.indexOf(0x74) ? 0xff : byte));

  it.each<[string, number, number, Uint8Array, string]>([
    ['good metadata behind a byte order mark', 0, marked.length, marked, 'metadata'],
    ['good metadata with a byte that is no UTF-8', 0, broken.length, broken, 'metadata'],
    ['gzip, which this version does not know', 1, metadata.length, metadata, 'flags'],
    ['encryption, which this version does not know', 2, metadata.length, metadata, 'flags'],
    ['a flag that nobody knows', 0x80, metadata.length, metadata, 'flags'],
    ['a length past the end', 0, metadata.length + 1, metadata, 'length'],
    ['the greatest length', 0, 0xffffffff, metadata, 'length'],
    ['a length that cuts the metadata', 0, metadata.length - 1, metadata, 'metadata'],
    ['no metadata', 0, 0, new Uint8Array(0), 'metadata'],
    ['metadata that is not UTF-8', 0, 2, new Uint8Array([0xff, 0xfe]), 'metadata'],
    ['metadata behind a byte order mark', 0, 3, new Uint8Array([0xef, 0xbb, 0xbf]), 'metadata'],
  ])('%s, its checksum right', (_what, flags, length, rest, fault) => {
    const frame = frameOf('tc:v1:t:a:k', flags, length, rest);
    expect(() => decodeFrame('tc:v1:t:a:k', frame)).toThrow(
      expect.objectContaining({ fault }) as Error,
    );
  });

  test('(the frames of the table are good but for what each line names)', () => {
    const frame = frameOf('tc:v1:t:a:k', 0, metadata.length, metadata);
    expect(decodeFrame('tc:v1:t:a:k', frame)).toMatchObject({
      createdAt: 1,
      form: { type: 'value', contentType: 'text/plain' },
      stamp: { asOf: 7 },
    });
  });
});
