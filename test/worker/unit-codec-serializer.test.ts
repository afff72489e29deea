import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { freezeValue } from '../../src/codec/frozen.ts';
import { defaultSerializer } from '../../src/codec/serializer.ts';
import { UnserializableValue } from '../../src/errors.ts';

function roundTrip(value: unknown): unknown {
  const { bytes, contentType } = defaultSerializer.serialize(value);
  return defaultSerializer.deserialize(bytes, contentType);
}

function refusal(value: unknown): UnserializableValue {
  try {
    defaultSerializer.serialize(value);
  } catch (error) {
    if (error instanceof UnserializableValue) return error;
    throw error;
  }
  throw new Error('The value was serialized.');
}

test('a value is read back as it was written', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(roundTrip({ value })).toStrictEqual({ value });
    }),
  );
  const url = new URL('https://a.example/b?c#d');
  expect(String(roundTrip(url))).toBe(String(url));
});

describe("the platform's own objects are refused, with what to do instead", () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a Response', () => new Response('{}'), /await response\.json\(\)/],
    ['a Request', () => new Request('https://a.example'), /await response\.json\(\)/],
    ['a stream', () => new ReadableStream(), /stream/],
    ['a promise', () => Promise.resolve(1), /await it/],
    ['a Blob', () => new Blob(['a']), /arrayBuffer/],
    ['Headers', () => new Headers(), /instance of Headers/],
    ['FormData', () => new FormData(), /instance of FormData/],
    ['a signal', () => new AbortController().signal, /instance of AbortSignal/],
  ])('%s', (_what, make, message) => {
    const error = refusal({ users: [{ avatar: make() }] });
    expect(error.path).toBe('.users[0].avatar');
    expect(error.message).toMatch(message);
  });
});

describe('nesting', () => {
  const nested = (levels: number, leaf: unknown): unknown => {
    let value = leaf;
    for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { value };
    return value;
  };

  it.each([[1], [1n]])('a thousand levels fit the stack of workerd, around %s', (leaf) => {
    const value = nested(1000, leaf);
    let inner = roundTrip(value);
    for (let level = 0; level < 1000; level += 1)
      inner = Array.isArray(inner) ? inner[0] : (inner as { value: unknown }).value;
    expect(inner).toBe(leaf);
    expect(freezeValue(value)).toBeDefined();
  });

  it.each([[1], [1n]])('a hundred thousand do not, and are refused, around %s', (leaf) => {
    expect(refusal(nested(100_000, leaf)).message).toMatch(/nested/);
  });
});
