import { expect, test } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../src/errors.ts';
import type { TenantId } from '../../src/tenant/tenant-id.ts';
import { entryOf, keyOf, newTenant } from '../support/entries.ts';
import { redisWorld } from '../support/redis-world.ts';
import { endpointOfThisFile } from '../support/stage.ts';
import { commit, KEEP_ALL, opened } from './authority-world.ts';

const endpoint = await endpointOfThisFile();

/** An authority of its own, and a tenant with one entry, `a`. */
async function set() {
  const world = redisWorld(endpoint, KEEP_ALL);
  const tenant = newTenant();
  const { epoch, seen } = await opened(world.authority, tenant);
  const stamp = { epoch, asOf: seen };
  const key = keyOf(tenant, 'a');
  expect(await commit(world.authority, key, entryOf('a', stamp))).toBe('stored');
  return { ...world, tenant, key, stamp };
}

/** What the first sample that finds anything finds. */
async function found(authority: Authority, tenant: TenantId): Promise<readonly string[]> {
  for (let call = 0; call < 50; call += 1) {
    const keys = await authority.sample(tenant, 10);
    if (keys.length > 0) return keys;
  }
  return [];
}

test.each([
  ['cut short', (text: string) => text.slice(0, 80), 'checksum'],
  ['altered', (text: string) => `${text.slice(0, -8)}AAAAAAAA`, 'checksum'],
  ['of another version', (text: string) => text.replace('TCL1', 'TCL9'), 'version'],
  [
    'somebody else’s text',
    () => 'a text that no version of this has ever written'.repeat(3),
    'length',
  ],
])('bytes that are %s are told with their fault, and are no event', async (_, corrupt, fault) => {
  const { authority, key, events } = await set();
  const stored = String(await endpoint.command('GET', key.name));
  await endpoint.command('SET', key.name, corrupt(stored));
  expect(await authority.examine([key])).toEqual([{ state: 'undecodable', fault }]);
  expect(events).toEqual([]);
});

test('what is no text is absent', async () => {
  const { authority, key } = await set();
  await endpoint.command('DEL', key.name);
  await endpoint.command('RPUSH', key.name, 'x');
  expect(await authority.examine([key])).toEqual([{ state: 'absent' }]);
});

test('an examination of many keys is one request', async () => {
  const { authority, tenant, key } = await set();
  const keys = Array.from({ length: 50 }, (_, at) => keyOf(tenant, `k${at}`));
  await endpoint.resetCounts();
  await authority.examine([key, ...keys]);
  expect(await endpoint.counts()).toMatchObject({ requests: 1 });
});

test('a key that is too long to be a name is examined, and is in no sample', async () => {
  const { authority, tenant, stamp } = await set();
  const long = keyOf(tenant, ['n', 'x'.repeat(2000)]);
  expect(await commit(authority, long, entryOf('long', stamp))).toBe('stored');
  expect(await authority.examine([long])).toMatchObject([{ state: 'entry' }]);
  expect(await found(authority, tenant)).toEqual(['a']);
});

test('a search is bounded, and the next one goes on where it ended', async () => {
  const { authority, tenant } = await set();
  // So many names of others that one search does not come to the end.
  const many = Array.from({ length: 12_000 }, (_, at) => [`other:${tenant}:${at}`, 'x']);
  for (let at = 0; at < many.length; at += 2000)
    await endpoint.command('MSET', ...many.slice(at, at + 2000).flat());
  await endpoint.resetCounts();
  expect(await found(authority, tenant)).toEqual(['a']);
  const before = await endpoint.counts();
  await authority.sample(newTenant(), 10);
  expect((await endpoint.counts()).requests - before.requests).toBe(5);
  for (let at = 0; at < many.length; at += 2000)
    await endpoint.command('DEL', ...many.slice(at, at + 2000).map(([name]) => name ?? ''));
});

test('when Redis does not answer, both say so', async () => {
  const { authority, tenant, key } = await set();
  await endpoint.setFaults({ status: 500 });
  await expect(authority.examine([key])).rejects.toThrow(AuthorityUnavailable);
  await expect(authority.sample(tenant, 10)).rejects.toThrow(AuthorityUnavailable);
});
