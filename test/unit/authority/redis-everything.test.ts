import { expect, test } from 'vitest';
import { tenantsWithLedger } from '../../../src/authority/redis/everything.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { KeySpace } from '../../../src/tenant/key.ts';

// A scan that no Redis can be made to show at will: one that repeats a name, and one that does not end.

const keys = new KeySpace('tc', 1);

test('a ledger that a scan answers twice is one tenant', async () => {
  const steps = [
    { cursor: '7', names: ['tc:v1:t:acme:~ledger', 'tc:v1:t:acme:~ledger'] },
    { cursor: '3', names: [] },
    { cursor: '0', names: ['tc:v1:t:acme:~ledger', 'tc:v1:t:other:~ledger'] },
  ];
  const asked: string[] = [];
  const scan = async (cursor: string, match: string, count: number) => {
    asked.push(`${cursor} ${match} ${count}`);
    return steps.shift() ?? { cursor: '0', names: [] };
  };
  expect([...(await tenantsWithLedger({ scan }, keys))]).toEqual(['acme', 'other']);
  const pattern = 'tc:v1:t:*:~ledger 1000';
  expect(asked).toEqual([`0 ${pattern}`, `7 ${pattern}`, `3 ${pattern}`]);
});

test('a scan that does not end is given up, as unavailable', async () => {
  let steps = 0;
  const scan = async () => {
    steps += 1;
    return { cursor: String(steps), names: [] };
  };
  await expect(tenantsWithLedger({ scan }, keys)).rejects.toBeInstanceOf(AuthorityUnavailable);
  expect(steps).toBe(10_000);
});
