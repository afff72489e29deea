import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, test } from 'vitest';
import { createCache, InvalidValue, namespace } from '../../../src/index.ts';
import type { EventOf } from '../../../src/index.ts';
import { gate, type Gate } from '../engine/timeline.ts';
import { turn } from '../support/runtime.ts';

interface User {
  readonly name: string;
  readonly age: number;
}

/** What a schema library makes; `shape` can be changed, as a deployment changes it. */
function schemaOf<V>(
  accept: (value: unknown) => V | string,
  wait?: () => Promise<unknown>,
): StandardSchemaV1<unknown, V> {
  const check = (value: unknown): StandardSchemaV1.Result<V> => {
    const answer = accept(value);
    return typeof answer === 'string'
      ? { issues: [{ message: answer, path: ['age'] }] }
      : { value: answer };
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (wait ? wait().then(() => check(value)) : check(value)),
    },
  };
}

const isUser = (value: unknown): User | string =>
  typeof (value as Partial<User>).age === 'number' ? (value as User) : 'must be a number';

/** A namespace whose schema is replaced while values are stored. */
function make(
  migrate?: (value: unknown) => unknown,
  wait?: () => Promise<unknown>,
  sharing: 'frozen' | 'copy' = 'copy',
) {
  const shape: { accept: (value: unknown) => User | string } = { accept: isUser };
  const schema = schemaOf((value) => shape.accept(value), wait);
  const cache = createCache({
    tenant: 'acme',
    namespaces: { users: { ttl: '1m', schema, sharing, ...(migrate && { migrate }) } },
  });
  const faults: EventOf<'value_invalid'>[] = [];
  cache.on('value_invalid', (event) => void faults.push(event));
  return { users: cache.users, cache, shape, faults };
}

describe('a schema', () => {
  test('refuses what is written and does not fit, with the place; nothing changes', async () => {
    const { users } = make();
    await users.set('1', { name: 'Ada', age: 36 });
    const wrong = { name: 'Ada', age: '36' as never };
    const error = await users.set('1', wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidValue);
    expect(String(error)).toContain('.age: must be a number');
    await expect(users.getOrSet('2', () => wrong)).rejects.toThrow(InvalidValue);
    expect(await users.get('1')).toEqual({ name: 'Ada', age: 36 });
    expect(await users.has('2')).toBe(false);
  });

  test('makes a stored value that no longer fits a miss and an event, and the load takes its place', async () => {
    const { users, shape, faults, cache } = make();
    await users.set('1', { name: 'Ada', age: 36 });
    shape.accept = (value) =>
      'email' in (value as object) ? (value as User & { email: string }) : 'must have an email';
    // What memory has checked already is not checked again; a touch makes it ask the store.
    await cache.users.touch('1');
    expect(await users.get('1')).toBeUndefined();
    expect(faults[0]).toMatchObject({ tenant: 'acme', key: 'n:users:1', reason: 'schema' });
    const stale: unknown[] = [];
    const fresh = { name: 'Ada', age: 36, email: 'ada@acme.example' };
    await users.getOrSet('1', (context) => {
      stale.push(context.stale);
      return fresh;
    });
    expect(stale).toEqual([undefined]);
    expect(await users.get('1')).toEqual(fresh);
  });

  test('with a migration repairs what is stored; the result is checked again', async () => {
    const { users, shape, faults } = make((value) => {
      const { name } = value as User;
      if (name === 'Throws') throw new Error('migration broken');
      return name === 'Hopeless' ? undefined : { name, age: name === 'Wrong' ? 'x' : 1 };
    });
    shape.accept = (value) => value as User;
    for (const name of ['Ada', 'Wrong', 'Hopeless', 'Throws'])
      await users.set(name, { name, age: 'old' as never });
    for (const name of ['Ada', 'Wrong', 'Hopeless', 'Throws']) await users.touch(name);
    shape.accept = isUser;
    expect(await users.getMany(['Ada', 'Wrong', 'Hopeless', 'Throws'])).toEqual([
      { name: 'Ada', age: 1 },
      undefined,
      undefined,
      undefined,
    ]);
    expect(new Set(faults.map(({ key }) => key))).toEqual(
      new Set(['n:users:Wrong', 'n:users:Hopeless', 'n:users:Throws']),
    );
  });

  test('whose migration throws is reported as that', async () => {
    const { users, shape, faults } = make(() => {
      throw new Error('migration broken');
    });
    await users.set('1', { name: 'Ada', age: 36 });
    await users.touch('1');
    shape.accept = () => 'must have an email';
    expect(await users.get('1')).toBeUndefined();
    expect(faults[0]).toMatchObject({ reason: 'migration' });
  });

  test('reports a stored value that no longer fits once a read, not once a place it looked at', async () => {
    const { users, shape, faults } = make();
    await users.set('1', { name: 'Ada', age: 36 });
    await users.touch('1');
    shape.accept = () => 'must have an email';
    await users.get('1');
    expect(faults).toHaveLength(1);
  });

  test('may be asynchronous, on writes, reads, hits and batches', async () => {
    const { users, faults } = make(undefined, turn);
    await users.set('1', { name: 'Ada', age: 36 });
    expect(await users.get('1')).toEqual({ name: 'Ada', age: 36 });
    expect(await users.getOrSet('2', () => ({ name: 'Bob', age: 4 }))).toEqual({
      name: 'Bob',
      age: 4,
    });
    await users.touch('2');
    expect(await users.getMany(['1', '2'])).toHaveLength(2);
    expect(await users.get('2')).toEqual({ name: 'Bob', age: 4 });
    await expect(users.set('1', { name: 'Ada', age: 'x' as never })).rejects.toThrow(InvalidValue);
    expect(faults).toEqual([]);
  });

  test('that makes other values of what is stored is asked once a value, not once a hit', async () => {
    let checks = 0;
    const schema = schemaOf((value): { readonly at: string } => {
      checks += 1;
      return { at: `${(value as { at: string }).at}!` };
    });
    const { marks } = createCache({
      tenant: 'acme',
      namespaces: { marks: { ttl: '1m', schema } },
    });
    await marks.set('1', { at: 'noon' });
    expect(await marks.get('1')).toEqual({ at: 'noon!' });
    expect(await marks.get('1')).toEqual({ at: 'noon!' });
    expect(checks).toBe(1);
    await marks.touch('1');
    expect(await marks.get('1')).toEqual({ at: 'noon!' });
  });

  test('that throws is a miss for readers, as one that refuses', async () => {
    const { users, shape, faults } = make();
    await users.set('1', { name: 'Ada', age: 36 });
    await users.touch('1');
    shape.accept = () => {
      throw new RangeError('schema broken');
    };
    expect(await users.get('1')).toBeUndefined();
    expect(faults[0]).toMatchObject({ key: 'n:users:1' });
  });
});

test('a purge while a stored value is being checked is not undone by it', async () => {
  const checking: { gate: Gate | undefined } = { gate: undefined };
  const { users } = make(undefined, async () => checking.gate?.opened, 'frozen');
  await users.set('1', { name: 'Ada', age: 36 });
  await users.touch('1');
  checking.gate = gate();
  const before = users.get('1');
  await turn();
  await users.delete('1');
  checking.gate.open();
  await before;
  checking.gate = undefined;
  expect(await users.get('1')).toBeUndefined();
});

test('the type of a namespace is what its schema makes', async () => {
  const cache = createCache({
    tenant: 'acme',
    namespaces: { users: { schema: schemaOf(isUser) }, plain: namespace<number>() },
  });
  const user: User | undefined = await cache.users.get('1');
  expect(user).toBeUndefined();
});
