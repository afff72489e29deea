import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../src/errors.ts';
import { tagTarget } from '../../src/tenant/target.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { ledgerName, redisWorld, rewriteEpoch, type RedisWorld } from '../support/redis-world.ts';
import { entryAt, KEEP_ALL, opened } from './authority-world.ts';

let endpoint: TestEndpoint;
let world: RedisWorld;
beforeAll(async () => {
  endpoint = await openEndpoint();
  world = redisWorld(endpoint, KEEP_ALL);
});
afterAll(() => endpoint.close());

/** Stores an entry in Redis and answers its key and its text there. */
async function stored() {
  const key = keyOf(newTenant(), 'a');
  const { epoch, seen } = await opened(world.authority, key.tenant);
  await world.authority.commit(key, entryOf('good value', { epoch, asOf: seen }));
  const raw = await endpoint.command('GET', key.name);
  if (typeof raw !== 'string') throw new Error('The entry is not in Redis.');
  world.events.splice(0);
  return { key, raw, stamp: { epoch, asOf: seen } };
}

describe('what stands in Redis in place of an entry', () => {
  test('the entry itself is its clear header and base64: ASCII, whatever the value', async () => {
    const { raw, stamp } = await stored();
    expect(raw).toMatch(/^TCL1[0-9a-f]{32}[0-9]{16}[A-Za-z0-9+/]+={0,2}$/);
    expect(raw.slice(4, 52)).toBe(stamp.epoch + String(stamp.asOf).padStart(16, '0'));
  });

  test.each([
    ['nothing', () => '', 'short'],
    ['foreign text', () => 'hello', 'short'],
    ['foreign JSON', () => JSON.stringify({ a: 'x'.repeat(100) }), 'length'],
    ['foreign text that is base64', () => 'A'.repeat(152), 'magic'],
    ['text beyond ASCII', () => '🗺️'.repeat(60), 'magic'],
    ['an entry of another version', (raw: string) => raw.replace('TCL1', 'TCL2'), 'version'],
    ['a stamp that is none', (raw: string) => `${raw.slice(0, 40)}x${raw.slice(41)}`, 'stamp'],
    ['only the clear header', (raw: string) => raw.slice(0, 52), 'short'],
    ['base64 cut in the middle', (raw: string) => raw.slice(0, -5), 'length'],
    // 52 bytes of header, then whole groups of four.
    ['base64 cut at a boundary', (raw: string) => raw.slice(0, 52 + 80), 'checksum'],
    ['something behind the base64', (raw: string) => `${raw}!`, 'length'],
    [
      'another letter in the base64',
      (raw: string) => `${raw.slice(0, 80)}${raw[80] === 'A' ? 'B' : 'A'}${raw.slice(81)}`,
      'checksum',
    ],
  ])('%s is absent, and an event', async (_, tamper, fault) => {
    const { key, raw } = await stored();
    await endpoint.command('SET', key.name, tamper(raw));
    const { entries, ledger } = await world.authority.read(key.tenant, [key], 0);
    expect(entries).toEqual([undefined]);
    expect(ledger).toBeDefined();
    expect(world.events).toEqual([
      {
        type: 'frame_invalid',
        tenant: key.tenant,
        tier: 'redis',
        fault,
      },
    ]);
  });

  test('the entry of another key is absent, and an event', async () => {
    const { key, raw } = await stored();
    const other = keyOf(key.tenant, 'b');
    await endpoint.command('SET', other.name, raw);
    expect(await entryAt(world.authority, other)).toBeUndefined();
    expect(world.events).toMatchObject([{ type: 'frame_invalid', fault: 'checksum' }]);
  });

  test('a value of another type is absent, and its neighbours are read', async () => {
    const { key } = await stored();
    const list = keyOf(key.tenant, 'list');
    await endpoint.command('RPUSH', list.name, 'x');
    const { entries } = await world.authority.read(key.tenant, [list, key], 0);
    expect(entries.map(text)).toEqual([undefined, 'good value']);
  });

  test('an absent or damaged entry is overwritten by the next load', async () => {
    const { key, stamp } = await stored();
    await endpoint.command('SET', key.name, 'hello');
    expect(await world.authority.commit(key, entryOf('again', stamp))).toBe('stored');
    expect(text(await entryAt(world.authority, key))).toBe('again');
  });

  test('a commit onto a value of another type never succeeds silently', async () => {
    const { key, stamp } = await stored();
    const list = keyOf(key.tenant, 'list');
    await endpoint.command('RPUSH', list.name, 'x');
    await expect(world.authority.commit(list, entryOf('v', stamp))).rejects.toBeInstanceOf(
      AuthorityUnavailable,
    );
  });
});

describe('what stands in Redis in place of a ledger', () => {
  test.each([
    ['a text', ['SET', 'x']],
    ['a list', ['RPUSH', 'x']],
  ])('%s: every call is unavailable', async (_, [command = '', value = '']) => {
    const { authority } = world;
    const key = keyOf(newTenant(), 'a');
    await endpoint.command(command, ledgerName(key.tenant), value);
    for (const call of [
      () => authority.read(key.tenant, [key], 0),
      () => authority.confirm(key.tenant, undefined),
      () => authority.mark(key.tenant, [tagTarget('a')], 'hard', undefined),
      () => authority.commit(key, entryOf('a')),
    ])
      await expect(call()).rejects.toBeInstanceOf(AuthorityUnavailable);
  });

  test.each([
    ['marks without an epoch', 'ZREM'],
    ['a member that nobody writes', 'ZADD'],
  ])('%s: a poll does not take it for a ledger, and confirm makes a new one', async (_, how) => {
    const { authority } = world;
    const tenant = newTenant();
    const { ledger } = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
    if (how === 'ZREM')
      await endpoint.command('ZREMRANGEBYSCORE', ledgerName(tenant), '+inf', '+inf');
    else await rewriteEpoch(endpoint, tenant, () => 'e:what is this');
    await expect(authority.read(tenant, [], 0)).rejects.toBeInstanceOf(AuthorityUnavailable);
    const confirmed = await authority.confirm(tenant, undefined);
    expect(confirmed.epoch).not.toBe(ledger.epoch);
    expect(confirmed.marks).toEqual([]);
    expect((await authority.read(tenant, [], 0)).ledger).toEqual(confirmed);
  });
});
