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
    fc.property(entry, ({ value: _value, stamp: _stamp, ...metadata }) => {
      expect(parsed(serializeMetadata(metadata))).toEqual(metadata);
    }),
  );
});

describe('what is no metadata is refused with InvalidFrame, and with nothing else', () => {
  const good = [1, 2, 3, 4, 5, '"e"', ['t'], [200, [['a', 'b']]]];

  test('(what the table changes is good)', () => {
    expect(parsed(JSON.stringify(good))).not.toBe('refused');
  });

  it.each<[string, number, unknown]>([
    ['a time that is text', 0, '1'],
    ['a time that is null, as JSON writes NaN', 1, null],
    ['a time that is missing', 2, undefined],
    ['a time that is a list', 3, [4]],
    ['a load time that is true', 4, true],
    ['an etag that is a number', 5, 1],
    ['tags that are no list', 6, 't'],
    ['a tag that is no text', 6, ['t', 1]],
    ['a form that is a number', 7, 200],
    ['a form that is null', 7, null],
    ['an empty form', 7, []],
    ['a form of three', 7, [200, [], 1]],
    ['a status that is text', 7, ['200', []]],
    ['a status below 200: no response can have it', 7, [199, []]],
    ['a status above 599', 7, [600, []]],
    ['a status with a fraction', 7, [200.5, []]],
    ['headers that are no list', 7, [200, { a: 'b' }]],
    ['a header that is text', 7, [200, ['ab']]],
    ['a header without a value', 7, [200, [['a']]]],
    ['a header with two values', 7, [200, [['a', 'b', 'c']]]],
    ['a header whose value is a number', 7, [200, [['a', 1]]]],
    ['a ninth field', 8, 1],
  ])('%s', (_what, at, value) => {
    const changed: unknown[] = [...good];
    changed[at] = value;
    expect(parsed(JSON.stringify(changed))).toBe('refused');
  });

  it.each([
    // JSON has no infinity, but a number that is one.
    '[1e999,2,3,4,5,null,[],"a"]',
    '',
    ' ',
    '{',
    'nul',
    '[',
    '[1,2,3,4,5,null,[],""',
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
    const near = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.double(),
      fc.array(text),
      fc.tuple(fc.integer({ min: 190, max: 610 }), fc.array(fc.array(text))),
    );
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
