import { describe, expect, it, test } from 'vitest';
import { responseControl, scopeOf } from '../../../src/gateway/control.ts';

const OWN = 'tiercel-cdn-cache-control';
const CDN = 'cdn-cache-control';
const plain = 'cache-control';

describe('what governs a response (RFC 9213, section 2.2)', () => {
  it.each<[string, Record<string, string>, Record<string, string | undefined>, boolean]>([
    ['nothing', {}, {}, false],
    ['Cache-Control', { [plain]: 'max-age=1' }, { 'max-age': '1' }, false],
    [
      'the field for CDNs before Cache-Control',
      { [plain]: 'no-store', [CDN]: 'max-age=2' },
      { 'max-age': '2' },
      true,
    ],
    [
      'our own before that for all CDNs, whole: they are not merged',
      { [OWN]: 'max-age=3', [CDN]: 'max-age=2, must-revalidate', [plain]: 'private' },
      { 'max-age': '3' },
      true,
    ],
    [
      'one that can’t be parsed is not there',
      { [OWN]: 'max-age=3, &&&', [CDN]: 'max-age=2' },
      { 'max-age': '2' },
      true,
    ],
    [
      'one that is empty is not there',
      { [CDN]: '', [plain]: 'max-age=1' },
      { 'max-age': '1' },
      false,
    ],
    ['neither is one of spaces', { [CDN]: '  ', [plain]: 'max-age=1' }, { 'max-age': '1' }, false],
    [
      'an unknown directive is valid, and governs',
      { [CDN]: 'foo', [plain]: 'max-age=1' },
      { foo: undefined },
      true,
    ],
    [
      'a name that ends in -Cache-Control alone means nothing',
      { 'other-cache-control': 'max-age=9', [plain]: 'max-age=1' },
      { 'max-age': '1' },
      false,
    ],
    [
      'Surrogate-Control is not on the list',
      { 'surrogate-control': 'max-age=9', [plain]: 'max-age=1' },
      { 'max-age': '1' },
      false,
    ],
    [
      'a number in quotes is none, and is not coerced (section 2.1)',
      { [CDN]: 'max-age="10"' },
      { 'max-age': undefined },
      true,
    ],
  ])('%s', (_what, fields, directives, targeted) => {
    const control = responseControl(new Headers(fields));
    expect(Object.fromEntries(control.directives)).toEqual(directives);
    expect(control.targeted).toBe(targeted);
  });
});

describe('what private and no-cache are said of (RFC 9111, sections 5.2.2.4 and 5.2.2.7)', () => {
  it.each<[string, 'nothing' | 'all' | string[]]>([
    ['max-age=1', 'nothing'],
    ['private', 'all'],
    ['private="X-A"', ['x-a']],
    ['private="Set-Cookie , x-b"', ['set-cookie', 'x-b']],
    ['private=x-a', ['x-a']],
    ['private=",x-a,"', ['x-a']],
    ['private=""', 'all'],
    ['private=","', 'all'],
    ['private="x a"', 'all'],
    ['private="x-a, é"', 'all'],
    ['private="x-a", private', 'all'],
    ['private, private="x-a"', 'all'],
    ['private="x-a", private="x-b"', ['x-a', 'x-b']],
    ['private; foo', 'all'],
  ])('%s', (field, scope) => {
    const { directives } = responseControl(new Headers({ [plain]: field }));
    expect(scopeOf(directives, 'private')).toEqual(scope);
    const other = responseControl(
      new Headers({ [plain]: field.replaceAll('private', 'no-cache') }),
    );
    expect(scopeOf(other.directives, 'no-cache')).toEqual(scope);
    expect(scopeOf(other.directives, 'private')).toBe('nothing');
  });

  test('in a targeted field: a String names fields, anything else is no list of them', () => {
    const of = (field: string) =>
      scopeOf(responseControl(new Headers({ [CDN]: field })).directives, 'private');
    expect(of('private="x-a"')).toEqual(['x-a']);
    expect(of('private')).toBe('all');
    expect(of('private=1')).toBe('all');
    expect(of('private=("x-a")')).toBe('all');
  });
});
