import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import stored from '../golden/frame-v1.hex?raw';
import { Keyring } from '../../src/codec/encryption.ts';
import { FrameCodec } from '../../src/codec/frame.ts';
import {
  goldenKeyring,
  httpEntry,
  httpKey,
  longEntry,
  longKey,
} from '../unit/codec/golden-entries.ts';
import {
  bytesOf,
  cacheKey,
  codecs,
  expectRefused,
  frameOf,
  gzipped,
  keyOf,
  secret,
  withChecksum,
} from '../unit/codec/frames.ts';
import { entry } from '../unit/support/arbitraries.ts';

/*
 * What the tests of test/unit/codec prove in Node, once more where it has to hold: gzip, HKDF and AES are the
 * platform's, and workerd's are not Node's.
 */
describe.each(codecs)('a frame in workerd, %s', (_label, codec) => {
  test('any entry is decoded as it was encoded', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(cacheKey, entry, async (key, one) => {
        expect(await codec.decode(key, await codec.encode(key, one))).toEqual(one);
      }),
    );
  });

  test('any single byte changed, also with the checksum put right, is never a wrong value', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        cacheKey,
        entry,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (key, one, at, change) => {
          const frame = (await codec.encode(key, one)).slice();
          const position = 52 + (at % (frame.length - 52));
          frame[position] = (frame[position] ?? 0) ^ change;
          await expectRefused(codec, key, frame);
        },
      ),
    );
  });
});

test('what Node wrote is read', async () => {
  const both = new FrameCodec({ compressionThreshold: 1000, keyring: goldenKeyring() });
  const clear = new FrameCodec({ compressionThreshold: 1000 });
  expect(await clear.decode(httpKey, golden('http'))).toEqual(httpEntry);
  expect(await clear.decode(longKey, golden('gzip'))).toEqual(longEntry);
  expect(await both.decode(httpKey, golden('encrypted'))).toEqual(httpEntry);
  expect(await both.decode(longKey, golden('gzip-encrypted'))).toEqual(longEntry);
  expect(await both.encode(httpKey, httpEntry)).toEqual(golden('encrypted'));
});

describe('gzip that somebody made', () => {
  const key = keyOf('a', 'k');
  const codec = new FrameCodec();
  const FORM = '[null,"text/plain"]';
  const BODY = bytesOf(FORM.length, FORM, 'hello hello hello');
  const framed = (length: number, ...parts: readonly Uint8Array[]) =>
    frameOf(key, 1, '[1,2,3,4,5,6,7,[]]', bytesOf(length, ...parts));

  test('is refused when it is cut, or anything is behind it', async () => {
    const packed = await gzipped(BODY);
    const none = await gzipped(new Uint8Array(0));
    expect((await codec.decode(key, framed(BODY.length, packed))).loadMs).toBe(7);
    const more = [new Uint8Array(1), new Uint8Array(10_000), bytesOf('more'), packed, none];
    for (const tail of more)
      await expectRefused(codec, key, framed(BODY.length, packed, tail), 'compression');
    await expectRefused(codec, key, framed(BODY.length, none, packed), 'compression');
    for (let length = 0; length < packed.length; length += 1)
      await expectRefused(codec, key, framed(BODY.length, packed.subarray(0, length)));
    for (const length of [0, BODY.length - 1, BODY.length + 1, 0xffffffff])
      await expectRefused(codec, key, framed(length, packed), 'compression');
  });

  test('a bomb is stopped where it goes beyond what it says', async () => {
    expect.hasAssertions();
    const packed = await gzipped(new Uint8Array(32 * 1024 * 1024));
    await expectRefused(codec, key, framed(1000, packed), 'compression');
    await expectRefused(codec, key, framed(20_000_000, packed), 'compression');
    await expectRefused(codec, key, framed(0xffffffff, packed), 'compression');
  });

  test('a large value takes many reads, and comes back whole', async () => {
    const packing = new FrameCodec({ compressionThreshold: 1000 });
    const value = new Uint8Array(5_000_000);
    for (let at = 0; at < value.length; at += 1) value[at] = (at * at) >> 12;
    const frame = await packing.encode(key, { ...httpEntry, value });
    expect(frame[52]).toBe(1);
    const read = (await packing.decode(key, frame)).value;
    expect(read.length).toBe(value.length);
    expect(crypto.subtle.timingSafeEqual(read, value)).toBe(true);
  });
});

describe('an encrypted value', () => {
  const key = keyOf('acme', 'n:users:1');
  const ring = (...ids: string[]) =>
    new FrameCodec({
      keyring: Keyring.from(ids.map((id) => ({ id, secret: secret(id.charCodeAt(1)) }))),
    });

  test('can not be moved, and keys rotate', async () => {
    const frame = await ring('k1').encode(key, httpEntry);
    expect(await ring('k2', 'k1').decode(key, frame)).toEqual(httpEntry);
    await expectRefused(ring('k2'), key, frame, 'key_id');
    for (const other of [keyOf('acme', 'n:users:2'), keyOf('other', 'n:users:1')])
      await expectRefused(ring('k1'), other, withChecksum(other, frame), 'decryption');
    await expectRefused(
      ring('k1'),
      key,
      await new FrameCodec().encode(key, httpEntry),
      'unencrypted',
    );
  });
});

/** A frame of the golden file. */
function golden(label: string): Uint8Array {
  const [, hex = ''] =
    new RegExp(`^\\[${label}\\] .+\\n((?:[0-9a-f]+\\n?)+)`, 'm').exec(stored) ?? [];
  return Uint8Array.fromHex(hex.replaceAll('\n', ''));
}
