import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../src/codec/frame.ts';
import { frameToText, textToFrame } from '../../src/codec/frame-text.ts';
import { formatClearHeader } from '../../src/codec/stamp.ts';
import { InvalidFrame } from '../../src/errors.ts';
import { httpEntry, httpKey, valueEntry, valueKey } from '../unit/codec/golden-entries.ts';
import { entry } from '../unit/support/arbitraries.ts';

const NAME = 'tc:v1:t:acme:k';
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
  test('is read back as it was, for any entry', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const frame = encodeFrame(NAME, one);
        const text = frameToText(frame);
        expect(textToFrame(text)).toEqual(frame);
        expect(decodeFrame(NAME, textToFrame(text))).toEqual(one);
      }),
    );
  });

  test('is ASCII, and begins with the clear header: scripts read and write that', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const text = frameToText(encodeFrame(NAME, one));
        expect(text.slice(0, 52)).toBe(formatClearHeader(one.stamp));
        expect(text.slice(52)).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
      }),
    );
  });

  test('with another header is the same entry under another stamp', () => {
    const text = frameToText(encodeFrame(httpKey.fullName, httpEntry));
    const stamp = { epoch: 'b'.repeat(32), asOf: 99 };
    const frame = textToFrame(formatClearHeader(stamp) + text.slice(52));
    expect(decodeFrame(httpKey.fullName, frame)).toEqual({ ...httpEntry, stamp });
  });

  test('decodes where its bytes lie, without a copy of what is behind', () => {
    const frame = textToFrame(frameToText(encodeFrame(valueKey.fullName, valueEntry)));
    expect(decodeFrame(valueKey.fullName, frame).value).toEqual(valueEntry.value);
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

  test('the text of any entry, cut anywhere, is refused here or by the frame', () => {
    fc.assert(
      fc.property(entry, fc.nat(), (one, at) => {
        const text = frameToText(encodeFrame(NAME, one));
        const cut = text.slice(0, at % text.length);
        try {
          decodeFrame(NAME, textToFrame(cut));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidFrame);
          return;
        }
        expect.fail('taken for an entry');
      }),
    );
  });

  test('any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const candidate of [text, HEADER + text]) {
          try {
            decodeFrame(NAME, textToFrame(candidate));
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidFrame);
            continue;
          }
          expect.fail('taken for an entry');
        }
      }),
    );
  });
});
