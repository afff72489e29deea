import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AuthorityUnavailable } from '../../src/errors.ts';
import { KeySpace } from '../../src/tenant/key.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import { ledgerName, redisWorld, type RedisWorld } from '../support/redis-world.ts';
import { commit, KEEP_ALL, opened, wholeLedger } from './authority-world.ts';

// A purge of every tenant, in a Redis that holds what a test has put there and nothing else.

let endpoint: TestEndpoint;
let world: RedisWorld;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
beforeEach(async () => {
  await endpoint.flush();
  world = redisWorld(endpoint, KEEP_ALL);
});
afterEach(() => endpoint.clearFaults());
afterAll(() => endpoint.close());

async function openedTenants(count: number): Promise<TenantId[]> {
  const tenants = Array.from({ length: count }, () => newTenant());
  for (const tenant of tenants) await opened(world.authority, tenant);
  return tenants;
}

const marksOf = async ({ authority }: RedisWorld, tenant: TenantId): Promise<readonly string[]> =>
  (await wholeLedger(authority, tenant)).marks.map((mark) => `${mark.mode} ${mark.target}`);

test('a Redis without any ledger is looked at, and has no tenants', async () => {
  await endpoint.resetCounts();
  expect(await world.authority.markEverything('hard')).toEqual({ tenants: 0 });
  // And the heads of all are forgotten.
  expect((await endpoint.counts()).byCommand).toMatchObject({ SCAN: 1, EVALSHA: 1 });
});

test('ledgers of another prefix and of another version are left alone', async () => {
  const others = [new KeySpace('test', 2), new KeySpace('test-2', 1), new KeySpace('tes', 1)].map(
    (keys) => redisWorld(endpoint, KEEP_ALL, { keys }),
  );
  const [tenant] = await openedTenants(1);
  if (!tenant) throw new Error('There is no tenant.');
  for (const other of others) {
    await opened(other.authority, tenant);
    await opened(other.authority, newTenant());
  }
  expect(await world.authority.markEverything('hard')).toEqual({ tenants: 1 });
  expect(await marksOf(world, tenant)).toEqual(['hard *']);
  for (const other of others) expect(await marksOf(other, tenant)).toEqual([]);
});

test('what only looks like a ledger is none: no entry, no lease, no name of nobody', async () => {
  const [tenant] = await openedTenants(1);
  if (!tenant) throw new Error('There is no tenant.');
  const { epoch, seen } = await opened(world.authority, tenant);
  await commit(world.authority, keyOf(tenant, '~ledger'), entryOf('v', { epoch, asOf: seen }));
  await world.authority.lease(keyOf(tenant, ['a', '~ledger']), 'token', 60_000, 0);
  const foreign = ['test:v1:t:acme:x:~ledger', 'test:v1:t:ACME:~ledger', 'test:v1:t::~ledger'];
  for (const name of foreign) await endpoint.command('SET', name, 'x');
  expect(await world.authority.markEverything('hard')).toEqual({ tenants: 1 });
  for (const name of foreign) expect(await endpoint.command('GET', name)).toBe('x');
});

test('many tenants among many other names: each once, in pipelines of 250, and no ledger is read', async () => {
  const tenants = await openedTenants(300);
  for (let at = 0; at < 3000; at += 1000) {
    const pairs = Array.from({ length: 1000 }, (_, step) => [`test:v1:t:a:${at + step}`, 'x']);
    await endpoint.command('MSET', ...pairs.flat());
  }
  await world.authority.markEverything('hard');
  await endpoint.resetCounts();
  expect(await world.authority.markEverything('soft')).toEqual({ tenants: 300 });
  const { requests, byCommand } = await endpoint.counts();
  expect(Object.keys(byCommand).toSorted()).toEqual(['EVALSHA', 'SCAN']);
  expect(byCommand['EVALSHA']).toBe(301);
  // A step looks at 1000 names, and at whole buckets of them.
  expect(byCommand['SCAN']).toBeGreaterThan(1);
  expect(byCommand['SCAN']).toBeLessThan(10);
  expect(requests).toBe((byCommand['SCAN'] ?? 0) + 3);
  for (const tenant of tenants.filter((_, at) => at % 50 === 0))
    expect(await marksOf(world, tenant)).toEqual(['hard *', 'soft *']);
  // Once a pipeline was not answered, no other is sent.
  await endpoint.setFaults({ status: 500, match: 'EVALSHA' });
  await endpoint.resetCounts();
  await expect(world.authority.markEverything('hard')).rejects.toThrow('0 of 300 tenants');
  expect((await endpoint.counts()).byCommand['EVALSHA']).toBe(250);
});

test('a tenant that can not be marked makes it fail, and all others are marked; again, when it is well', async () => {
  const tenants = await openedTenants(3);
  const [first, broken, last] = tenants;
  if (!first || !broken || !last) throw new Error('A tenant is missing.');
  await endpoint.command('SET', ledgerName(broken), 'no ledger');
  const error: unknown = await world.authority
    .markEverything('hard')
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AuthorityUnavailable);
  expect(error).toMatchObject({ retryable: true });
  expect(String(error)).toContain('2 of 3 tenants');
  expect(await marksOf(world, first)).toEqual(['hard *']);
  expect(await marksOf(world, last)).toEqual(['hard *']);
  await endpoint.command('DEL', ledgerName(broken));
  await opened(world.authority, broken);
  expect(await world.authority.markEverything('hard')).toEqual({ tenants: 3 });
});

test.each([
  ['SCAN', { status: 500 }],
  ['SCAN', { truncate: true as const }],
  ['SCAN', { status: 200, body: '<!doctype html>', contentType: 'text/html' }],
  ['SCAN', { status: 200, body: '{"result":42}' }],
  ['SCAN', { status: 200, body: '{"result":["0"]}' }],
  ['SCAN', { status: 200, body: '{"result":["x",[]]}' }],
  ['SCAN', { status: 200, body: '{"result":["0",[1]]}' }],
  ['EVALSHA', { status: 429 }],
  ['EVALSHA', { truncate: true as const }],
  ['EVALSHA', { status: 200, body: '[{"result":"1"}]' }],
  ['EVALSHA', { status: 200, body: '[{"result":"1"},{"result":"x"}]' }],
  ['EVALSHA', { status: 200, body: '[{"result":"1"},{"error":"ERR no"}]' }],
])('when %s goes wrong (%j) it is unavailable, and may be repeated', async (match, fault) => {
  const tenants = await openedTenants(2);
  await endpoint.setFaults({ ...fault, match });
  await expect(world.authority.markEverything('hard')).rejects.toBeInstanceOf(AuthorityUnavailable);
  await endpoint.clearFaults();
  expect(await world.authority.markEverything('hard')).toEqual({ tenants: 2 });
  for (const tenant of tenants) expect(await marksOf(world, tenant)).toEqual(['hard *']);
});
