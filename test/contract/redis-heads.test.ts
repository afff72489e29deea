import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HeadsCursor } from '../../src/authority/authority.ts';
import { KEPT_HEADS } from '../../src/authority/heads.ts';
import { tagTarget } from '../../src/tenant/target.ts';
import { KeySpace } from '../../src/tenant/key.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { newTenant } from '../support/entries.ts';
import { redisWorld } from '../support/redis-world.ts';
import { KEEP_ALL, opened } from './authority-world.ts';

let endpoint: TestEndpoint;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(() => endpoint.close());

let spaces = 0;

/** An authority whose heads no other test changes. */
function alone() {
  spaces += 1;
  const keys = new KeySpace(`heads-${Date.now().toString(36).slice(-6)}${spaces}`, 1);
  const { authority } = redisWorld(endpoint, KEEP_ALL, { keys });
  const standing = async (tenant: TenantId): Promise<HeadsCursor> => {
    const { heads } = await authority.read(tenant, [], 0, 'newest');
    if (!heads) throw new Error('There are no heads.');
    return { epoch: heads.epoch, seen: heads.seen };
  };
  return { authority, name: keys.heads, standing };
}

/** The member that says which heads these are. */
async function epochOf(name: string): Promise<string> {
  const [member] = (await endpoint.command('ZRANGE', name, '-1', '-1')) as string[];
  return member ?? '';
}

describe('the heads in Redis', () => {
  test('ride along with the read: one request, two commands more', async () => {
    const { authority, standing } = alone();
    const tenant = newTenant();
    const { seen } = await opened(authority, tenant);
    const cursor = await standing(tenant);
    await endpoint.resetCounts();
    await authority.read(tenant, [], seen, cursor);
    expect(await endpoint.counts()).toEqual({
      requests: 1,
      commands: 3,
      byCommand: { ZSCORE: 1, ZRANGE: 2 },
    });
  });

  test('that are gone are told by no answer; the next purge makes others, with a ledger that stays as it is', async () => {
    const { authority, name, standing } = alone();
    const tenant = newTenant();
    const { epoch } = await opened(authority, tenant);
    const cursor = await standing(tenant);
    await endpoint.command('DEL', name);
    expect((await authority.read(tenant, [], 0, cursor)).heads).toBeUndefined();
    const { ledger, seq } = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
    expect(ledger.epoch).toBe(epoch);
    const { heads } = await authority.read(tenant, [], 0, cursor);
    expect(heads).toMatchObject({ since: 0, own: seq, seen: seq, complete: false });
    expect(heads?.epoch).not.toBe(cursor.epoch);
  });

  test('of another process of Redis are replaced by the next script that changes a ledger', async () => {
    const { authority, name, standing } = alone();
    const [tenant, other] = [newTenant(), newTenant()];
    await opened(authority, tenant);
    const cursor = await standing(tenant);
    const member = await epochOf(name);
    expect(member).toMatch(/^e:[0-9a-f]{32}:[0-9a-f]{40}$/);
    await endpoint.command('ZREM', name, member);
    await endpoint.command('ZADD', name, '+inf', `e:${cursor.epoch}:${'0'.repeat(40)}`);
    // Others may lack what was acknowledged: nothing that they say of any tenant counts.
    await authority.mark(other, [tagTarget('a')], 'hard', undefined);
    const { heads } = await authority.read(tenant, [], 0, cursor);
    expect(heads?.epoch).not.toBe(cursor.epoch);
    expect(heads).toMatchObject({ since: 0, own: 0 });
  });

  test('that were rolled back end before the reader', async () => {
    const { authority, name, standing } = alone();
    const tenant = newTenant();
    const { seen } = await opened(authority, tenant);
    await endpoint.command('COPY', name, `${name}-backup`);
    await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
    const cursor = await standing(tenant);
    await endpoint.command('COPY', `${name}-backup`, name, 'REPLACE');
    const { heads } = await authority.read(tenant, [], 0, cursor);
    expect(heads).toMatchObject({ epoch: cursor.epoch, own: seen });
    expect(heads?.seen).toBeLessThan(cursor.seen);
  });

  test('keep a bounded number of tenants, the newest', async () => {
    const { authority, name, standing } = alone();
    const [tenant, other] = [newTenant(), newTenant()];
    await opened(authority, tenant);
    const cursor = await standing(tenant);
    const rows: (string | number)[] = [];
    for (let at = 0; at < 2 * KEPT_HEADS; at += 1) rows.push(cursor.seen - at - 1, `old-${at}`);
    for (let at = 0; at < rows.length; at += 2000)
      await endpoint.command('ZADD', name, ...rows.slice(at, at + 2000));
    const { seq } = await authority.mark(other, [tagTarget('a')], 'hard', undefined);
    // The epoch is one of them.
    expect(await endpoint.command('ZCARD', name)).toBe(KEPT_HEADS + 1);
    const { heads } = await authority.read(tenant, [], 0, cursor);
    expect(heads).toMatchObject({ own: cursor.seen, seen: seq, complete: true });
    expect(heads?.moved).toEqual(
      new Map([
        [tenant, cursor.seen],
        [other, seq],
      ]),
    );
  });

  test.each<readonly [string, readonly (string | number)[][]]>([
    ['of a wrong type', [['DEL'], ['SET', 'x']]],
    ['with a score that is no seq', [['ZADD', '1e17', 'acme']]],
    [
      'with a score below zero',
      [
        ['ZREMRANGEBYSCORE', '-inf', '(+inf'],
        ['ZADD', -5, 'acme'],
      ],
    ],
    ['of two epochs', [['ZADD', '+inf', `e:${'b'.repeat(32)}:`]]],
  ])('%s are replaced by the next purge, and stop none', async (_, commands) => {
    const { authority, name } = alone();
    const tenant = newTenant();
    const { epoch } = await opened(authority, tenant);
    for (const [command = '', ...words] of commands)
      await endpoint.command(command, name, ...words);
    const { ledger, seq } = await authority.mark(tenant, [tagTarget('a')], 'hard', undefined);
    expect(ledger).toMatchObject({ epoch, marks: [{ target: 't:a', mode: 'hard', seq }] });
    const { heads } = await authority.read(tenant, [], 0, 'newest');
    expect(heads).toMatchObject({ own: seq, seen: seq });
    await opened(authority, newTenant());
  });

  test('alone are one request and one command', async () => {
    const { authority, standing } = alone();
    const [tenant, other] = [newTenant(), newTenant()];
    await opened(authority, tenant);
    const cursor = await standing(tenant);
    const { seq } = await authority.mark(other, [tagTarget('a')], 'soft', undefined);
    await endpoint.resetCounts();
    const heads = await authority.heads(cursor);
    expect(heads).toMatchObject({ since: cursor.seen, seen: seq, complete: true });
    expect(heads?.moved).toEqual(
      new Map([
        [tenant, cursor.seen],
        [other, seq],
      ]),
    );
    expect(await endpoint.counts()).toEqual({ requests: 1, commands: 1, byCommand: { ZRANGE: 1 } });
    expect(await alone().authority.heads(cursor)).toBeUndefined();
  });

  test.each([
    ['no sorted set', (name: string) => endpoint.command('SET', name, 'x')],
    ['no epoch', (name: string) => endpoint.command('ZADD', name, 1, 'acme')],
    [
      'names that are none',
      (name: string) =>
        endpoint.command('ZADD', name, '+inf', `e:${'a'.repeat(32)}:`, 1, 'no name'),
    ],
    [
      'scores that are no seq',
      (name: string) => endpoint.command('ZADD', name, '+inf', `e:${'a'.repeat(32)}:`, 1.5, 'acme'),
    ],
  ])('with %s are no heads', async (_, spoil) => {
    const { authority, name } = alone();
    const tenant = newTenant();
    await spoil(name);
    const known = { epoch: 'a'.repeat(32), seen: 0 };
    expect(await authority.heads(known)).toBeUndefined();
    const { heads, ledger } = await authority.read(tenant, [], 0, known);
    expect(heads).toBeUndefined();
    expect(ledger).toBeUndefined();
  });
});
