import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameCodec } from '../../../src/codec/frame.ts';
import { serializeForm } from '../../../src/codec/form.ts';
import { serializeMetadata } from '../../../src/codec/metadata.ts';
import { CLEAR_HEADER_LENGTH, formatClearHeader } from '../../../src/codec/stamp.ts';
import { InvalidFrame } from '../../../src/errors.ts';
import { entry, epoch } from '../support/arbitraries.ts';
import { bytesOf, cacheKey, codecs, expectRefused, frameOf, keyOf, METADATA } from './frames.ts';

describe.each(codecs)('a frame, %s', (label, codec) => {
  test('any entry is decoded as it was encoded', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(cacheKey, entry, async (key, one) => {
        expect(await codec.decode(key, await codec.encode(key, one))).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  test('is decoded where it lies inside a larger buffer', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(cacheKey, entry, fc.nat(20), fc.nat(20), async (key, one, before, after) => {
        const frame = await codec.encode(key, one);
        const buffer = new Uint8Array(before + frame.length + after).fill(0xaa);
        buffer.set(frame, before);
        const inside = buffer.subarray(before, before + frame.length);
        expect(await codec.decode(key, inside)).toEqual(one);
      }),
    );
  });

  test('the stamp is outside checksum and encryption: a script may write another one', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(cacheKey, entry, epoch, fc.nat(), async (key, one, other, asOf) => {
        const frame = (await codec.encode(key, one)).slice();
        const stamp = { epoch: other, asOf };
        new TextEncoder().encodeInto(formatClearHeader(stamp), frame);
        expect(await codec.decode(key, frame)).toEqual({ ...one, stamp });
      }),
    );
  });

  test('any single byte changed behind the clear header is refused', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        cacheKey,
        entry,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (key, one, at, change) => {
          const frame = (await codec.encode(key, one)).slice();
          const position = CLEAR_HEADER_LENGTH + (at % (frame.length - CLEAR_HEADER_LENGTH));
          frame[position] = (frame[position] ?? 0) ^ change;
          await expectRefused(codec, key, frame);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('every single bit changed in the flags, the checksum and the length is refused', async () => {
    expect.hasAssertions();
    const [one] = fc.sample(entry, { numRuns: 1, seed: 1 });
    if (!one) throw new Error('no sample');
    const whole = await codec.encode(keyOf('a'), one);
    for (let at = CLEAR_HEADER_LENGTH; at < METADATA; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const frame = whole.slice();
        frame[at] = (frame[at] ?? 0) ^ (1 << bit);
        await expectRefused(codec, keyOf('a'), frame);
      }
    }
  });

  test('a changed byte of the clear header is refused, or changes the stamp and nothing else', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        cacheKey,
        entry,
        fc.nat(CLEAR_HEADER_LENGTH - 1),
        fc.integer({ min: 1, max: 255 }),
        async (key, one, at, change) => {
          const frame = (await codec.encode(key, one)).slice();
          frame[at] = (frame[at] ?? 0) ^ change;
          try {
            const { stamp, ...rest } = await codec.decode(key, frame);
            expect({ ...rest, stamp: one.stamp }).toEqual(one);
            expect(at).toBeGreaterThan(3);
            expect(formatClearHeader(stamp)).toMatch(/^TCL1[0-9a-f]{32}[0-9]{16}$/);
          } catch (error) {
            if (!(error instanceof InvalidFrame)) throw error;
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('every truncation of a frame is refused', async () => {
    expect.hasAssertions();
    const [one] = fc.sample(entry, { numRuns: 1, seed: 2 });
    if (!one) throw new Error('no sample');
    const frame = await codec.encode(keyOf('a'), { ...one, value: new Uint8Array(400).fill(1) });
    for (let length = 0; length < frame.length; length += 1)
      await expectRefused(codec, keyOf('a'), frame.subarray(0, length));
  });

  test('any truncation, and any bytes behind the end, are refused', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        cacheKey,
        entry,
        fc.nat(),
        fc.uint8Array({ minLength: 1 }),
        async (key, one, at, more) => {
          const frame = await codec.encode(key, one);
          await expectRefused(codec, key, frame.subarray(0, at % frame.length));
          await expectRefused(codec, key, bytesOf(frame, more));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('the frame of another key is refused', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(cacheKey, cacheKey, entry, async (key, other, one) => {
        fc.pre(key.fullName !== other.fullName);
        await expectRefused(codec, other, await codec.encode(key, one));
      }),
    );
  });

  test('any bytes are refused, also behind a good clear header and a good checksum', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(
        cacheKey,
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(3),
        async (key, bytes, flags) => {
          await expectRefused(codec, key, bytes);
          const header = formatClearHeader({ epoch: 'a'.repeat(32), asOf: 1 });
          await expectRefused(codec, key, bytesOf(header, bytes));
          await expectRefused(codec, key, frameOf(key, flags, bytes, bytes));
        },
      ),
    );
  });

  test(`has the flags of ${label}`, async () => {
    const [one] = fc.sample(entry, { numRuns: 1, seed: 3 });
    if (!one) throw new Error('no sample');
    const frame = await codec.encode(keyOf('a'), { ...one, value: new Uint8Array(5000) });
    expect(frame[52]).toBe(codecs.findIndex(([name]) => name === label));
  });
});

test('is laid out as documented: clear header, flags, checksum, length, metadata, form, value', async () => {
  expect.hasAssertions();
  await fc.assert(
    fc.asyncProperty(cacheKey, entry, async (key, one) => {
      const form = bytesOf(serializeForm(one));
      const body = bytesOf(form.length, form, one.value);
      const expected = frameOf(key, 0, serializeMetadata(one), body);
      new TextEncoder().encodeInto(formatClearHeader(one.stamp), expected);
      expect(await new FrameCodec().encode(key, one)).toEqual(expected);
    }),
  );
});

describe('one entry', () => {
  const [one] = fc.sample(entry, { numRuns: 1, seed: 4 });
  if (!one) throw new Error('no sample');

  test('is encoded once for all stores that ask in the same turn', async () => {
    for (const [, codec] of codecs) {
      const first = codec.encode(keyOf('a'), one);
      await Promise.resolve();
      await Promise.resolve();
      const second = codec.encode(keyOf('a'), one);
      expect(await second).toBe(await first);
    }
  });

  test('is encoded again later: no frame is kept', async () => {
    for (const [, codec] of codecs) {
      const first = await codec.encode(keyOf('a'), one);
      await new Promise((resolve) => {
        setTimeout(resolve);
      });
      expect(await codec.encode(keyOf('a'), one)).not.toBe(first);
    }
  });

  test('under two keys makes two frames', async () => {
    for (const [, codec] of codecs) {
      const [a, b] = await Promise.all([
        codec.encode(keyOf('a'), one),
        codec.encode(keyOf('b'), one),
      ]);
      expect(await codec.decode(keyOf('a'), a)).toEqual(one);
      expect(await codec.decode(keyOf('b'), b)).toEqual(one);
    }
  });
});
