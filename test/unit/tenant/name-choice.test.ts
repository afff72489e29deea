import { array, assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { chooserOf, keepsAll, keepsNone } from '../../../src/tenant/name-choice.ts';
import type { NameChoice } from '../../../src/tenant/policy.ts';

describe('a choice of names', () => {
  it.each<[NameChoice, string, boolean]>([
    [{ allow: ['a'] }, 'a', true],
    [{ allow: ['a'] }, 'A', false],
    [{ allow: ['a'] }, 'ab', false],
    [{ allow: ['a*'] }, 'ab', true],
    [{ allow: ['a*'] }, 'a', true],
    [{ allow: ['a*'] }, 'ba', false],
    [{ allow: [] }, 'a', false],
    [{ allow: ['*'] }, 'a', true],
    [{ drop: ['a'] }, 'a', false],
    [{ drop: ['a'] }, 'A', true],
    [{ drop: ['utm_*'] }, 'utm_source', false],
    [{ drop: ['utm_*'] }, 'utm', true],
    [{ drop: [] }, 'a', true],
    [{ drop: ['*'] }, '', false],
    [{ drop: ['__proto__'] }, 'constructor', true],
  ])('%j keeps %s: %s', (choice, name, kept) => {
    expect(chooserOf(choice)(name)).toBe(kept);
  });

  test('keeps by allow what it leaves out by drop', () => {
    const name = string({ unit: constantFrom('a', 'b', '*'), maxLength: 3 });
    assert(
      property(array(name, { maxLength: 4 }), name, (names, one) => {
        expect(chooserOf({ allow: names })(one)).toBe(!chooserOf({ drop: names })(one));
      }),
    );
  });

  test('is known to keep all, or nothing', () => {
    const known = (choice: NameChoice) => [keepsAll(choice), keepsNone(choice)];
    expect(known({ drop: [] })).toEqual([true, false]);
    expect(known({ allow: ['a', '*'] })).toEqual([true, false]);
    expect(known({ drop: ['*'] })).toEqual([false, true]);
    expect(known({ allow: [] })).toEqual([false, true]);
    expect(known({ allow: ['a*'] })).toEqual([false, false]);
  });
});
