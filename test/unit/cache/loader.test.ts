import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ConfigError,
  createCache,
  InvalidKey,
  LoadFailed,
  LoadTimeout,
  namespace,
} from '../../../src/index.ts';
import type { LoaderContext } from '../../../src/index.ts';

interface User {
  readonly name: string;
  readonly team?: string;
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 7, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

const make = () =>
  createCache({
    tenant: 'acme',
    namespaces: {
      users: namespace<User>({
        ttl: '10s',
        jitter: 0,
        staleIfError: '1m',
        hardTimeout: '2s',
        tags: (user) => (user.team === undefined ? [] : [`team:${user.team}`]),
      }),
    },
  });

describe('a loader', () => {
  test('is told the segments of its key, and has a signal', async () => {
    const { users } = make();
    const seen: (readonly string[])[] = [];
    const load = ({ key, signal }: LoaderContext<User>): User => {
      expect(signal.aborted).toBe(false);
      seen.push(key);
      return { name: 'Ada' };
    };
    await users.getOrSet('eu:42', load);
    await users.getOrSet(['eu', 'a:b/ü'], load);
    expect(seen).toEqual([
      ['eu', '42'],
      ['eu', 'a:b/ü'],
    ]);
  });

  test('is told to stop at the hard timeout', async () => {
    const { users } = make();
    let reason: unknown;
    const read = users
      .getOrSet('1', ({ signal }) => {
        signal.addEventListener('abort', () => void (reason = signal.reason));
        return new Promise<User>(() => undefined);
      })
      .catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2000);
    const error = await read;
    expect(error).toBeInstanceOf(LoadTimeout);
    expect(reason).toBe(error);
  });
});

describe('setOptions', () => {
  test('gives this value another life and more tags; the later call wins, tags add up', async () => {
    const { users, purge } = make();
    const load = (context: LoaderContext<User>): User => {
      context.setOptions({ ttl: '1s', tags: ['first'] });
      context.setOptions({ ttl: '30s', tags: ['second', 'first'] });
      return { name: 'Ada', team: 'x' };
    };
    await users.getOrSet('1', load, { tags: ['called'], ttl: '5s' });
    const entry = await users.entry('1');
    expect(entry?.ttl).toBe(30_000);
    expect(new Set(entry?.tags)).toEqual(new Set(['called', 'first', 'second', 'team:x']));
    await purge({ tags: ['second'] });
    expect(await users.has('1')).toBe(false);
  });

  test('refuses what no value can have, as a failure of the load', async () => {
    const { users } = make();
    const wrong = users.getOrSet('1', (context) => {
      context.setOptions({ ttl: '-1s' });
      return { name: 'Ada' };
    });
    await expect(wrong).rejects.toThrow(ConfigError);
    const untaggable = users.getOrSet('1', (context) => {
      context.setOptions({ tags: [''] });
      return { name: 'Ada' };
    });
    await expect(untaggable).rejects.toThrow(InvalidKey);
  });
});

describe('stale and notModified', () => {
  test('a stale value that still holds is fresh again, with its tags, without being sent again', async () => {
    const { users } = make();
    await users.getOrSet('1', () => ({ name: 'Ada', team: 'x' }), { tags: ['called'] });
    const loadedAt = Date.now();
    await vi.advanceTimersByTimeAsync(15_000);
    const got = await users.getOrSet('1', ({ stale, ...context }) => {
      expect(stale).toMatchObject({
        value: { name: 'Ada', team: 'x' },
        createdAt: loadedAt,
      });
      expect(new Set(stale?.tags)).toEqual(new Set(['called', 'team:x']));
      return context.notModified();
    });
    expect(got).toEqual({ name: 'Ada', team: 'x' });
    const entry = await users.entry('1');
    expect(entry).toMatchObject({ state: 'fresh', ttl: 10_000, value: got });
    expect(new Set(entry?.tags)).toEqual(new Set(['called', 'team:x']));
    await vi.advanceTimersByTimeAsync(9999);
    expect(await users.get('1')).toEqual(got);
  });

  test('with nothing stale there is nothing that could be unmodified', async () => {
    const { users } = make();
    const read = users.getOrSet('1', ({ stale, ...context }) => {
      expect(stale).toBeUndefined();
      return context.notModified();
    });
    await expect(read).rejects.toThrow(LoadFailed);
  });

  test('what a hard purge hit is never handed to a loader; what a soft one hit is', async () => {
    const { users } = make();
    const seen: unknown[] = [];
    const load = ({ stale }: LoaderContext<User>): User => {
      seen.push(stale?.value);
      return { name: `v${seen.length}` };
    };
    await users.getOrSet('1', load);
    await users.purge({ keys: ['1'] }, { mode: 'soft' });
    // What is served first is stale, and the load behind it.
    expect(await users.getOrSet('1', load)).toEqual({ name: 'v1' });
    await vi.advanceTimersByTimeAsync(0);
    await users.purge({ keys: ['1'] });
    await users.getOrSet('1', load);
    expect(seen).toEqual([undefined, { name: 'v1' }, undefined]);
  });
});

describe('skip and fail', () => {
  test('what is skipped is handed to all who wait and stored nowhere', async () => {
    const { users } = make();
    let loads = 0;
    const load = (context: LoaderContext<User>) => {
      loads += 1;
      return context.skip({ name: `v${loads}` });
    };
    const both = await Promise.all([users.getOrSet('1', load), users.getOrSet('1', load)]);
    expect(both).toEqual([{ name: 'v1' }, { name: 'v1' }]);
    expect(await users.get('1')).toBeUndefined();
  });

  test('a load that fails on purpose falls back on what is stale', async () => {
    const { users } = make();
    await users.getOrSet('1', () => ({ name: 'Ada' }));
    await vi.advanceTimersByTimeAsync(15_000);
    const cause = new Error('500');
    expect(await users.getOrSet('1', (context) => context.fail('no answer', cause))).toEqual({
      name: 'Ada',
    });
    const error = await users
      .getOrSet('2', (context) => context.fail('no answer', cause))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LoadFailed);
    expect(error).toMatchObject({ message: 'no answer', cause, code: 'load_failed' });
  });
});
