import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseMetadata, serializeMetadata } from '../../../src/codec/metadata.ts';
import { InvalidFrame } from '../../../src/errors.ts';
import { entry, text } from '../support/arbitraries.ts';

/** What parseMetadata makes of a text: its metadata, or the only error that it may throw. */
function parsed(json: string): unknown {
  try {
    return parseMetadata(json);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFrame);
    expect(error).toMatchObject({ fault: 'metadata', code: 'frame_invalid' });
    return 'refused';
  }
}

test('the metadata of any entry is read back as it was written', () => {
  fc.assert(
    fc.property(
      entry,
      ({ value: _value, stamp: _stamp, form: _form, etag: _etag, ...metadata }) => {
        expect(parsed(serializeMetadata(metadata))).toEqual(metadata);
      },
    ),
  );
});

describe('what is no metadata is refused with InvalidFrame, and with nothing else', () => {
  const good = [1, 2, 3, 4, 5, 6, 7.5, ['t']];

  test('(what the table changes is good)', () => {
    expect(parsed(JSON.stringify(good))).not.toBe('refused');
  });

  it.each<[string, number, unknown]>([
    ['a time that is text', 0, '1'],
    ['a time that is null, as JSON writes NaN', 1, null],
    ['a time that is missing', 2, undefined],
    ['a time that is a list', 3, [4]],
    ['an end that is text', 4, '5'],
    ['a life that is true', 5, true],
    ['a load time that is null', 6, null],
    ['tags that are no list', 7, 't'],
    ['tags that are null', 7, null],
    ['a tag that is no text', 7, ['t', 1]],
    ['a ninth field', 8, 1],
  ])('%s', (_what, at, value) => {
    const changed: unknown[] = [...good];
    changed[at] = value;
    expect(parsed(JSON.stringify(changed))).toBe('refused');
  });

  it.each([
    // JSON has no infinity, but a number that is one.
    '[1e999,2,3,4,5,6,7,[]]',
    '',
    ' ',
    '{',
    'nul',
    '[',
    '[1,2,3,4,5,6,7,[]',
    '\ufeff[]',
    '{}',
    'null',
    '[]',
    '"a"',
  ])('the text %j', (json) => {
    expect(parsed(json)).toBe('refused');
  });

  test('any JSON', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        parsed(json);
      }),
      { numRuns: 500 },
    );
  });

  test('a list of eight of anything', () => {
    expect.hasAssertions();
    const near = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.array(text));
    fc.assert(
      fc.property(fc.array(near, { minLength: 8, maxLength: 8 }), (fields) => {
        parsed(JSON.stringify(fields));
      }),
      { numRuns: 500 },
    );
  });

  test('any text', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(text, (json) => {
        parsed(json);
      }),
    );
  });

  test('JSON that is nested deeper than any stack', () => {
    expect(parsed('['.repeat(200_000))).toBe('refused');
    expect(parsed('['.repeat(200_000) + ']'.repeat(200_000))).toBe('refused');
  });
});
