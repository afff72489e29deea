import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { defaultSerializer } from '../../../src/codec/serializer.ts';
import { text } from '../support/arbitraries.ts';

const JSON_TYPE = 'application/json';
const RICH_TYPE = 'application/vnd.tiercel.devalue';
const BYTES_TYPE = 'application/octet-stream';

function roundTrip(value: unknown): unknown {
  const { bytes, contentType } = defaultSerializer.serialize(value);
  return defaultSerializer.deserialize(bytes, contentType);
}

const contentType = (value: unknown): string => defaultSerializer.serialize(value).contentType;

/** Anything that data is made of: also keys that are `__proto__`, lone surrogates, holes, objects without a prototype. */
const anything = fc.anything({
  key: fc.oneof(text, fc.constantFrom('__proto__', '~__proto__', '~~__proto__', 'then')),
  values: [
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    text,
    fc.constantFrom<unknown>(undefined, null, NaN, -0, Infinity, -Infinity, -1, -7),
    fc.webUrl().map((url) => new URL(url)),
    fc.constantFrom(/a/g, /[<"\\]\//u),
    fc.uint8Array().map((bytes) => bytes.buffer),
  ],
  maxDepth: 4,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
});

describe('a value is read back as it was written', () => {
  test('anything', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(roundTrip(value)).toStrictEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  test('any JSON, as JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const value: unknown = JSON.parse(json);
        fc.pre(!json.includes('-0') && !json.includes('e-'));
        expect(contentType(value)).toBe(JSON_TYPE);
        expect(roundTrip(value)).toStrictEqual(value);
      }),
    );
  });

  it.each<[string, unknown, string]>([
    ['null', null, JSON_TYPE],
    ['text', 'a', JSON_TYPE],
    ['a number', 1.5, JSON_TYPE],
    ['an empty object', {}, JSON_TYPE],
    ['undefined', undefined, RICH_TYPE],
    ['NaN', NaN, RICH_TYPE],
    ['-0', -0, RICH_TYPE],
    ['-0 in a list', [-0], RICH_TYPE],
    ['a number that devalue uses for something else', [-1, -2, -7], JSON_TYPE],
    ['a list of -2 next to a hole', [-2, , 1], RICH_TYPE], // eslint-disable-line no-sparse-arrays -- The hole is the case.
    ['an undefined field', { a: undefined, b: 1 }, RICH_TYPE],
    ['an undefined element', [undefined], RICH_TYPE],
    ['a Date', { at: new Date(1) }, RICH_TYPE],
    ['a Date that is none', new Date(NaN), RICH_TYPE],
    ['a Map of Maps', new Map([[{ a: 1 }, new Map([[NaN, new Set([1n])]])]]), RICH_TYPE],
    ['a BigInt', 2n ** 80n, RICH_TYPE],
    ['a lone surrogate', '\ud800', JSON_TYPE],
    ['a lone surrogate as a key', { '\udc00': ['\ud800'] }, JSON_TYPE],
    ['the same beside a Date', { '\udc00': '\ud800', at: new Date(1) }, RICH_TYPE],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), RICH_TYPE],
    ['bytes', new Uint8Array([0, 255]), BYTES_TYPE],
    ['no bytes', new Uint8Array(0), BYTES_TYPE],
    ['bytes in an object', { bytes: new Uint8Array([0, 255]) }, RICH_TYPE],
    ['numbers in an array of floats', new Float64Array([-0, NaN, 1e300]), RICH_TYPE],
    ['a very sparse list', Object.assign([], { 100_000: 1 }), RICH_TYPE],
  ])('%s', (_what, value, type) => {
    expect(contentType(value)).toBe(type);
    expect(roundTrip(value)).toStrictEqual(value);
  });

  test('cycles and shared references', () => {
    const shared = { name: 'shared' };
    const value: Record<string, unknown> = { a: shared, b: [shared], at: new Date(0) };
    value['self'] = value;
    const read = roundTrip(value) as { a: object; b: object[]; self: unknown };
    expect(read.self).toBe(read);
    expect(read.b[0]).toBe(read.a);
    const pair = [shared, shared];
    expect(contentType(pair)).toBe(RICH_TYPE);
    const [one, other] = roundTrip(pair) as [object, object];
    expect(one).toBe(other);
  });

  test('two views that show the whole of one buffer share it afterwards', () => {
    const { buffer } = new Uint8Array([1, 2, 3, 4]);
    const value = { bytes: new Uint8Array(buffer), words: new Uint16Array(buffer) };
    const read = roundTrip(value) as typeof value;
    expect(read).toStrictEqual(value);
    expect(read.words.buffer).toBe(read.bytes.buffer);
  });
});

describe('keys that are `__proto__`', () => {
  const json = '{"__proto__":{"admin":true},"a":{"__proto__":1,"~__proto__":2}}';

  it.each<[string, (value: object) => unknown]>([
    ['in JSON', (value) => value],
    ['beside a Date', (value) => Object.assign(value, { at: new Date(1) })],
    ['in a Map', (value) => new Map([['k', value]])],
    ['in a cycle', (value) => Object.assign(value, { value })],
  ])('%s are kept, and pollute nothing', (_what, around) => {
    const value = around(JSON.parse(json) as object);
    const read = roundTrip(value);
    expect(read).toStrictEqual(value);
    const inner = (read instanceof Map ? read.get('k') : read) as Record<string, unknown>;
    expect(Object.keys(inner)).toContain('__proto__');
    expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
    expect(inner['admin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('that somebody wrote into the store pollute nothing either', () => {
    for (const hostile of ['[{"__proto__":1},{"admin":2},true]', '[["null","__proto__",1],1]']) {
      const bytes = new TextEncoder().encode(hostile);
      expect(() => defaultSerializer.deserialize(bytes, RICH_TYPE)).toThrow(/__proto__/);
    }
  });
});

describe('nobody shares memory with what is stored', () => {
  test('bytes are copied on both ways', () => {
    const value = new Uint8Array([1, 2, 3]);
    const { bytes } = defaultSerializer.serialize(value);
    value.fill(9);
    expect([...bytes]).toEqual([1, 2, 3]);
    const read = defaultSerializer.deserialize(bytes, BYTES_TYPE) as Uint8Array;
    read.fill(9);
    expect([...bytes]).toEqual([1, 2, 3]);
  });

  test('of a view on a larger buffer only what it shows is kept: the rest may be anybody`s', () => {
    const pool = new TextEncoder().encode('mine, not yours');
    const view = pool.subarray(0, 4);
    expect(defaultSerializer.serialize(view).bytes.buffer.byteLength).toBe(4);
    const { bytes } = defaultSerializer.serialize({ view, data: new DataView(pool.buffer, 0, 4) });
    const read = defaultSerializer.deserialize(bytes, RICH_TYPE) as {
      view: Uint8Array;
      data: DataView;
    };
    expect([...read.view]).toEqual([...view]);
    expect(read.view.buffer.byteLength).toBe(4);
    expect(read.data.buffer.byteLength).toBe(4);
  });
});

describe('what it did not write, it does not read', () => {
  it.each([
    ['a foreign content type', '1', 'text/plain'],
    ['no content type', '1', ''],
    ['JSON that is none', '{', JSON_TYPE],
    ['nothing', '', JSON_TYPE],
    ['rich data that is none', '{}', RICH_TYPE],
    ['an index past the end', '[[5]]', RICH_TYPE],
    ['an unknown type', '[["Evil",1]]', RICH_TYPE],
    ['a buffer that would be a length', '[["Uint8Array",1],1000000000]', RICH_TYPE],
    ['nesting beyond any stack', deepRich(200_000), RICH_TYPE],
  ])('%s', (_what, content, type) => {
    const bytes = new TextEncoder().encode(content);
    expect(() => defaultSerializer.deserialize(bytes, type)).toThrow(Error);
  });

  test('bytes that are no UTF-8', () => {
    const bytes = new Uint8Array([0x22, 0xff, 0x22]);
    expect(() => defaultSerializer.deserialize(bytes, JSON_TYPE)).toThrow(Error);
    expect(() => defaultSerializer.deserialize(bytes, RICH_TYPE)).toThrow(Error);
  });
});

/** Lists inside each other, as devalue writes them: each refers to the next. */
function deepRich(levels: number): string {
  return JSON.stringify([...Array.from({ length: levels }, (_, at) => [at + 1]), 'innermost']);
}
