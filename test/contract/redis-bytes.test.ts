import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../src/errors.ts';
import { tagTarget } from '../../src/tenant/target.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { entryOf, keyOf, newTenant, text } from '../support/entries.ts';
import { epochMember, ledgerName, redisWorld, type RedisWorld } from '../support/redis-world.ts';
import { commit, cursorOf, entryAt, KEEP_ALL, opened, wholeLedger } from './authority-world.ts';

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
  await commit(world.authority, key, entryOf('good value', { epoch, asOf: seen }));
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

  test('a damaged entry is nothing that could be touched, and an event', async () => {
    const { key, raw } = await stored();
    await endpoint.command('SET', key.name, raw.slice(0, -8));
    const ask = (): never => {
      throw new Error('asked');
    };
    expect(await world.authority.touch(key, ask)).toBe('absent');
    expect(world.events).toMatchObject([{ type: 'frame_invalid', tier: 'redis' }]);
    expect(await endpoint.command('GET', key.name)).toBe(raw.slice(0, -8));
  });

  test('a damaged entry is absent in the answer to a lease as well, which is taken', async () => {
    const { key, raw } = await stored();
    await endpoint.command('SET', key.name, raw.slice(0, -8));
    const reply = await world.authority.lease(key, 'token', 60_000, 0);
    expect(reply).toMatchObject({ acquired: true, entries: [undefined] });
    expect(world.events).toMatchObject([{ type: 'frame_invalid', tier: 'redis' }]);
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
    expect(await commit(world.authority, key, entryOf('again', stamp))).toBe('stored');
    expect(text(await entryAt(world.authority, key))).toBe('again');
  });

  test('a commit onto a value of another type never succeeds silently', async () => {
    const { key, stamp } = await stored();
    const list = keyOf(key.tenant, 'list');
    await endpoint.command('RPUSH', list.name, 'x');
    await expect(commit(world.authority, list, entryOf('v', stamp))).rejects.toBeInstanceOf(
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
      () => commit(authority, key, entryOf('a')),
    ])
      await expect(call()).rejects.toBeInstanceOf(AuthorityUnavailable);
  });

  type Damage = (member: string) => readonly string[];
  const another = (digits: string): string => `e:${digits}::1700000000000000:1700000000000000`;
  const damaged: readonly (readonly [string, Damage])[] = [
    ['marks without an epoch', () => []],
    ['a member that nobody writes', () => ['e:what is this']],
    ['an epoch of 30 digits', (member) => [member.replace(/^e:../, 'e:')]],
    ['an epoch of 34 digits', (member) => [member.replace(/^e:/, 'e:ab')]],
    ['an epoch in capitals', (member) => [member.replace(/^e:[0-9a-f]+/, `e:${'AB'.repeat(16)}`)]],
    ['an epoch that is no number', () => ['e:zz:bad']],
    ['an epoch without its floors', (member) => [member.replace(/:[0-9]+:[0-9]+$/, '')]],
    ['an epoch beside one that is none', (member) => [member, 'e:zz:bad']],
    ['two epochs, the other one first', (member) => [another('0'.repeat(32)), member]],
    ['two epochs, the other one last', (member) => [member, another('f'.repeat(32))]],
  ];

  /** A tenant with one mark whose epoch is damaged; answers the epoch that it had. */
  async function damage(how: Damage) {
    const tenant = newTenant();
    const { ledger } = await world.authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
    const member = await epochMember(endpoint, tenant);
    await endpoint.command('ZREM', ledgerName(tenant), member);
    for (const instead of how(member))
      await endpoint.command('ZADD', ledgerName(tenant), '+inf', instead);
    return { tenant, epoch: ledger.epoch, seen: cursorOf(ledger).seen };
  }

  describe.each(damaged)('%s', (_, how) => {
    test('a read answers no ledger, from whatever place', async () => {
      const { tenant, seen } = await damage(how);
      const none = { entries: [], ledger: undefined };
      expect(await world.authority.read(tenant, [], 0)).toEqual(none);
      expect(await world.authority.read(tenant, [], seen)).toEqual(none);
    });

    test('confirm makes a new one, and then marks are made and read again', async () => {
      const { authority } = world;
      const { tenant, epoch, seen } = await damage(how);
      const confirmed = await authority.confirm(tenant, { epoch, seen });
      expect(confirmed.epoch).not.toBe(epoch);
      expect(confirmed).toMatchObject({ since: 0, marks: [] });
      expect(await wholeLedger(authority, tenant)).toEqual(confirmed);
      const { seq, ledger } = await authority.mark(tenant, [tagTarget('b')], 'hard', undefined);
      expect(ledger.epoch).toBe(confirmed.epoch);
      expect((await wholeLedger(authority, tenant)).marks).toEqual([
        { target: 't:b', mode: 'hard', seq },
      ]);
    });

    test('a mark makes a new one as well, and a load under the old one is not stored', async () => {
      const { authority } = world;
      const { tenant, epoch, seen } = await damage(how);
      const { seq, ledger } = await authority.mark(tenant, [tagTarget('b')], 'hard', undefined);
      expect(ledger.epoch).not.toBe(epoch);
      expect(await wholeLedger(authority, tenant)).toMatchObject({
        epoch: ledger.epoch,
        marks: [{ target: 't:b', mode: 'hard', seq }],
      });
      const late = entryOf('v', { epoch, asOf: seen });
      expect(await commit(authority, keyOf(tenant, 'a'), late)).toBe('epoch');
    });
  });
});
