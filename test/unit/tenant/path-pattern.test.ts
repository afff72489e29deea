import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compileLoosePathPattern, compilePathPattern } from '../../../src/tenant/path-pattern.ts';

/** The meaning of a pattern, as slowly as it can be said. */
function naive(pattern: string, path: string): boolean {
  if (pattern === '') return path === '';
  if (pattern.startsWith('*')) {
    for (let taken = 0; taken <= path.length; taken += 1)
      if (naive(pattern.slice(1), path.slice(taken))) return true;
    return false;
  }
  return path !== '' && path[0] === pattern[0] && naive(pattern.slice(1), path.slice(1));
}

test('a pattern fits what its definition fits', () => {
  const text = (letters: string) =>
    string({ unit: constantFrom(...Array.from(letters)), maxLength: 12 });
  assert(
    property(text('ab/*'), text('ab/'), (pattern, path) => {
      expect(compilePathPattern(pattern)(path)).toBe(naive(pattern, path));
    }),
    { numRuns: 5000 },
  );
});

describe('a pattern', () => {
  it.each([
    ['/static/*', '/static/', true],
    ['/static/*', '/static/a/b.css', true],
    ['/static/*', '/static', false],
    ['/static/*', '/STATIC/a', false],
    ['/static/*', '/x/static/a', false],
    ['/', '/', true],
    ['/', '/a', false],
    ['*', '/anything', true],
    ['*.css', '/a/b.css', true],
    ['*.css', '/a.css/me', false],
    ['/a*a', '/a', false],
    ['/a*a', '/aa', true],
    ['/*/edit', '/a/b/edit', true],
    ['/*/edit', '/edit', false],
    // Neither takes the other's letters.
    ['/ab*ba', '/aba', false],
    ['/*ab*ab', '/ab', false],
  ])('%s fits %s: %s', (pattern, path, fits) => {
    expect(compilePathPattern(pattern)(path)).toBe(fits);
  });

  it.each([
    ['/caf%C3%A9/*', '/café/1'],
    ['/caf%c3%a9/*', '/café/1'],
    ['/a%20b', '/a b'],
    ['/%2A', '/*'],
  ])('%s is written as in a URL, and fits what that means', (pattern, path) => {
    expect(compilePathPattern(pattern)(path)).toBe(true);
  });

  test('has no asterisk for other characters where it is encoded', () => {
    expect(compilePathPattern('/%2A')('/a')).toBe(false);
  });

  test('with many asterisks is done with a long path at once', () => {
    const fits = compilePathPattern(`/${'*a'.repeat(20)}*b`);
    expect(fits(`/${'a'.repeat(16_000)}`)).toBe(false);
    expect(fits(`/${'a'.repeat(16_000)}b`)).toBe(true);
  });
});

describe('a loose pattern', () => {
  it.each([
    ['/account/*', '/ACCOUNT/me', true],
    ['/Account/*', '/account/me', true],
    ['/*/ME.css', '/account/me.CSS', true],
    ['/account', '/AcCoUnT', true],
    ['/account/*', '/accounts/me', false],
    ['/account/*', '/x/account/me', false],
    // Other letters that some server folds to these: the long s, the Kelvin sign, full width.
    ['/static*', '/\u017ftatic', true],
    ['/kits/*', '/\u212aits/a', true],
    ['/me', '/\uff4de', true],
    ['/stra%C3%9Fe/*', '/STRASSE/1', true],
    ['/caf%C3%A9/*', '/CAFE\u0301/1', true],
    ['/cafe*', '/cafe\u0301', true],
    // The last letter of a word is another one to what lowers letters.
    ['/ας*', '/ΑΣΑ', true],
  ])('%s fits %s: %s', (pattern, path, fits) => {
    expect(compileLoosePathPattern(pattern)(path)).toBe(fits);
  });

  test('fits all that the pattern fits as it is spelled, in whatever case', () => {
    const letters = (...of: string[]) => string({ unit: constantFrom(...of), maxLength: 10 });
    const path = letters('a', 'e', '/', '\u0301', 'é', 'ß', 's', 'S', 'ς', 'σ', 'İ', 'ı', 'ŉ');
    const pattern = letters('a', 'e', '/', '*', '\u0301', 'é', 'ß', 's', 'ς', 'İ');
    assert(
      property(pattern, path, (one, other) => {
        const fits = compileLoosePathPattern(one);
        if (compilePathPattern(one)(other)) expect(fits(other)).toBe(true);
        // In ASCII there is no doubt what the same letters are.
        const plain = one.replaceAll(/[^ae/*]/g, '');
        const text = plain.replaceAll('*', other.replaceAll(/[^ae/]/g, ''));
        expect(compileLoosePathPattern(plain)(text.toUpperCase())).toBe(true);
        expect(compileLoosePathPattern(plain.toUpperCase())(text)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
