import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { FrameCodec } from '../../src/codec/frame.ts';
import { frameToText, textToFrame } from '../../src/codec/frame-text.ts';
import { formatClearHeader } from '../../src/codec/stamp.ts';
import { InvalidFrame } from '../../src/errors.ts';
import { httpEntry, httpKey, valueEntry, valueKey } from '../unit/codec/golden-entries.ts';
import { keyOf } from '../unit/codec/frames.ts';
import { entry } from '../unit/support/arbitraries.ts';

const codec = new FrameCodec();
const KEY = keyOf('acme', 'k');
const HEADER = formatClearHeader({ epoch: 'a'.repeat(32), asOf: 7 });

/** Asserts that the text is refused, by InvalidFrame and by no other exception. */
function expectRefused(text: string): void {
  try {
    textToFrame(text);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFrame);
    return;
  }
  expect.fail('taken for a frame');
}

describe('a frame as text', () => {
  test('is read back as it was, for any entry', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(entry, async (one) => {
        const frame = await codec.encode(KEY, one);
        const text = frameToText(frame);
        expect(textToFrame(text)).toEqual(frame);
        expect(await codec.decode(KEY, textToFrame(text))).toEqual(one);
      }),
    );
  });

  test('is ASCII, and begins with the clear header: scripts read and write that', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(entry, async (one) => {
        const text = frameToText(await codec.encode(KEY, one));
        expect(text.slice(0, 52)).toBe(formatClearHeader(one.stamp));
        expect(text.slice(52)).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
      }),
    );
  });

  test('with another header is the same entry under another stamp', async () => {
    const text = frameToText(await codec.encode(httpKey, httpEntry));
    const stamp = { epoch: 'b'.repeat(32), asOf: 99 };
    const frame = textToFrame(formatClearHeader(stamp) + text.slice(52));
    expect(await codec.decode(httpKey, frame)).toEqual({ ...httpEntry, stamp });
  });

  test('is exactly as long as it was, whatever is left over at the end of base64', async () => {
    for (let length = 0; length < 6; length += 1) {
      const one = { ...valueEntry, value: new Uint8Array(length) };
      const frame = textToFrame(frameToText(await codec.encode(valueKey, one)));
      expect(frame.buffer.byteLength).toBe(frame.length);
      expect((await codec.decode(valueKey, frame)).value).toEqual(one.value);
    }
  });

  test('of 8 MB is made and read in no time: what is written and read on every fill', async () => {
    const one = { ...valueEntry, value: new Uint8Array(8_000_000).fill(7) };
    const frame = await codec.encode(valueKey, one);
    const read = textToFrame(frameToText(frame));
    expect(read.length).toBe(frame.length);
    expect(crypto.subtle.timingSafeEqual(read, frame)).toBe(true);
  });
});

describe('what is no frame is InvalidFrame, and never another exception', () => {
  it.each([
    ['nothing', ''],
    ['less than a header', HEADER.slice(1)],
    ['a header beyond ASCII', `é${HEADER.slice(1)}`],
    ['a header with a surrogate pair', `😀${HEADER.slice(2)}`],
    ['a character that base64 does not have', `${HEADER}AA*A`],
    ['the alphabet of base64url', `${HEADER}AA-_`],
    ['a group that is cut', `${HEADER}AAA`],
    ['a group of one', `${HEADER}A`],
    ['padding that is too short', `${HEADER}AA=`],
    ['padding inside', `${HEADER}AA==AAAA`],
    ['only padding', `${HEADER}====`],
    ['bits behind the end', `${HEADER}AB==`],
    ['text beyond ASCII behind the header', `${HEADER}AAéA`],
  ])('%s', (_what, text) => {
    expect.hasAssertions();
    expectRefused(text);
  });

  test('the text of any entry, cut anywhere, is refused here or by the frame', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(entry, fc.nat(), async (one, at) => {
        const text = frameToText(await codec.encode(KEY, one));
        await expectNoEntry(text.slice(0, at % text.length));
      }),
    );
  });

  test('any text at all', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        await expectNoEntry(text);
        await expectNoEntry(HEADER + text);
      }),
    );
  });
});

/** Asserts that no entry is made of the text, and that InvalidFrame says so. */
async function expectNoEntry(text: string): Promise<void> {
  try {
    await codec.decode(KEY, textToFrame(text));
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFrame);
    return;
  }
  expect.fail('taken for an entry');
}
