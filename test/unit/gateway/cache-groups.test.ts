import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  groupTags,
  groupTarget,
  MAX_GROUP_LENGTH,
  MAX_GROUPS,
  namesOf,
  parseGroups,
} from '../../../src/gateway/cache-groups.ts';
import { formatStringList } from '../../../src/http/structured-fields.ts';
import { parsePurgeBody } from '../../../src/gateway/purge-body.ts';
import { tagTarget } from '../../../src/tenant/target.ts';
import { tenant } from '../support/tenants.ts';

const many = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`);

describe('RFC 9875, section 2: a field of groups is a List of Strings', () => {
  it.each<[string, string | null, readonly string[]]>([
    ['without the field there are none', null, []],
    ['an empty field has none', '', []],
    ['one', '"a"', ['a']],
    ['several, the example of the RFC', '"scripts", "a b"', ['scripts', 'a b']],
    ['case-sensitive', '"a", "A"', ['a', 'A']],
    ['each once', '"a", "b", "a"', ['a', 'b']],
    ['parameters are ignored', '"a";x=1;y, "b";z="c"', ['a', 'b']],
    ['with escapes', '"a\\"b\\\\c"', ['a"b\\c']],
    ['with what separates a list', '"a, b"', ['a, b']],
    ['an empty name', '""', ['']],
    ['32 of 32 characters', formatStringList(many(32).map((name) => name.padEnd(32))), many(32)],
  ])('%s', (_what, field, names) => {
    const parsed = parseGroups(field);
    expect(parsed.names.map((name) => (name.length === 32 ? name.trimEnd() : name))).toEqual(names);
    expect(parsed).toMatchObject({ over: 0, unusable: 0 });
  });

  it.each([
    ['a Token', 'a'],
    ['a Token among Strings', '"a", b'],
    ['an Integer', '"a", 1'],
    ['an Inner List', '"a", ("b" "c")'],
    ['a Byte Sequence', ':YQ==:'],
    ['a Display String', '%"a"'],
    ['a String that does not end', '"a'],
    ['a comma at the end', '"a",'],
    ['letters outside ASCII', '"Zürich"'],
  ])(
    'RFC 9651, sections 2 and 4.2: with %s the whole field is ignored, and reported',
    (_what, field) => {
      expect(parseGroups(field)).toEqual({ names: [], over: 0, unusable: 1 });
    },
  );

  test('what is over a cap is left out, and counted', () => {
    expect(parseGroups(formatStringList(many(MAX_GROUPS + 2)))).toEqual({
      names: many(MAX_GROUPS),
      over: 2,
      unusable: 0,
    });
    const long = 'x'.repeat(MAX_GROUP_LENGTH + 1);
    expect(parseGroups(formatStringList(['a', long]))).toEqual({
      names: ['a'],
      over: 1,
      unusable: 0,
    });
  });
});

const name = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((at) => String.fromCharCode(at)),
});
const origin = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.constantFrom('a.example', 'b.example', '127.0.0.1'),
    fc.constantFrom('', ':8080', ':8443'),
  )
  .map(([scheme, host, port]) => `${scheme}://${host}${port}`);

describe('the tag of a group', () => {
  test('is that of no other group, and of a group of the name on any origin', () => {
    const group = fc.tuple(origin, name);
    fc.assert(
      fc.property(group, group, ([one, a], [other, b]) => {
        const tags = groupTags(one, [a]).map(tagTarget);
        expect(tags.includes(groupTarget(other, b))).toBe(one === other && a === b);
        expect(tags.includes(groupTarget(undefined, b))).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });

  test('is no tag that an origin can send or a purge can name', () => {
    const acme = tenant('acme');
    fc.assert(
      fc.property(origin, name, (of, called) => {
        for (const tag of groupTags(of, [called])) {
          expect(parsePurgeBody({ tags: [tag] }, acme)).toHaveProperty('problems');
          expect(() => new Headers({ 'cache-tag': `x${tag}x` })).toThrow(TypeError);
          expect(tag.startsWith('\n')).toBe(true);
        }
      }),
    );
  });

  test('is told back as it was named, apart from the tags', () => {
    fc.assert(
      fc.property(origin, fc.uniqueArray(name), (of, names) => {
        const tags = ['a', 'city:1', ...groupTags(of, names)];
        expect(namesOf(tags)).toEqual({ tags: ['a', 'city:1'], groups: names });
        expect(parseGroups(formatStringList(names)).names).toEqual(names.slice(0, MAX_GROUPS));
      }),
    );
  });
});
