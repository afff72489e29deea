import { describe, expect, test } from 'vitest';
import { createCache, namespace, UnserializableValue } from '../../../src/index.ts';
import type { Serializer } from '../../../src/index.ts';

interface User {
  name: string;
  readonly address: { city: string };
  readonly roles: string[];
}

const ada = (): User => ({ name: 'Ada', address: { city: 'London' }, roles: ['admin'] });

const make = () =>
  createCache({
    tenant: 'acme',
    namespaces: {
      users: namespace<User | null>({ ttl: '1m' }),
      copies: namespace<User>({ ttl: '1m', sharing: 'copy' }),
      any: namespace<unknown>({ ttl: '1m' }),
    },
  });

describe('null and undefined', () => {
  test('null is a value: stored, found, not loaded again', async () => {
    const { users } = make();
    let loads = 0;
    const load = (): null => {
      loads += 1;
      return null;
    };
    expect(await users.getOrSet('1', load)).toBeNull();
    expect(await users.getOrSet('1', load)).toBeNull();
    expect(loads).toBe(1);
    expect(await users.get('1')).toBeNull();
    expect(await users.has('1')).toBe(true);
    expect(await users.getMany(['1', '2'])).toEqual([null, undefined]);
  });

  test('undefined is none: handed to the caller and stored nowhere', async () => {
    const { users } = make();
    let loads = 0;
    const load = (): undefined => {
      loads += 1;
      return undefined;
    };
    expect(await users.getOrSet('1', load)).toBeUndefined();
    expect(await users.getOrSet('1', load)).toBeUndefined();
    expect(loads).toBe(2);
    expect(await users.has('1')).toBe(false);
  });
});

describe('what callers get', () => {
  test('is frozen to the last level, and shared', async () => {
    const { users } = make();
    await users.set('1', ada());
    const [one, other] = [await users.get('1'), await users.get('1')];
    expect(other).toBe(one);
    expect(() => {
      if (one) one.name = 'Eve';
    }).toThrow(TypeError);
    expect(() => one?.roles.push('root')).toThrow(TypeError);
    expect(() => {
      if (one) one.address.city = 'Paris';
    }).toThrow(TypeError);
    expect(await users.get('1')).toEqual(ada());
  });

  test('is never the object of whoever wrote it, also not on the way through', async () => {
    const { users } = make();
    const written = ada();
    const loaded = ada();
    await users.set('1', written);
    const served = await users.getOrSet('2', () => loaded);
    expect(served).not.toBe(loaded);
    written.name = 'Eve';
    loaded.roles.push('root');
    expect(await users.get('1')).toEqual(ada());
    expect(await users.get('2')).toEqual(ada());
    expect(Object.isFrozen(written) || Object.isFrozen(loaded)).toBe(false);
  });

  test('is a copy of their own where the namespace says so', async () => {
    const { copies } = make();
    const first = await copies.getOrSet('1', ada);
    first.name = 'Eve';
    const second = await copies.get('1');
    expect(second).toEqual(ada());
    expect(await copies.get('1')).not.toBe(second);
  });

  const rich: readonly (readonly [string, () => unknown, (value: never) => void])[] = [
    ['Date', () => new Date(7), (value: Date) => value.setTime(0)],
    ['Map', () => new Map([['a', 1]]), (value: Map<string, number>) => value.clear()],
    ['Set', () => new Set(['a']), (value: Set<string>) => value.clear()],
    ['Uint8Array', () => new Uint8Array([1, 2]), (value: Uint8Array) => value.fill(0)],
    ['Float64Array', () => new Float64Array([1.5]), (value: Float64Array) => value.fill(0)],
    ['URL', () => new URL('https://a.example/'), (value: URL) => (value.pathname = '/b')],
    [
      'a Date deep inside',
      () => ({ list: [{ at: new Date(7) }] }),
      (value: { list: { at: Date }[] }) => value.list[0]?.at.setTime(0),
    ],
  ];
  test.for(rich)('of a %s: each hit has its own', async ([, value, change]) => {
    const { any } = make();
    await any.set('set', value());
    const callers = await Promise.all([1, 2].map(() => any.getOrSet('loaded', value)));
    for (const caller of callers) change(caller as never);
    change((await any.get('set')) as never);
    expect(await any.get('set')).toEqual(value());
    expect(await any.get('loaded')).toEqual(value());
    expect(await any.getMany(['set', 'loaded'])).toEqual([value(), value()]);
  });

  test('keeps undefined fields, bigints, holes and -0', async () => {
    const { any } = make();
    const value = { gone: undefined, big: 2n ** 70n, zero: -0, nan: Number.NaN };
    await any.set('1', value);
    const got = await any.get('1');
    expect(got).toStrictEqual(value);
  });
});

describe('what can’t be stored', () => {
  test('is an error for the writer, with its path, and changes nothing', async () => {
    const { any } = make();
    await any.set('1', 'old');
    const bad = { users: [{ name: 'Ada' }, { avatar: () => 1 }] };
    const error = await any.set('1', bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnserializableValue);
    expect(error).toMatchObject({ path: '.users[1].avatar', code: 'value_unserializable' });
    expect(await any.get('1')).toBe('old');
    await expect(
      any.setMany([
        ['2', 'fine'],
        ['3', Symbol('none')],
      ]),
    ).rejects.toThrow(UnserializableValue);
    expect(await any.has('2')).toBe(false);
  });

  test('is an error for all who wait for its load, and poisons nothing', async () => {
    const { any } = make();
    const load = (): unknown => Promise.resolve(new Response('body'));
    const outcomes = await Promise.allSettled([any.getOrSet('1', load), any.getOrSet('1', load)]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { path: '' } });
    expect(await any.getOrSet('1', () => 'fine')).toBe('fine');
  });
});

describe('a serializer of somebody’s own', () => {
  const calls: string[] = [];
  const csv: Serializer = {
    serialize(value) {
      calls.push('serialize');
      const bytes = new TextEncoder().encode((value as readonly string[]).join(','));
      return { contentType: 'text/csv', bytes };
    },
    deserialize(bytes, contentType) {
      calls.push(`deserialize ${contentType}`);
      const text = new TextDecoder().decode(bytes);
      if (text.includes('broken')) throw new SyntaxError('broken');
      return text.split(',');
    },
  };

  test('writes and reads the values', async () => {
    const { rows } = createCache({
      tenant: 'acme',
      namespaces: { rows: namespace<readonly string[]>({ ttl: '1m', serializer: csv }) },
    });
    await rows.set('1', ['a', 'b']);
    expect(await rows.get('1')).toEqual(['a', 'b']);
    expect(calls).toEqual(['serialize', 'deserialize text/csv']);
  });

  test('that can’t read what it wrote makes an error for the writer', async () => {
    const { rows } = createCache({
      tenant: 'acme',
      namespaces: { rows: namespace<readonly string[]>({ ttl: '1m', serializer: csv }) },
    });
    await expect(rows.set('1', ['broken'])).rejects.toThrow(SyntaxError);
    expect(await rows.has('1')).toBe(false);
  });
});
