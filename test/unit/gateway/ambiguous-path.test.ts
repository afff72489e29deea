import { assert, constantFrom, property, string, webPath } from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isAmbiguousPath, plainPath } from '../../../src/gateway/ambiguous-path.ts';

const pathOf = (text: string): string => new URL(`https://acme.example${text}`).pathname;

describe('a path that servers may read differently [trap:path-normalisation] [trap:deception]', () => {
  it.each([
    '/me;x.css',
    '/me%3bx.css',
    '/me%2fx.css',
    '/me%2Fx.css',
    '/me%3fx.css',
    '/me%23x.css',
    '/me%5cx.css',
    '/me%00.css',
    '/me%0a.css',
    '/me%0D%0A',
    '/me%1f',
    '/me%7f',
    '/me%C2%85',
    '/me%2ecss',
    '/static/..%2fme',
    '/static/..%5cme',
    '/static/%2e%2e%2fme',
    '/static/..;/me',
    '//me',
    '/static//me',
    '/me/%252fx',
    '/me%',
    '/me%2',
    '/me%zz',
    '/me%u002f',
    // Overlong forms of a slash and a dot, and a lone continuation.
    '/static/%c0%ae%c0%ae/me',
    '/static/..%c0%afme',
    '/me%80',
    '/caf%E9',
  ])('%s is ambiguous', (path) => {
    expect(isAmbiguousPath(pathOf(path))).toBe(true);
  });

  it.each([
    ['/', '/'],
    ['/me/x.css', '/me/x.css'],
    // A URL has no other form of these.
    ['/static/./%2e%2e/me', '/me'],
    ['/static\\me', '/static/me'],
    ['/%6de', '/me'],
    ['/%40me', '/@me'],
    ['/@me', '/@me'],
    ['/caf%C3%A9', '/café'],
    ['/café', '/café'],
    ['/a%20b+c', '/a b+c'],
    ['/a|b[1]', '/a|b[1]'],
    ['/%2A', '/*'],
  ])('%s is plain, and means %s', (path, meaning) => {
    expect(plainPath(pathOf(path))).toBe(meaning);
    expect(isAmbiguousPath(pathOf(path))).toBe(false);
  });
});

test('a plain path has one reading: decoded once or twice, cut at a separator, it is the same', () => {
  const unit = constantFrom(
    ...Array.from('/ab;.%\\?#'),
    '%2',
    '%2f',
    '%2e',
    '%41',
    '%25',
    '%c0%af',
    'é',
    '%3b',
  );
  assert(
    property(string({ unit, maxLength: 12 }), (text) => {
      const path = pathOf(`/${text}`);
      const plain = plainPath(path);
      if (plain === undefined) return;
      expect(decodeURIComponent(plain)).toBe(plain);
      expect(plain).not.toMatch(/[;\\?#]|\/\//);
      // As a server that decodes before it resolves would see it.
      expect(decodeURIComponent(pathOf(encodeURI(plain)))).toBe(plain);
    }),
    { numRuns: 3000 },
  );
});

test('ordinary paths are plain', () => {
  assert(
    property(webPath(), (path) => {
      const written = pathOf(path === '' ? '/' : path);
      if (/[%;]|\/\//.test(written)) return;
      expect(plainPath(written)).toBe(written);
    }),
  );
});
