import { describe, expect, it, test } from 'vitest';
import { defaultSerializer } from '../../../src/codec/serializer.ts';
import { UnserializableValue } from '../../../src/errors.ts';

/** The error that a value is refused with: never another one. */
function refusal(value: unknown): UnserializableValue {
  try {
    defaultSerializer.serialize(value);
  } catch (error) {
    if (error instanceof UnserializableValue) return error;
    throw error;
  }
  throw new Error('The value was serialized.');
}

class User {
  readonly name = 'Ada';
}
class Names extends Array<string> {}
class Table extends Map<string, string> {}

describe('what can not be stored is refused, with its path and what it is', () => {
  it.each<[string, unknown, RegExp]>([
    ['a function', () => 1, /it is a function/],
    ['a symbol', Symbol('s'), /it is a symbol/],
    ['a class instance', new User(), /an instance of User/],
    ['an instance of a subclass of Array', new Names(), /an instance of Names/],
    ['an instance of a subclass of Map', new Table(), /an instance of Table/],
    ['an Error', new TypeError('no'), /an instance of TypeError/],
    ['an object with a prototype of its own', Object.create({ a: 1 }), /prototype of its own/],
    ['an object with symbols for keys', { [Symbol('s')]: 1 }, /symbols for keys/],
    ['an object that says that it is a Date', { [Symbol.toStringTag]: 'Date' }, /symbols/],
    ['a promise', Promise.resolve(1), /await it/],
    // eslint-disable-next-line unicorn/no-thenable -- That is the case.
    ['a thenable', { then: () => 1 }, /await it|function/],
    ['a Response', new Response('{}'), /await response\.json\(\)/],
    ['a Request', new Request('https://a.example'), /await response\.json\(\)/],
    ['a stream', new ReadableStream(), /it is a stream/],
    ['a Blob', new Blob(['a']), /arrayBuffer/],
    ['Headers', new Headers(), /an instance of Headers/],
    ['a WeakMap', new WeakMap(), /a WeakMap/],
    ['a WeakRef', new WeakRef({}), /a WeakRef/],
    ['a regular expression of a subclass', new (class Mine extends RegExp {})('a'), /of Mine/],
  ])('%s', (_what, value, message) => {
    for (const [path, around] of [
      ['', value],
      ['.a', { a: value }],
      ['.users[3].avatar', { users: [1, 2, 3, { avatar: value }] }],
      ['["a b"][0]', { 'a b': [value] }],
      ['.map.get("k").x', { map: new Map([['k', { x: value }]]) }],
    ] as const) {
      const error = refusal(around);
      expect(error.path).toBe(path);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(`The value${path} can't be stored`);
      expect(error).toMatchObject({ code: 'value_unserializable', retryable: false });
    }
  });

  test('a toJSON method is a function like any other: what it would write is not the value', () => {
    expect(refusal({ a: { toJSON: () => 1 } }).path).toBe('.a.toJSON');
  });

  test('nesting beyond any stack, of any kind, is refused as well', () => {
    const kinds: ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ inner }),
      (inner) => new Map([['k', inner]]),
      (inner) => new Map([[inner, 'v']]),
      (inner) => new Set([inner]),
      (inner) => ({ inner, at: new Date(0) }),
    ];
    for (const around of kinds) {
      let value: unknown = 1;
      for (let level = 0; level < 100_000; level += 1) value = around(value);
      expect(refusal(value).message).toMatch(/nested/);
    }
  });

  test('a chain of references that is deep only on the way through it is refused as well', () => {
    const nodes = Array.from({ length: 100_000 }, (): { next?: object } => ({}));
    nodes.forEach((node, at) => {
      const next = nodes[at + 1];
      if (next) node.next = next;
    });
    expect(refusal(nodes).message).toMatch(/nested/);
  });

  test('a thousand levels are none too many', () => {
    for (const leaf of [1, 1n]) {
      let value: unknown = leaf;
      for (let level = 0; level < 1000; level += 1) value = [value];
      const { bytes, contentType } = defaultSerializer.serialize(value);
      expect(defaultSerializer.deserialize(bytes, contentType)).toEqual(value);
      expect(refusal([value]).message).toMatch(/nested/);
    }
  });

  test('a getter that throws is reported with what it threw', () => {
    const cause = new Error('no');
    const value = {
      get a(): number {
        throw cause;
      },
    };
    expect(refusal(value)).toMatchObject({ cause });
    expect(refusal({ value, at: new Date() })).toMatchObject({ cause });
  });
});
