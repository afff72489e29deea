import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Stamp } from '../../src/codec/stamp.ts';
import { RedisClient } from '../../src/authority/redis/client.ts';
import { Script } from '../../src/authority/redis/script.ts';
import { AuthorityUnavailable, OutcomeUnknown, UnserializableValue } from '../../src/errors.ts';
import type { CacheKey } from '../../src/tenant/key.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { draft, entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { redisWorld, type RedisWorld } from '../support/redis-world.ts';
import { commit, KEEP_ALL, lease, opened, supersede, wholeLedger } from './authority-world.ts';

let endpoint: TestEndpoint;
let world: RedisWorld;
beforeAll(async () => {
  endpoint = await openEndpoint();
  world = redisWorld(endpoint, KEEP_ALL);
});
afterEach(() => endpoint.clearFaults());
afterAll(() => endpoint.close());

const MEGABYTE = 1_000_000;

/** Keys of a new tenant, whose scripts Redis knows. */
async function scene(count: number) {
  const { authority } = world;
  const tenant = newTenant();
  const { epoch, seen } = await opened(authority, tenant);
  const stamp = { epoch, asOf: seen };
  await commit(authority, keyOf(tenant, 'known'), entryOf('v', stamp));
  await supersede(authority, keyOf(tenant, 'known'), draft('v'), stamp);
  const keys = Array.from({ length: count }, (_, at) => keyOf(tenant, ['k', String(at)]));
  await endpoint.resetCounts();
  return { authority, tenant, stamp, keys };
}

const commits = (keys: readonly CacheKey[], stamp: Stamp, value?: string | Uint8Array) =>
  keys.map((key) => ({ key, entry: entryOf(value ?? key.key, stamp) }));
const sets = (keys: readonly CacheKey[], knownAs: Stamp) =>
  keys.map((key) => ({ key, draft: draft(key.key), knownAs }));
const storedIn = async (keys: readonly CacheKey[]): Promise<number> =>
  Number(await endpoint.command('EXISTS', ...keys.map((key) => key.name)));

describe('the requests of a batch', () => {
  test.each([
    [1, 1],
    [2, 1],
    [250, 1],
    [251, 2],
    [600, 3],
  ])('%i writes are %i requests, and as many commands as writes', async (writes, requests) => {
    const { authority, keys, stamp } = await scene(writes);
    expect(await authority.commit(commits(keys, stamp))).toEqual(keys.map(() => 'stored'));
    const counts = { requests, commands: writes, byCommand: { EVALSHA: writes } };
    expect(await endpoint.counts()).toEqual(counts);
    await endpoint.resetCounts();
    const outcomes = await authority.supersede(sets(keys, stamp));
    expect(outcomes.every((outcome) => outcome.stored)).toBe(true);
    expect(await endpoint.counts()).toEqual(counts);
    const { entries } = await authority.read(keys[0]?.tenant ?? newTenant(), keys, 0);
    expect(entries.map(text)).toEqual(keys.map((key) => key.key));
  });

  test('large entries are spread over requests by their bytes: two of 2.5 MB fit into one', async () => {
    const { authority, keys, stamp } = await scene(5);
    const value = new Uint8Array(2.5 * MEGABYTE).fill(7);
    expect(await authority.commit(commits(keys, stamp, value))).toEqual(keys.map(() => 'stored'));
    expect(await endpoint.counts()).toMatchObject({ requests: 3, commands: 5 });
    expect(await storedIn(keys)).toBe(5);
  });

  test('an entry that no request can hold is an error that says so, and nothing at all is sent', async () => {
    const { authority, tenant, keys, stamp } = await scene(2);
    const [small, large] = [...commits(keys, stamp, 'small')];
    const value = new Uint8Array(6.5 * MEGABYTE);
    if (!small || !large) throw new Error('A key is missing.');
    const writes = [small, { ...large, entry: entryOf(value, stamp) }];
    const calls = [
      () => authority.commit(writes),
      () =>
        authority.supersede(
          writes.map(({ key, entry }) => ({ key, draft: entry, knownAs: stamp })),
        ),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UnserializableValue);
      expect(error).toMatchObject({ retryable: false, tier: 'redis', key: large.key.name });
      expect(String(error)).toMatch(/has 86\d{5} bytes, and a request to Redis may have 8000000/);
    }
    expect(await endpoint.counts()).toMatchObject({ requests: 0 });
    expect((await wholeLedger(authority, tenant)).marks).toHaveLength(1);
    // With compression it fits.
    const packed = redisWorld(endpoint, KEEP_ALL, { frames: { compressionThreshold: 1000 } });
    expect(await packed.authority.commit(writes)).toEqual(['stored', 'stored']);
  });

  test('a miss is a read, a lease and a write: the write gives the lease back', async () => {
    const { authority, tenant, keys, stamp } = await scene(1);
    const [key] = keys;
    if (!key) throw new Error('A key is missing.');
    await authority.read(tenant, [key], 0);
    const { acquired } = await authority.lease(key, 'mine', 60_000, 0);
    expect(await commit(authority, key, entryOf('v', stamp), 'mine')).toBe('stored');
    expect(await endpoint.counts()).toEqual({
      requests: 3,
      commands: 6,
      byCommand: { MGET: 2, ZRANGE: 2, SET: 1, EVALSHA: 1 },
    });
    expect(acquired).toBe(true);
    expect(await endpoint.command('KEYS', `*:t:${tenant}:~lease*`)).toEqual([]);
  });
});

describe('a batch whose scripts Redis has forgotten', () => {
  test('is sent whole, once more and only once, and each write ran once', async () => {
    const { authority, tenant, keys, stamp } = await scene(3);
    for (const call of [
      () => authority.commit(commits(keys, stamp)),
      () => authority.supersede(sets(keys, stamp)),
    ]) {
      await endpoint.command('SCRIPT', 'FLUSH');
      await endpoint.resetCounts();
      await call();
      expect(await endpoint.counts()).toEqual({
        requests: 2,
        commands: 6,
        byCommand: { EVALSHA: 3, EVAL: 3 },
      });
    }
    const { marks } = await wholeLedger(authority, tenant);
    expect(marks.map((mark) => mark.target)).toEqual(['k:known', 'k:k:0', 'k:k:1', 'k:k:2']);
  });

  test('those calls alone are sent again that it did not know', async () => {
    const client = new RedisClient({ ...endpoint, timeoutMs: 10_000 });
    const { tenant } = keyOf(newTenant(), 'a');
    const counter = `${tenant}:counter`;
    // Only the first of a pipeline can meet a server that does not know the script: a call in front makes it known.
    await client.run(new Script("return redis.call('INCR', KEYS[1])"), [counter], []);
    const replies = [
      { error: 'NOSCRIPT No matching script.' },
      { result: '5' },
      { error: 'WRONGTYPE no' },
    ];
    await endpoint.setFaults({ body: JSON.stringify(replies), times: 1, match: 'EVALSHA' });
    await endpoint.resetCounts();
    const script = new Script("return { redis.call('INCR', KEYS[1]), ARGV[1] }");
    const answer = await client.runEach(
      script,
      ['a', 'b', 'c'].map((arg) => ({ keys: [counter], args: [arg] })),
    );
    expect(answer[0]).toEqual({ ok: true, value: [2, 'a'] });
    expect(answer[1]).toEqual({ ok: true, value: '5' });
    expect(answer[2]).toMatchObject({ ok: false, error: { code: 'authority_unavailable' } });
    expect((await endpoint.counts()).byCommand).toEqual({ EVALSHA: 3, EVAL: 1 });
  });

  test('with the key-locking flag it runs the same', async () => {
    const client = new RedisClient({ ...endpoint, timeoutMs: 10_000, keyLocking: true });
    const script = new Script("return redis.call('APPEND', KEYS[1], ARGV[1]) -- flagged");
    const key = `${newTenant()}:x`;
    const calls = ['a', 'bc'].map((arg) => ({ keys: [key], args: [arg] }));
    expect(await client.runEach(script, calls)).toEqual(
      [1, 3].map((value) => ({ ok: true, value })),
    );
    expect(await client.runEach(script, calls)).toEqual(
      [4, 6].map((value) => ({ ok: true, value })),
    );
  });
});

describe('a batch that goes wrong', () => {
  test('a write that Redis refuses does not keep it from the others, and is never taken for stored', async () => {
    const { authority, keys, stamp } = await scene(3);
    const [first, list, last] = keys;
    if (!first || !list || !last) throw new Error('A key is missing.');
    await endpoint.command('RPUSH', list.name, 'x');
    await expect(authority.commit(commits(keys, stamp))).rejects.toBeInstanceOf(
      AuthorityUnavailable,
    );
    const { entries } = await authority.read(list.tenant, keys, 0);
    expect(entries.map(text)).toEqual(['k:0', undefined, 'k:2']);
  });

  test.each([
    ['truncated', { truncate: true as const }, 3],
    ['reset before Redis saw it', { reset: true as const }, 0],
  ])(
    'the reply to values that supersede is %s: unknown, and sent exactly once',
    async (_, fault, ran) => {
      const { authority, tenant, keys, stamp } = await scene(3);
      await endpoint.setFaults({ ...fault, match: 'EVALSHA' });
      await expect(authority.supersede(sets(keys, stamp))).rejects.toBeInstanceOf(OutcomeUnknown);
      expect(await endpoint.counts()).toMatchObject({ requests: 1, byCommand: { EVALSHA: 3 } });
      await endpoint.clearFaults();
      expect(await storedIn(keys)).toBe(ran);
      expect((await wholeLedger(authority, tenant)).marks).toHaveLength(1 + ran);
    },
  );

  test('the reply to the first of three requests is lost: the others are not sent', async () => {
    const { authority, keys, stamp } = await scene(600);
    await endpoint.setFaults({ truncate: true, times: 1, match: 'EVALSHA' });
    await expect(authority.supersede(sets(keys, stamp))).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(await endpoint.counts()).toMatchObject({ requests: 1, byCommand: { EVALSHA: 250 } });
  });

  test('the reply to commits is lost: unavailable; they may be sent again, under a lease they are fenced', async () => {
    const { authority, keys, stamp } = await scene(2);
    const [key] = keys;
    if (!key) throw new Error('A key is missing.');
    await lease(authority, key, 'mine', 60_000);
    const writes = commits(keys, stamp).map((write) =>
      write.key === key ? { ...write, lease: 'mine' } : write,
    );
    await endpoint.setFaults({ truncate: true, times: 1, match: 'EVALSHA' });
    await expect(authority.commit(writes)).rejects.toBeInstanceOf(AuthorityUnavailable);
    expect(await authority.commit(writes)).toEqual(['fenced', 'stored']);
    expect(text((await authority.read(key.tenant, [key], 0)).entries[0])).toBe('k:0');
  });

  test.each([
    '[{"result":"stored"}]',
    '[{"result":"stored"},{"result":"stored"},{"result":"stored"}]',
    '[{"result":"stored"},{}]',
    '[{"result":"stored"},null]',
    '[{"result":"stored"},{"result":"kept"}]',
    '[{"result":["stored","x","1"]},{"result":["stored","x","1e3"]}]',
    '[{"result":["stored","x","1"]},{"result":["stored","x",null]}]',
    '[{"result":["stored","x","1"]},{"error":{}}]',
  ])('the answer %s to two writes is out of protocol', async (body) => {
    const { authority, keys, stamp } = await scene(2);
    await endpoint.setFaults({ status: 200, body, match: 'EVALSHA' });
    await expect(authority.commit(commits(keys, stamp))).rejects.toBeInstanceOf(
      AuthorityUnavailable,
    );
    await expect(authority.supersede(sets(keys, stamp))).rejects.toBeInstanceOf(OutcomeUnknown);
  });
});
