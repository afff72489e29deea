import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InvalidKey } from '../../../src/errors.ts';
import { KeySpace, MAX_NAME_BYTES, parseName, segmentPrefixes } from '../../../src/tenant/key.ts';
import { encodeKey, encodeSegment } from '../../../src/tenant/segments.ts';
import { segments, tenantText, text } from '../support/arbitraries.ts';
import { tenantId } from '../support/tenants.ts';

const prefixText = fc.stringMatching(/^[a-z0-9-]{1,16}$/);
const versionNumber = fc.integer({ min: 1, max: 1_000_000 });
const place = fc.record({
  prefix: prefixText,
  version: versionNumber,
  tenant: tenantText,
  segments,
});
const keyOf = (at: { prefix: string; version: number; tenant: string; segments: string[] }) =>
  new KeySpace(at.prefix, at.version).key(tenantId(at.tenant), encodeKey(at.segments));
/** Segments whose name is certainly over the limit. */
const longSegments = fc
  .tuple(segments, fc.integer({ min: 500, max: 900 }))
  .map(([list, length]) => [...list, 'x'.repeat(length)]);

describe('the key space', () => {
  it.each(['', 'TC', 'a_b', 'a:b', '~', 'x'.repeat(17), 'a\n'])(
    'refuses the prefix %j',
    (prefix) => {
      expect(() => new KeySpace(prefix, 1)).toThrow(InvalidKey);
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'refuses the version %s',
    (version) => {
      expect(() => new KeySpace('tc', version)).toThrow(InvalidKey);
    },
  );

  test('the longest prefix and any positive version are accepted', () => {
    expect(new KeySpace('x'.repeat(16), 7).key(tenantId('a'), 'k').fullName).toBe(
      `${'x'.repeat(16)}:v7:t:a:k`,
    );
  });

  test('names are injective over prefix, version, tenant and segments', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(keyOf(one).fullName === keyOf(other).fullName).toBe(same);
        expect(keyOf(one).name === keyOf(other).name).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  test('names of one tenant are injective over segments that differ a little', () => {
    const space = new KeySpace('tc', 1);
    fc.assert(
      fc.property(fc.oneof(segments, longSegments), fc.nat(), text, (list, at, other) => {
        const position = at % list.length;
        const changed = list.with(position, other);
        const name = (of: string[]): string => space.key(tenantId('a'), encodeKey(of)).name;
        fc.pre(changed.join('') !== '' || changed.length > 1);
        expect(name(list) === name(changed)).toBe(list[position] === other);
      }),
      { numRuns: 500 },
    );
  });

  test('no key of one tenant begins like the keys of another', () => {
    fc.assert(
      fc.property(tenantText, tenantText, segments, (one, other, list) => {
        fc.pre(one !== other);
        const space = new KeySpace('tc', 1);
        const { name } = space.key(tenantId(one), encodeKey(list));
        expect(name.startsWith(`tc:v1:t:${other}:`)).toBe(false);
      }),
    );
  });

  test('no key of an entry is the name of an internal record, shortened or not', () => {
    fc.assert(
      fc.property(fc.oneof(segments, longSegments), (list) => {
        const { name, fullName } = new KeySpace('tc', 1).key(tenantId('a'), encodeKey(list));
        expect(name.startsWith('tc:v1:t:a:~')).toBe(false);
        expect(fullName.includes('~')).toBe(false);
      }),
    );
  });
});

describe('a name that would be over the limit', () => {
  test('no name is longer than 512 bytes, and all of them are ASCII', () => {
    fc.assert(
      fc.property(prefixText, tenantText, fc.oneof(segments, longSegments), (prefix, id, list) => {
        const space = new KeySpace(prefix, 1_000_000);
        const key = encodeKey(list);
        for (const name of [space.key(tenantId(id), key).name, space.record(tenantId(id), key)]) {
          expect(new TextEncoder().encode(name).length).toBe(name.length);
          expect(name.length).toBeLessThanOrEqual(MAX_NAME_BYTES);
        }
      }),
    );
  });

  test('a name of exactly 512 bytes is kept whole, one of 513 is shortened to 512', () => {
    const space = new KeySpace('tc', 1);
    const fill = MAX_NAME_BYTES - 'tc:v1:t:a:'.length;
    const fits = space.key(tenantId('a'), 'x'.repeat(fill));
    expect(fits.name).toBe(fits.fullName);
    const over = space.key(tenantId('a'), 'x'.repeat(fill + 1));
    expect(over.fullName).toHaveLength(MAX_NAME_BYTES + 1);
    expect(over.name).toHaveLength(MAX_NAME_BYTES);
    expect(over.name).toMatch(/^tc:v1:t:a:x+~[0-9a-f]{64}$/);
  });

  test('two that differ only past the readable head have different names', () => {
    const space = new KeySpace('tc', 1);
    fc.assert(
      fc.property(text, text, (one, other) => {
        fc.pre(one !== other);
        const name = (end: string): string =>
          space.key(tenantId('a'), encodeKey(['x'.repeat(600), end])).name;
        expect(name(one)).not.toBe(name(other));
        expect(name(one).slice(0, 447)).toBe(name(other).slice(0, 447));
      }),
    );
  });

  test('the key and the full name stay whole: marks and checksums are bound to them', () => {
    const list = ['x'.repeat(600), 'end'];
    const key = new KeySpace('tc', 1).key(tenantId('a'), encodeKey(list));
    expect(key.key).toBe(encodeKey(list));
    expect(key.fullName).toBe(`tc:v1:t:a:${encodeKey(list)}`);
  });
});

describe('parseName', () => {
  test('reads the name of any key back, unless it was shortened', () => {
    fc.assert(
      fc.property(place, (at) => {
        const { name, fullName } = keyOf(at);
        const { segments: list, ...rest } = at;
        const whole = name === fullName;
        expect(parseName(name)).toEqual({
          ...rest,
          segments: whole ? list : undefined,
          record: undefined,
        });
      }),
      { numRuns: 500 },
    );
  });

  test('reads the query of a gateway key back, and whatever variant stands behind it', () => {
    fc.assert(
      fc.property(segments, text, fc.array(text, { maxLength: 2 }), (list, query, variant) => {
        const key = [encodeKey(list), `?${encodeSegment(query)}`, ...variant.map(encodeSegment)];
        const { name, fullName } = new KeySpace('tc', 1).key(tenantId('a'), key.join(':'));
        fc.pre(name === fullName);
        expect(parseName(name)?.segments).toEqual([...list, { query }, ...variant]);
      }),
    );
  });

  test('says of a shortened name whose it is, and nothing of its key', () => {
    const { name } = new KeySpace('tc', 2).key(tenantId('acme'), 'x'.repeat(600));
    expect(parseName(name)).toEqual({
      prefix: 'tc',
      version: 2,
      tenant: 'acme',
      segments: undefined,
      record: undefined,
    });
  });

  test('knows an internal record, shortened or not', () => {
    const space = new KeySpace('tc', 1);
    expect(parseName(space.record(tenantId('acme'), 'ledger'))).toMatchObject({
      tenant: 'acme',
      segments: undefined,
      record: '~ledger',
    });
    expect(parseName(space.record(tenantId('acme'), 'x'.repeat(600)))?.record).toMatch(/^~x+~/);
  });

  it.each([
    ['nothing', ''],
    ['another program’s key', 'session:42'],
    ['no version', 'tc:t:acme:k'],
    ['version 0', 'tc:v0:t:acme:k'],
    ['a version with a leading zero', 'tc:v01:t:acme:k'],
    ['a prefix that is none', 'TC:v1:t:acme:k'],
    ['a prefix that is too long', `${'x'.repeat(17)}:v1:t:acme:k`],
    ['a tenant that is none', 'tc:v1:t:-acme:k'],
    ['a tenant that is too long', `tc:v1:t:${'x'.repeat(65)}:k`],
    ['no key', 'tc:v1:t:acme:'],
    ['no key at all', 'tc:v1:t:acme'],
    ['a segment that is not encoded', 'tc:v1:t:acme:a b'],
    ['a query inside a segment', 'tc:v1:t:acme:a?b'],
    ['the heads of all tenants', 'tc:v1:~heads'],
  ])('knows that %s is none of ours', (_what, name) => {
    expect(parseName(name)).toBeUndefined();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(text, (rest) => {
        expect(() => parseName(rest)).not.toThrow();
        expect(() => parseName(`tc:v1:t:a:${rest}`)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe('segmentPrefixes', () => {
  it.each([
    ['a', ['a']],
    ['a:b:c', ['a', 'a:b', 'a:b:c']],
    ['a::b', ['a', 'a:', 'a::b']],
    ['g:https:h::?', ['g', 'g:https', 'g:https:h', 'g:https:h:', 'g:https:h::?']],
  ])('of %s', (key, prefixes) => {
    expect(segmentPrefixes(key)).toEqual(prefixes);
  });

  test('are the encoded heads of the list of segments', () => {
    fc.assert(
      fc.property(segments, (list) => {
        const heads = list.map((_segment, at) =>
          list
            .slice(0, at + 1)
            .map(encodeSegment)
            .join(':'),
        );
        expect(segmentPrefixes(encodeKey(list))).toEqual(heads);
      }),
    );
  });
});
