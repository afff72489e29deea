import type { StandardSchemaV1 } from '@standard-schema/spec';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { createCache, namespace } from '../../../src/index.ts';
import type { TelemetryEvent } from '../../../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 7, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

function schemaOf<Output, Input = unknown>(
  validate: (
    value: unknown,
  ) => StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>,
): StandardSchemaV1<Input, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

const ISSUES = { issues: [{ message: 'no longer' }] };

describe('a waitUntil that throws', () => {
  const gone = () => {
    throw new TypeError('Illegal invocation');
  };

  test('costs no caller anything, and is an event', async () => {
    const cache = createCache({
      tenant: 'acme',
      waitUntil: gone,
      logLevel: 'silent',
      namespaces: {
        users: namespace<number>({ ttl: '10s', jitter: 0, staleWhileRevalidate: '1m' }),
      },
    });
    const { users } = cache;
    const wrong: TelemetryEvent[] = [];
    cache.on('listener_error', (event) => void wrong.push(event));
    let loads = 0;
    const load = async (): Promise<number> => (loads += 1);
    expect(await users.getOrSet('1', load)).toBe(1);
    expect(await users.getOrSet('1', load)).toBe(1);
    expect(await users.set('2', 2)).toEqual({ stored: true });
    const down = (): Promise<number> => Promise.reject(new Error('origin down'));
    await expect(users.getOrSet('3', down)).rejects.toThrow('origin down');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await users.getOrSet('1', load)).toBe(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(await users.getOrSet('1', load)).toBe(2);
    expect(wrong[0]).toEqual({
      type: 'listener_error',
      event: 'waitUntil',
      message: 'TypeError: Illegal invocation',
    });
  });
});

describe('a source that has a value no more', () => {
  test('ends what is stale: served once more while it is asked, then never again', async () => {
    const { users } = createCache({
      tenant: 'acme',
      namespaces: {
        users: namespace<string>({ ttl: '10s', jitter: 0, staleWhileRevalidate: '1h' }),
      },
    });
    await users.set('1', 'row');
    await vi.advanceTimersByTimeAsync(15_000);
    const none = (): string | undefined => undefined;
    expect(await users.getOrSet('1', none)).toBe('row');
    await vi.advanceTimersByTimeAsync(1000);
    expect(await users.get('1', { stale: true })).toBeUndefined();
    expect(await users.getOrSet('1', none)).toBeUndefined();
    expect(await users.getOrSet('1', () => 'another')).toBe('another');
  });

  test('is believed when it is asked in spite of something fresh', async () => {
    const { users } = createCache({
      tenant: 'acme',
      namespaces: { users: namespace<string>({ ttl: '1h' }) },
    });
    await users.set('1', 'row');
    expect(await users.getOrSet('1', () => undefined, { fresh: true })).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await users.get('1')).toBeUndefined();
  });
});

describe('a value that its schema no longer accepts', () => {
  const rich = (at: number) => ({ at: new Date(at) });

  function make(sharing: 'frozen' | 'copy' = 'frozen') {
    const state = { strict: false };
    const schema = schemaOf((value) => (state.strict ? ISSUES : { value }));
    const { users } = createCache({
      tenant: 'acme',
      logLevel: 'silent',
      namespaces: {
        users: { ttl: '10s', jitter: 0, staleWhileRevalidate: '1h', schema, sharing },
      },
    });
    return { users, state };
  }

  test.for(['frozen', 'copy'] as const)('makes no read fail (%s)', async (sharing) => {
    const { users, state } = make(sharing);
    await users.set('rich', rich(1));
    await users.set('plain', { at: 1 });
    state.strict = true;
    const stored = [rich(1), { at: 1 }];
    expect(await users.getMany(['rich', 'plain'])).toEqual(stored);
    expect(await users.get('rich')).toEqual(rich(1));
    expect((await users.entry('rich'))?.value).toEqual(rich(1));
    expect(await users.getOrSet('rich', () => rich(2))).toEqual(rich(1));
    expect(await users.get('rich')).not.toBe(await users.get('rich'));
  });

  test('and is stale does not keep the loader from being called', async () => {
    const { users, state } = make();
    await users.set('1', rich(1));
    await vi.advanceTimersByTimeAsync(15_000);
    state.strict = true;
    let stale: unknown;
    const load = (context: { stale: { value: unknown } | undefined }) => {
      stale = context.stale?.value;
      state.strict = false;
      return rich(2);
    };
    expect(await users.getOrSet('1', load)).toEqual(rich(1));
    await vi.advanceTimersByTimeAsync(100);
    expect(stale).toEqual(rich(1));
    expect(await users.getOrSet('1', load)).toEqual(rich(2));
  });
});

describe('what a schema makes of a value', () => {
  test('stays the schema’s own: what is frozen is a copy', async () => {
    const shared = { flags: { beta: true } };
    const schema = schemaOf((value) => ({ value: { ...(value as object), config: shared } }));
    const { users } = createCache({ tenant: 'acme', namespaces: { users: { schema } } });
    await users.set('1', { name: 'Ada' });
    const value = await users.get('1');
    expect(value).toEqual({ name: 'Ada', config: { flags: { beta: true } } });
    expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(shared) || Object.isFrozen(shared.flags)).toBe(false);
    shared.flags.beta = false;
    expect(await users.get('1')).toEqual({ name: 'Ada', config: { flags: { beta: true } } });
  });

  test('may be of another type than what is written: writers and loaders give the one, readers get the other', async () => {
    const schema = schemaOf<Date, string>((value) =>
      typeof value === 'string' ? { value: new Date(value) } : ISSUES,
    );
    const { days } = createCache({ tenant: 'acme', namespaces: { days: { schema } } });
    expectTypeOf<Parameters<typeof days.set>[1]>().toEqualTypeOf<string>();
    expectTypeOf<(typeof days)['get']>().returns.toEqualTypeOf<Promise<Date | undefined>>();
    const day = '2026-08-01T00:00:00.000Z';
    await days.set('1', day);
    expect(await days.get('1')).toEqual(new Date(day));
    expect(await days.getOrSet('2', () => day)).toEqual(new Date(day));
    const [many] = await days.getOrSetMany(['3'], () => [day]);
    expectTypeOf(many).toEqualTypeOf<Date | undefined>();
    expect(many).toEqual(new Date(day));
    // @ts-expect-error A Date is what readers get.
    await expect(days.set('1', new Date(day))).rejects.toThrow('no longer');
  });

  test('may come by any thenable, not only by the platform’s promise', async () => {
    const later = (value: unknown): PromiseLike<{ value: unknown }> => ({
      // oxlint-disable-next-line unicorn/no-thenable, promise/no-callback-in-promise -- What some libraries answer.
      then: (done) => Promise.resolve({ value }).then(done),
    });
    const schema = schemaOf((value) => later(value) as Promise<{ value: unknown }>);
    const { users } = createCache({ tenant: 'acme', namespaces: { users: { schema } } });
    await users.set('1', { name: 'Ada' });
    expect(await users.get('1')).toEqual({ name: 'Ada' });
  });
});

test('however short chance makes a ttl, what was asked to be kept is kept', async () => {
  const { users } = createCache({
    tenant: 'acme',
    namespaces: {
      users: namespace<number>({ ttl: 10, jitter: 1, staleWhileRevalidate: 0, staleIfError: 0 }),
    },
  });
  const entries = Array.from({ length: 200 }, (_, at) => [`${at}`, at] as const);
  const results = await users.setMany(entries);
  expect(results.filter(({ stored }) => !stored)).toEqual([]);
});

test('counters are kept of a bounded number of tenants: one that nothing happens to begins at zero', async () => {
  const cache = createCache({ namespaces: { users: namespace<number>() } });
  const loadsOf = (tenant: string) => cache.forTenant(tenant).stats().counters.misses;
  await cache.forTenant('first').users.get('1');
  expect(loadsOf('first')).toEqual({ absent: 1 });
  for (let at = 0; at < 3000; at += 1) await cache.forTenant(`t${at}`).users.get('1');
  expect(loadsOf('first')).toEqual({});
  expect(loadsOf('t2999')).toEqual({ absent: 1 });
});
