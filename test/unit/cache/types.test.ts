import * as z from 'zod';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expectTypeOf, test } from 'vitest';
import { createCache, namespace, type NamespaceOptions } from '../../../src/index.ts';
import type { Cache, CacheEntry, EventOf, KeyInput, ValueOf } from '../../../src/index.ts';

interface User {
  readonly name: string;
  readonly team: string;
}

const schema: StandardSchemaV1<unknown, { readonly id: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ value: value as { readonly id: number } }),
  },
};

const cache = createCache({
  namespaces: {
    users: namespace<User>({ ttl: '10m', tags: (user) => [user.team] }),
    orders: { ttl: 1000, schema },
    anything: {},
    maybe: namespace<User | null>(),
  },
});
const acme = cache.forTenant('acme');

test('a namespace’s values have its type', () => {
  expectTypeOf<(typeof acme.users)['get']>().returns.toEqualTypeOf<Promise<User | undefined>>();
  expectTypeOf<(typeof acme.orders)['get']>().returns.toEqualTypeOf<
    Promise<{ readonly id: number } | undefined>
  >();
  expectTypeOf<(typeof acme.anything)['get']>().returns.toEqualTypeOf<Promise<unknown>>();
  expectTypeOf<(typeof acme.maybe)['get']>().returns.toEqualTypeOf<
    Promise<User | null | undefined>
  >();
  expectTypeOf<(typeof acme.users)['getMany']>().returns.toEqualTypeOf<
    Promise<(User | undefined)[]>
  >();
  expectTypeOf<(typeof acme.users)['entry']>().returns.toEqualTypeOf<
    Promise<CacheEntry<User> | undefined>
  >();
  expectTypeOf<(typeof acme.users)['set']>().parameter(1).toEqualTypeOf<User>();
  expectTypeOf<ValueOf<{ readonly schema: typeof schema }>>().toEqualTypeOf<{
    readonly id: number;
  }>();
});

test('what a loader makes is what is got; one that may have none says so', () => {
  const user: User = { name: 'Ada', team: 'x' };
  const always = () => acme.users.getOrSet('1', () => user);
  expectTypeOf(always).returns.toEqualTypeOf<Promise<User>>();
  const later = () => acme.users.getOrSet('1', async () => user);
  expectTypeOf(later).returns.toEqualTypeOf<Promise<User>>();
  const perhaps = (found: boolean) =>
    acme.users.getOrSet('1', async () => (found ? user : undefined));
  expectTypeOf(perhaps).returns.toEqualTypeOf<Promise<User | undefined>>();
  const skipping = () => acme.users.getOrSet('1', (context) => context.skip(user));
  expectTypeOf(skipping).returns.toEqualTypeOf<Promise<User>>();
  const failing = () => acme.users.getOrSet('1', (context) => context.fail('no'));
  expectTypeOf(failing).returns.toEqualTypeOf<Promise<User>>();
  const withStale = () =>
    acme.users.getOrSet('1', ({ stale, key }) => {
      expectTypeOf(stale).toEqualTypeOf<
        | {
            readonly value: User;
            readonly createdAt: number;
            readonly tags: readonly string[];
          }
        | undefined
      >();
      expectTypeOf(key).toEqualTypeOf<readonly string[]>();
      return user;
    });
  expectTypeOf(withStale).returns.toEqualTypeOf<Promise<User>>();
  const many = () =>
    acme.users.getOrSetMany(['1'], (missing, { stale }) => {
      expectTypeOf(missing).toEqualTypeOf<readonly KeyInput[]>();
      expectTypeOf(stale).toEqualTypeOf<readonly (User | undefined)[]>();
      return [user, undefined];
    });
  expectTypeOf(many).returns.toEqualTypeOf<Promise<(User | undefined)[]>>();
});

test('a loader, or a value, of another type is an error', () => {
  expectTypeOf<(typeof acme.users)['getOrSet']>().toBeCallableWith('1', () => ({
    name: 'Ada',
    team: 'x',
  }));
  expectTypeOf<{ name: string }>().not.toExtend<Parameters<typeof acme.users.set>[1]>();
  expectTypeOf<() => number>().not.toExtend<Parameters<typeof acme.users.getOrSet>[1]>();
  expectTypeOf<number>().not.toExtend<Parameters<typeof acme.users.get>[0]>();
});

test('a namespace that there is not is an error', () => {
  expectTypeOf<'invoices'>().not.toExtend<keyof typeof acme>();
  expectTypeOf<'users' | 'orders' | 'anything' | 'maybe'>().toExtend<keyof typeof acme>();
  expectTypeOf<'users'>().not.toExtend<keyof typeof cache>();
});

test('the cache of a single tenant has its namespaces, and what every cache has', () => {
  const single = createCache({ tenant: 'acme', namespaces: { users: namespace<User>() } });
  expectTypeOf<(typeof single.users)['get']>().returns.toEqualTypeOf<Promise<User | undefined>>();
  expectTypeOf(single.tenant).toEqualTypeOf<string>();
  expectTypeOf(single).toExtend<Cache<{ users: NamespaceOptions<User> }>>();
});

test('wrap keeps the arguments of the function', () => {
  const wrapped = acme.users.wrap(
    async (id: string, deep: boolean): Promise<User> => ({ name: id, team: `${deep}` }),
    { key: (id, deep) => [id, `${deep}`], ttl: '5s' },
  );
  expectTypeOf(wrapped).toEqualTypeOf<(id: string, deep: boolean) => Promise<User>>();
});

test('a listener gets the events of its name', () => {
  const stop = cache.on('hit', (event) => {
    expectTypeOf(event).toEqualTypeOf<EventOf<'hit'>>();
    expectTypeOf(event.tier).toEqualTypeOf<string>();
  });
  expectTypeOf(stop).toEqualTypeOf<() => void>();
  cache.on('*', (event) => {
    expectTypeOf(event.type).toEqualTypeOf<EventOf<'*'>['type']>();
  });
  stop();
});

test('durations are numbers or text with one unit', () => {
  type Ttl = NonNullable<NamespaceOptions<User>['ttl']>;
  expectTypeOf<'10m' | '250ms' | 5>().toExtend<Ttl>();
  expectTypeOf<'10 minutes'>().not.toExtend<Ttl>();
  expectTypeOf<'m'>().not.toExtend<Ttl>();
});

test('a schema that transforms types what is written apart from what is read', () => {
  const transforming = z.object({ id: z.string(), visits: z.string().transform(Number) });
  const typed = createCache({
    tenant: 'acme',
    namespaces: {
      visits: namespace({
        schema: transforming,
        tags: ({ id, visits }) => [id, visits.toFixed(0)],
      }),
    },
  });
  type Visits = typeof typed.visits;
  expectTypeOf<Visits['get']>().returns.toEqualTypeOf<
    Promise<{ id: string; visits: number } | undefined>
  >();
  expectTypeOf<Visits['set']>().parameter(1).toEqualTypeOf<{ id: string; visits: string }>();
});
