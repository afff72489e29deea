import { expect, it, test } from 'vitest';
import { parseCacheTags } from '../../../src/gateway/cache-tags.ts';

const tagsOf = (field: string) => parseCacheTags(new Headers({ 'cache-tag': field }));
const many = (count: number) => Array.from({ length: count }, (_, at) => `t${at}`);

it.each<[string, string, string[]]>([
  ['one', 'city:1', ['city:1']],
  ['several', 'city:1, country:AD,x', ['city:1', 'country:AD', 'x']],
  ['each once', 'a, b, a', ['a', 'b']],
  ['case-sensitive', 'a, A', ['a', 'A']],
  ['no empty ones', ',a,, b ,', ['a', 'b']],
  ['with spaces inside', 'a b, c', ['a b', 'c']],
  ['with what other fields would quote', '"a", b;c=d', ['"a"', 'b;c=d']],
  ['of 256 characters', 'x'.repeat(256), ['x'.repeat(256)]],
  ['64 of them', many(64).join(), many(64)],
  ['64 of them, some twice', [...many(64), ...many(9)].join(), many(64)],
  ['none', '', []],
])('%s', (_what, field, names) => {
  expect(tagsOf(field)).toEqual({ names, over: 0, unusable: 0 });
});

test('without the field there are none', () => {
  expect(parseCacheTags(new Headers())).toEqual({ names: [], over: 0, unusable: 0 });
});

test('of several fields all are read', () => {
  const headers = new Headers([
    ['cache-tag', 'a'],
    ['cache-tag', 'b'],
  ]);
  expect(parseCacheTags(headers).names).toEqual(['a', 'b']);
});

it.each<[string, string, Partial<ReturnType<typeof tagsOf>>]>([
  ['more than 64', many(67).join(), { over: 3, unusable: 0 }],
  ['longer than 256 characters', `a,${'x'.repeat(257)}`, { names: ['a'], over: 1, unusable: 0 }],
  ['with a letter outside ASCII', 'a, Zürich', { names: ['a'], over: 0, unusable: 1 }],
  ['with a control character', 'a\u0001b, c\u007f, d', { names: ['d'], over: 0, unusable: 2 }],
  ['with a tab inside', 'a\tb', { names: [], over: 0, unusable: 1 }],
])('%s: how many are told, so that the response is not stored', (_what, field, expected) => {
  expect(tagsOf(field)).toMatchObject(expected);
});
