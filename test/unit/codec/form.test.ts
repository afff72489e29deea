import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseForm, serializeForm } from '../../../src/codec/form.ts';
import { InvalidFrame } from '../../../src/errors.ts';
import { entry, text } from '../support/arbitraries.ts';

/** What parseForm makes of a text: a description, or the only error that it may throw. */
function parsed(json: string): unknown {
  try {
    return parseForm(json);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidFrame);
    expect(error).toMatchObject({ fault: 'metadata', code: 'frame_invalid' });
    return 'refused';
  }
}

test('the form and the entity tag of any entry are read back as they were written', () => {
  fc.assert(
    fc.property(entry, ({ etag, form }) => {
      expect(parsed(serializeForm({ etag, form }))).toEqual({ etag, form });
    }),
  );
});

describe('what is no form is refused with InvalidFrame, and with nothing else', () => {
  test('(what the table changes is good)', () => {
    expect(parsed('["\\"e\\"",200,[["a","b"]]]')).toEqual({
      etag: '"e"',
      form: { type: 'http', status: 200, headers: [['a', 'b']] },
    });
    expect(parsed('[null,"text/plain"]')).toEqual({
      etag: undefined,
      form: { type: 'value', contentType: 'text/plain' },
    });
  });

  it.each<[string, unknown]>([
    ['an etag that is a number', [1, 200, []]],
    ['no kind', ['e']],
    ['a kind that is null', [null, null]],
    ['a kind that is a list', [null, [200, []]]],
    ['a content type and headers', [null, 'text/plain', []]],
    ['a status without headers', [null, 200]],
    ['a fourth field', [null, 200, [], 1]],
    ['a status below 200: no response can have it', [null, 199, []]],
    ['a status above 599', [null, 600, []]],
    ['a status with a fraction', [null, 200.5, []]],
    ['headers that are no list', [null, 200, { a: 'b' }]],
    ['headers that are null', [null, 200, null]],
    ['a header that is text', [null, 200, ['ab']]],
    ['a header without a value', [null, 200, [['a']]]],
    ['a header with two values', [null, 200, [['a', 'b', 'c']]]],
    ['a header whose value is a number', [null, 200, [['a', 1]]]],
    ['an object', {}],
    ['nothing', null],
    ['an empty list', []],
  ])('%s', (_what, form) => {
    expect(parsed(JSON.stringify(form))).toBe('refused');
  });

  test('any JSON and any text', () => {
    expect.hasAssertions();
    const near = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.array(fc.array(text)));
    fc.assert(
      fc.property(fc.array(near, { maxLength: 4 }), text, (fields, json) => {
        parsed(JSON.stringify(fields));
        parsed(json);
      }),
      { numRuns: 500 },
    );
  });
});
