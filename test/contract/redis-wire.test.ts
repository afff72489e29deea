import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisClient } from '../../src/authority/redis/client.ts';
import { Script } from '../../src/authority/redis/script.ts';
import * as scripts from '../../src/authority/redis/scripts.ts';
import { KeySpace } from '../../src/tenant/key.ts';
import { keyTarget, tagTarget } from '../../src/tenant/target.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { draft, entryOf, keyOf, keySpace, newTenant, text } from '../support/entries.ts';
import { ledgerName, redisWorld } from '../support/redis-world.ts';
import { commit, KEEP_ALL, lease, opened, supersede } from './authority-world.ts';

let endpoint: TestEndpoint;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(() => endpoint.close());

describe('what the Redis authority sends', () => {
  test('leaves the isolate: each call is a request of the platform', () => {
    expect(redisWorld(endpoint, KEEP_ALL).authority).toMatchObject({ name: 'redis', local: false });
  });

  test.each([0, 1, 100])(
    'a read of %i keys is one HTTP request: one MGET, if any, and one ZRANGE',
    async (count) => {
      const { authority } = redisWorld(endpoint, KEEP_ALL);
      const tenant = newTenant();
      const { epoch, seen } = await opened(authority, tenant);
      const keys = Array.from({ length: count }, (_, at) => keyOf(tenant, ['k', String(at)]));
      for (const key of keys) await commit(authority, key, entryOf(key.key, { epoch, asOf: seen }));
      await endpoint.resetCounts();
      const { entries, ledger } = await authority.read(tenant, keys, 0);
      expect(entries.map(text)).toEqual(keys.map((key) => key.key));
      expect(ledger?.epoch).toBe(epoch);
      expect(await endpoint.counts()).toEqual({
        requests: 1,
        commands: count > 0 ? 2 : 1,
        byCommand: count > 0 ? { MGET: 1, ZRANGE: 1 } : { ZRANGE: 1 },
      });
    },
  );

  test('a purge is one command, whatever the number of targets and of entries that they hit', async () => {
    const { authority } = redisWorld(endpoint, KEEP_ALL);
    const tenant = newTenant();
    const { epoch, seen } = await opened(authority, tenant);
    for (let at = 0; at < 50; at += 1) {
      const entry = entryOf('v', { epoch, asOf: seen }, { tags: ['all'] });
      await commit(authority, keyOf(tenant, ['k', String(at)]), entry);
    }
    await authority.mark(tenant, [tagTarget('warm-up')], 'hard', undefined);
    await endpoint.resetCounts();
    const targets = Array.from({ length: 100 }, (_, at) => keyTarget(`k:${at}`));
    await authority.mark(tenant, [tagTarget('all'), ...targets], 'hard', undefined);
    expect(await endpoint.counts()).toEqual({
      requests: 1,
      commands: 1,
      byCommand: { EVALSHA: 1 },
    });
  });

  test('a script that Redis has forgotten is sent whole, once, and known again', async () => {
    const { authority } = redisWorld(endpoint, KEEP_ALL);
    const tenant = newTenant();
    const { epoch, seen } = await opened(authority, tenant);
    const key = keyOf(tenant, 'a');
    const stamp = { epoch, asOf: seen };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => authority.confirm(tenant, undefined),
      () => authority.mark(tenant, [tagTarget('a')], 'hard', undefined),
      () => commit(authority, key, entryOf('a', stamp)),
      () => supersede(authority, key, draft('b'), stamp),
      () => authority.release(key, 'token'),
    ];
    for (const call of calls) {
      await endpoint.command('SCRIPT', 'FLUSH');
      await endpoint.resetCounts();
      await call();
      expect((await endpoint.counts()).byCommand).toEqual({ EVALSHA: 1, EVAL: 1 });
      await call();
      expect((await endpoint.counts()).byCommand).toEqual({ EVALSHA: 2, EVAL: 1 });
    }
  });

  test('a lease is one HTTP request: it is set if nobody has it, then the entry and the ledger are read', async () => {
    const { authority } = redisWorld(endpoint, KEEP_ALL);
    const key = keyOf(newTenant(), 'a');
    await opened(authority, key.tenant);
    await endpoint.resetCounts();
    for (const at of [1, 2]) {
      await authority.lease(key, `token-${at}`, 59_999.5, 0);
      expect(await endpoint.counts()).toEqual({
        requests: at,
        commands: 3 * at,
        byCommand: { SET: at, MGET: at, ZRANGE: at },
      });
    }
    const name = keySpace.record(key.tenant, `lease:${key.key}`);
    expect(await endpoint.command('GET', name)).toBe('token-1');
  });

  test('a touch is a read and, if there is something to write, a script', async () => {
    const { authority } = redisWorld(endpoint, KEEP_ALL);
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(authority, key.tenant);
    await commit(authority, key, entryOf('a', { epoch, asOf: seen }));
    const expiresAt = Date.now() + 90_000;
    expect(await authority.touch(key, (entry) => ({ ...entry, expiresAt }))).toBe('stored');
    await endpoint.resetCounts();
    expect(await authority.touch(key, (entry) => ({ ...entry, expiresAt }))).toBe('stored');
    expect(await endpoint.counts()).toMatchObject({ byCommand: { GET: 1, EVALSHA: 1 } });
    expect(await authority.touch(key, () => undefined)).toBe('refused');
    expect(await authority.touch(keyOf(key.tenant, 'b'), () => undefined)).toBe('absent');
    expect((await endpoint.counts()).byCommand).toEqual({ GET: 3, EVALSHA: 1 });
    expect(await remaining(key.name)).toBeGreaterThan(80_000);
    expect(await remaining(key.name)).toBeLessThanOrEqual(90_000);
  });

  test('an entry that is gone when a touch comes to write stays gone', async () => {
    const world = redisWorld(endpoint, KEEP_ALL);
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(world.authority, key.tenant);
    await commit(world.authority, key, entryOf('a', { epoch, asOf: seen }));
    world.beforeNextFrame(() => endpoint.command('DEL', key.name));
    expect(await world.authority.touch(key, (entry) => entry)).toBe('absent');
    expect(await endpoint.command('EXISTS', key.name)).toBe(0);
  });

  test('a touch that finds a script forgotten sends it whole, once', async () => {
    const { authority } = redisWorld(endpoint, KEEP_ALL);
    const key = keyOf(newTenant(), 'a');
    const { epoch, seen } = await opened(authority, key.tenant);
    await commit(authority, key, entryOf('a', { epoch, asOf: seen }));
    await endpoint.command('SCRIPT', 'FLUSH');
    await endpoint.resetCounts();
    expect(await authority.touch(key, (entry) => entry)).toBe('stored');
    expect((await endpoint.counts()).byCommand).toEqual({ GET: 1, EVALSHA: 1, EVAL: 1 });
  });

  test('the key-locking flag of the managed service is a first line of the script, and runs the same', async () => {
    const client = new RedisClient({ ...endpoint, timeoutMs: 10_000, keyLocking: true });
    const script = new Script("return redis.call('GET', KEYS[1])");
    const flagged = script.variant(true);
    expect(flagged.source).toMatch(/^#!lua flags=allow-key-locking\n/);
    expect(flagged.sha).not.toBe(script.variant(false).sha);
    const { tenant } = keyOf(newTenant(), 'a');
    await endpoint.command('SET', `${tenant}:x`, 'here');
    expect(await client.run(script, [`${tenant}:x`], [])).toBe('here');
    expect(await client.run(script, [`${tenant}:x`], [])).toBe('here');
  });

  test('an entry and a lease are gone from Redis itself when they are over', async () => {
    const { authority } = redisWorld(endpoint, KEEP_ALL);
    const tenant = newTenant();
    const { epoch, seen } = await opened(authority, tenant);
    const key = keyOf(tenant, 'a');
    const expiresAt = Date.now() + 50_000;
    await commit(authority, key, entryOf('a', { epoch, asOf: seen }, { expiresAt }));
    expect(await remaining(key.name)).toBeGreaterThan(40_000);
    expect(await remaining(key.name)).toBeLessThanOrEqual(50_000);
    await supersede(authority, key, draft('b', { expiresAt }), { epoch, asOf: seen });
    expect(await remaining(key.name)).toBeLessThanOrEqual(50_000);
    await lease(authority, key, 'token', 30_000);
    const found = await endpoint.command('KEYS', `*:t:${tenant}:~lease*`);
    if (!Array.isArray(found)) throw new Error('KEYS answered no list');
    expect(found).toHaveLength(1);
    expect(await remaining(String(found[0]))).toBeLessThanOrEqual(30_000);
    // The ledger alone has no end: marks go by age and number.
    expect(await remaining(ledgerName(tenant))).toBe(-1);
  });

  async function remaining(name: string): Promise<number> {
    return Number(await endpoint.command('PTTL', name));
  }

  test('seqs are written with all their digits: none is rounded, however they are formatted', async () => {
    // A space of its own: every ledger that is made in it later begins behind this one.
    const keys = new KeySpace(`far-${Date.now().toString(36).slice(-6)}`, 1);
    const { authority } = redisWorld(endpoint, KEEP_ALL, { keys });
    const tenant = newTenant();
    await authority.confirm(tenant, undefined);
    const ledger = keys.record(tenant, 'ledger');
    // The last digits would be lost in 14 significant ones.
    await endpoint.command('ZADD', ledger, '2795161570708297', 's:t:far');
    const { seq } = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
    expect(seq).toBe(2_795_161_570_708_298);
    const outcome = await supersede(authority, keys.key(tenant, 'k'), draft('v'), {
      epoch: (await authority.confirm(tenant, undefined)).epoch,
      asOf: seq,
    });
    expect(outcome).toMatchObject({ stored: true, stamp: { asOf: seq + 1 } });
  });

  test('every command that scripts and pipelines use is in Redis 7.0', async () => {
    const inScripts = Object.values(scripts).flatMap((script) =>
      [...script.matchAll(/redis\.p?call\('([A-Z]+)'/g)].map((match) => match[1] ?? ''),
    );
    const used = [...new Set([...inScripts, 'MGET', 'ZRANGE', 'SET', 'SCAN', 'EVAL', 'EVALSHA'])];
    expect(used.length).toBeGreaterThan(12);
    const since = await Promise.all(used.map(sinceWhen));
    const newer = used.filter((_, at) => (since[at] ?? [9]).some(isAfterSeven));
    expect(newer).toEqual([]);
  });

  /** The versions of Redis in which a command came. */
  async function sinceWhen(name: string): Promise<readonly string[]> {
    const docs = JSON.stringify(await endpoint.command('COMMAND', 'DOCS', name));
    return [...docs.matchAll(/"since","([\d.]+)"/g)].slice(0, 1).map((match) => match[1] ?? '');
  }

  function isAfterSeven(version: string | number): boolean {
    const [major = 0, minor = 0] = String(version).split('.').map(Number);
    return major > 7 || (major === 7 && minor > 0);
  }
});
