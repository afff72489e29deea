import { expect, it, test } from 'vitest';
import { parseCacheTags } from '../../../src/gateway/cache-tags.ts';

const tagsOf = (field: string) => parseCacheTags(new Headers({ 'cache-tag': field }));
const many = (count: number) => Array.from({ length: count }, (_, at) => `t${at}`);

it.each<[string, string, string[]]>([
  ['one', 'city:1', ['city:1']],
  ['several', 'city:1, country:AD,x', ['city:1', 'country:AD', 'x']],
  ['each once', 'a, b, a', ['a', 'b']],
  ['no empty ones', ',a,, b ,', ['a', 'b']],
  ['with spaces inside', 'a b, c', ['a b', 'c']],
  ['of 256 characters', 'x'.repeat(256), ['x'.repeat(256)]],
  ['64 of them', many(64).join(), many(64)],
  ['64 of them, some twice', [...many(64), ...many(9)].join(), many(64)],
  ['none', '', []],
])('%s', (_what, field, tags) => {
  expect(tagsOf(field)).toEqual(tags);
});

test('without the field there are none', () => {
  expect(parseCacheTags(new Headers())).toEqual([]);
});

test('of several fields all are read', () => {
  const headers = new Headers([
    ['cache-tag', 'a'],
    ['cache-tag', 'b'],
  ]);
  expect(parseCacheTags(headers)).toEqual(['a', 'b']);
});

it.each([
  ['more than 64', many(65).join()],
  ['longer than 256 characters', `a,${'x'.repeat(257)}`],
])(
  '%s are none at all: what can’t be purged by all of its tags must not be stored',
  (_what, field) => {
    expect(tagsOf(field)).toBeUndefined();
  },
);
