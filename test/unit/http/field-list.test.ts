import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { listMembers, trimOws } from '../../../src/http/field-list.ts';

describe('a list without quoted strings (RFC 9110, section 5.6.1)', () => {
  it.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['one member', 'a', ['a']],
    ['several', 'a, b,c', ['a', 'b', 'c']],
    ['empty members count for nothing (5.6.1.2)', ', a,, ,\t,b,', ['a', 'b']],
    ['white space inside a member stays', ' a b , c ', ['a b', 'c']],
    ['only spaces and tabs are white space (5.6.3)', '\u00a0a\u00a0,\vb', ['\u00a0a\u00a0', '\vb']],
  ])('%s', (_what, field, members) => {
    expect(listMembers(field, 9)).toEqual(members);
  });

  test('too many members show as one more than there may be', () => {
    expect(listMembers('a,b', 2)).toEqual(['a', 'b']);
    expect(listMembers('a,b,c,d,e', 2)).toEqual(['a', 'b', 'c']);
  });

  test('what was put together is read back', () => {
    const member = fc.stringMatching(/^[a-z]([a-z ]*[a-z])?$/);
    const between = fc.constantFrom(',', ', ', ' ,\t', ' , , ');
    fc.assert(
      fc.property(fc.array(member), between, (members, comma) => {
        expect(listMembers(members.join(comma), 99)).toEqual(members);
      }),
    );
  });
});

test('the white space around a text is taken away, however much it is (RFC 9110, section 5.6.3)', () => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\t') });
  fc.assert(
    fc.property(space, fc.stringMatching(/^([a-z]([a-z ]*[a-z])?)?$/), space, (a, text, b) => {
      expect(trimOws(a + text + b)).toBe(text);
    }),
  );
});
