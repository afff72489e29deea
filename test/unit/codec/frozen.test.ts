import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { freezeValue } from '../../../src/codec/frozen.ts';

const bytesOf = (value: unknown): number => {
  const outcome = freezeValue(value);
  if (!outcome) throw new Error('not plain');
  return outcome.bytes;
};

/** Every object inside a value, itself included. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

describe('a frozen value', () => {
  test('can not be changed anywhere', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const value: unknown = JSON.parse(json);
        expect(freezeValue(value)).toBeDefined();
        for (const object of objectsIn(value)) {
          expect(Object.isFrozen(object)).toBe(true);
          expect(Reflect.set(object, 'new', 1)).toBe(false);
          for (const key of Object.keys(object)) {
            expect(Reflect.set(object, key, 'other')).toBe(false);
            expect(Reflect.deleteProperty(object, key)).toBe(false);
          }
          expect(Reflect.setPrototypeOf(object, {})).toBe(false);
        }
        expect(value).toStrictEqual(JSON.parse(json));
      }),
    );
  });

  it.each([['a'], [1], [true], [null], [undefined], [1n], [NaN]])('may be %s', (value) => {
    expect(bytesOf(value)).toBeLessThan(100);
  });

  test('may have undefined fields: they are as unchangeable as others', () => {
    expect(Object.isFrozen(frozen({ a: undefined, b: [NaN, -0, 1n] }))).toBe(true);
  });

  test('may be large and flat, or deep as far as values are stored', () => {
    expect(bytesOf(Array.from({ length: 200_000 }, (_, at) => at))).toBeGreaterThan(800_000);
    let deep: unknown = 1;
    for (let level = 0; level < 1000; level += 1) deep = [deep];
    expect(freezeValue(deep)).toBeDefined();
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(freezeValue(deep)).toBeUndefined();
  });
});

describe('what can be changed however frozen it is, is left alone', () => {
  const shared = {};
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;

  it.each<[string, unknown]>([
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['bytes', new Uint8Array(1)],
    ['a buffer', new ArrayBuffer(1)],
    ['a regular expression', /a/],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an object without a prototype', Object.create(null)],
    ['something with symbols for keys', { [Symbol('s')]: {} }],
    ['the same object twice', [shared, shared]],
    ['a cycle', cyclic],
  ])('%s', (_what, part) => {
    expect(freezeValue(part)).toBeUndefined();
    const around = { before: {}, part, after: [{}] };
    expect(freezeValue(around)).toBeUndefined();
    for (const object of [around, around.before, around.after, around.after[0]])
      expect(Object.isFrozen(object)).toBe(false);
  });
});

/*
 * What one value occupies in the heap of workerd 2026-08-15 after a collection, frozen: the difference that many copies
 * make to Runtime.getHeapUsage of its inspector. Texts of random letters and digits have the given length.
 */
describe('the estimate is above the heap that workerd needs, and not above twice of it', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let last = 1;
  const random = (length: number): string => {
    let text = '';
    for (let at = 0; at < length; at += 1) {
      last = (last * 48_271) % 0x7fffffff;
      text += letters[last % letters.length] ?? '';
    }
    return text;
  };
  const rows = <Row>(count: number, row: (at: number) => Row) =>
    Array.from({ length: count }, (_, at) => row(at));
  const dictionary = <Value>(count: number, value: (at: number) => Value) =>
    Object.fromEntries(rows(count, (at) => [`k${random(10)}`, value(at)]));

  it.each<[string, number, () => unknown]>([
    ['100 characters', 112, () => random(100)],
    ['10,000 characters', 10_012, () => random(10_000)],
    ['10,000 characters beyond Latin-1', 20_012, () => `€${random(9999)}`],
    ['an empty object', 28, () => ({})],
    ['an empty list', 16, () => []],
    ['five fields', 89, () => ({ a: 1, b: random(12), c: random(20), d: true, e: 33 })],
    [
      'five numbers that are no integers',
      92,
      () => ({ a: 1.5, b: 2.5, c: 2 ** 40, d: 0.1, e: 5.5 }),
    ],
    [
      '20 fields',
      93,
      () =>
        Object.fromEntries(
          rows(20, (at) => [`field${at % 10}${'ab'[at % 2] ?? ''}${at > 9 ? 'x' : ''}`, at]),
        ),
    ],
    ['100 integers', 425, () => rows(100, (at) => at)],
    ['100 fractions', 1625, () => rows(100, (at) => at + 0.5)],
    ['100 times of day', 1624, () => rows(100, (at) => 1_785_542_400_000 + at)],
    ['100 short texts', 2424, () => rows(100, () => random(8))],
    ['100 texts', 4825, () => rows(100, () => random(30))],
    [
      '100 equal texts',
      2826,
      () => rows(100, (id) => ({ id, status: 'active', kind: 'customer' })),
    ],
    [
      '100 rows',
      14_430,
      () =>
        rows(100, (id) => ({
          id,
          name: `n${random(10)}`,
          mail: `${random(20)}@x.y`,
          active: id % 2 === 0,
          lat: id * 1.1,
          tags: ['a', 'b'],
        })),
    ],
    [
      '50 users',
      14_234,
      () =>
        rows(50, (at) => ({
          id: `u_${random(10)}`,
          name: random(14),
          email: random(20),
          createdAt: '2026-08-01T00:00:00.000Z',
          address: { street: random(16), city: random(8), zip: String(8000 + at), country: 'ch' },
          roles: ['a', 'bc'],
          score: at / 3,
        })),
    ],
    [
      '400 points',
      24_052,
      () => ({
        type: 'Polygon',
        coordinates: [rows(400, (at) => [8 + at / 1000.1, 47 + at / 999.7])],
      }),
    ],
    ['20 ids as keys', 1404, () => dictionary(20, (at) => at)],
    ['100 ids as keys', 7285, () => dictionary(100, (at) => at)],
    ['180 ids as keys', 10_549, () => dictionary(180, (at) => at)],
    ['1,000 ids as keys', 48_662, () => dictionary(1000, (at) => at)],
    ['100 ids of objects', 14_804, () => dictionary(100, () => ({ a: 1, b: random(10) }))],
    ['100 indices as keys', 440, () => Object.fromEntries(rows(100, (at) => [at + 1, at]))],
    ['100 numbers as keys', 3137, () => Object.fromEntries(rows(100, (at) => [at * 7919, at]))],
    [
      '1,000 numbers as keys',
      24_631,
      () => Object.fromEntries(rows(1000, (at) => [at * 1_000_003, at])),
    ],
    [
      '50 levels',
      1017,
      () => rows(50, (n) => n).reduce<object>((child, n) => ({ child, n }), { v: 1 }),
    ],
    [
      '500 kB',
      708_126,
      () =>
        rows(3000, (id) => ({
          id,
          name: `n${random(10)}`,
          mail: `${random(20)}@x.y`,
          active: id % 2 === 0,
          lat: id * 1.1,
          lon: id / 7,
          tags: ['a', 'b'],
          text: random(60),
        })),
    ],
  ])('%s', (_what, heap, make) => {
    const estimate = bytesOf(make());
    expect(estimate).toBeGreaterThanOrEqual(heap * 0.99);
    expect(estimate).toBeLessThanOrEqual(heap * 2);
  });
});

function frozen<Value>(value: Value): Value {
  freezeValue(value);
  return value;
}
