import { afterAll, beforeAll, inject } from 'vitest';
import { openEndpoint, type TestEndpoint } from '../support/control.ts';
import { ledgerName, redisWorld, rewriteEpoch } from '../support/redis-world.ts';
import { KEEP_ALL } from './authority-world.ts';
import { describeAuthority } from './authority.ts';

let endpoint: TestEndpoint;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(() => endpoint.close());

const HOUR_MICROS = 3_600_000_000;

describeAuthority(`Redis (${inject('redisDescription')})`, (retention) => {
  const world = redisWorld(endpoint, { ...KEEP_ALL, ...retention });
  return {
    ...world,
    // The clock of Redis can't be turned; a mark from an hour ahead leaves it as far behind.
    async turnBack(tenant) {
      const ahead = Date.now() * 1000 + HOUR_MICROS;
      await endpoint.command('ZADD', ledgerName(tenant), ahead, 's:t:from an hour ahead');
    },
    async rollBack(tenant) {
      const ledger = ledgerName(tenant);
      await endpoint.command('COPY', ledger, `${ledger}-backup`);
      return async () => {
        await endpoint.command('DEL', ledger);
        await endpoint.command('COPY', `${ledger}-backup`, ledger);
      };
    },
    touchWhile(key, retime, meanwhile) {
      world.beforeNextFrame(meanwhile);
      return world.authority.touch(key, retime);
    },
    otherProcess: (tenant) =>
      rewriteEpoch(endpoint, tenant, (member) =>
        member.replace(/^(e:[0-9a-f]+:)[0-9a-f]*/, `$1${'0'.repeat(40)}`),
      ),
  };
});
