import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyBelow, MAX_KEY_BYTES, namespacePrefix } from '../../../src/cache/keys.ts';
import { InvalidKey } from '../../../src/errors.ts';
import { KeySpace } from '../../../src/tenant/key.ts';
import { isTenantId, type TenantId } from '../../../src/tenant/tenant-id.ts';
import { tenantId } from '../support/tenants.ts';

// Whatever the grammar gives a meaning to, and what encodings go wrong on.
const character = fc.oneof(
  fc.constantFrom(':', '~', '%', '\0', '/', '?', '.', 'v', '2', 'n', 'e', 'g', ' ', '\u00e9'),
  fc.constantFrom('\ud800', '\udc00', '\ufffd', '\u{1f600}'),
  fc.string({ unit: 'binary', maxLength: 1 }),
);
const segment = fc.array(character, { maxLength: 4 }).map((parts) => parts.join(''));
const segments = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .filter((parts) => parts.join('') !== '' || parts.length > 1);
const tenant = fc
  .stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/)
  .filter((text): text is TenantId => isTenantId(text));
const namespace = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,6}$/);
const place = fc.record({
  prefix: fc.constantFrom('tc', 'tc-2', 'v1'),
  version: fc.integer({ min: 1, max: 30 }),
  tenant,
  namespace,
  namespaceVersion: fc.integer({ min: 1, max: 30 }),
  segments,
});
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

const nameOf = (at: Place): string => {
  const below = namespacePrefix(at.namespace, at.namespaceVersion);
  return new KeySpace(at.prefix, at.version).key(at.tenant, keyBelow(below, at.segments)).fullName;
};

describe('the keys of the library', () => {
  test('two places share a name only if they are one', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        expect(nameOf(one) === nameOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 3000 },
    );
  });

  test('places that differ in one thing have different names', () => {
    fc.assert(
      fc.property(place, place, fc.constantFrom(...keysOf()), (one, other, what) => {
        const changed = { ...one, [what]: other[what] };
        fc.pre(JSON.stringify(changed) !== JSON.stringify(one));
        expect(nameOf(changed)).not.toBe(nameOf(one));
      }),
      { numRuns: 3000 },
    );
  });

  test('no name reaches out of its tenant, its namespace or into the internal records', () => {
    fc.assert(
      fc.property(place, (at) => {
        const name = nameOf(at);
        const version = at.namespaceVersion === 1 ? '' : `.v${at.namespaceVersion}`;
        const start = `${at.prefix}:v${at.version}:t:${at.tenant}:n:${at.namespace}${version}:`;
        expect(name.startsWith(start)).toBe(true);
        expect(name).toMatch(/^[\x21-\x7d]+$/);
      }),
    );
  });

  test('text is split at its colons, a list is not', () => {
    const below = namespacePrefix('users', 1);
    expect(keyBelow(below, 'a:b')).toBe('n:users:a:b');
    expect(keyBelow(below, ['a', 'b'])).toBe('n:users:a:b');
    expect(keyBelow(below, ['a:b'])).toBe('n:users:a%3Ab');
    expect(namespacePrefix('users', 2)).toBe('n:users.v2');
    expect(new KeySpace('tc', 1).key(tenantId('acme'), keyBelow(below, '42')).name).toBe(
      'tc:v1:t:acme:n:users:42',
    );
  });

  test.each([
    ['a number', 42],
    ['null', null],
    ['undefined', undefined],
    ['an object', { id: 42 }],
    ['a list with a number', ['a', 42]],
    ['an empty text', ''],
    ['an empty list', []],
    ['a text that is too long', 'x'.repeat(MAX_KEY_BYTES)],
    ['a text that is too long once it is encoded', 'é'.repeat(700)],
    ['a list that is too long', Array.from({ length: 129 }, () => 'a')],
  ])('%s is no key', (_what, input) => {
    expect(() => keyBelow('n:users', input as string)).toThrow(InvalidKey);
  });
});

function keysOf(): (keyof Place)[] {
  return ['prefix', 'version', 'tenant', 'namespace', 'namespaceVersion', 'segments'];
}
