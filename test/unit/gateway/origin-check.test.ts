import { expect, test } from 'vitest';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import { originCheck } from '../../../src/gateway/origin-check.ts';
import { resourceKey } from '../../../src/gateway/request-key.ts';
import type { TenantPolicy } from '../../../src/tenant/policy.ts';
import { acme, keys, world } from '../engine/world.ts';

const tenant: TenantPolicy = {
  id: acme,
  hosts: ['acme.example'],
  origin: 'https://origin.example',
  warm: { base: 'https://acme.example', paths: [] },
};

test.each([
  ['a host of the tenant', 'https://acme.example/a?b=c', true],
  ['whatever the port', 'http://acme.example:8080/a', true],
  ['a host that is no longer the tenant’s', 'https://former.acme.example/a', false],
  ['the origin itself', 'https://origin.example/a', false],
])('%s: %s', (_, url, expected) => {
  const here = world().isolate();
  const fetch = (): Promise<Response> => Promise.reject(new Error('Nothing is asked here.'));
  const options = {
    fetch,
    originTimeoutMs: 1000,
    loads: new LoadQuota(() => undefined),
    engine: here.parts,
  };
  const ask = originCheck(options, tenant, here.runtime);
  expect(ask(keys.key(acme, resourceKey(new URL(url)))) !== undefined).toBe(expected);
});
