import { describe, expect, test } from 'vitest';
import type { ReadReply } from '../../../src/authority/authority.ts';
import { AuthorityUnavailable } from '../../../src/errors.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import type { TenantPolicy } from '../../../src/tenant/policy.ts';
import { acme, keys, MINUTE, world } from '../engine/world.ts';

const tenant: TenantPolicy = {
  id: acme,
  hosts: ['acme.example'],
  origin: 'https://origin.example',
  warm: { base: 'https://acme.example', paths: [] },
};
const TIER_MS = 5000;

/** The gateway with something stale, behind it a tier that takes its time, and an authority that answers as it is told. */
async function scene() {
  const { time, isolate } = world();
  let answering = (_: number, reply: Promise<ReadReply>): Promise<ReadReply> => reply;
  const here = isolate({
    wrap: (real) => ({ read: (...args) => answering(args[1].length, real.read(...args)) }),
    tiers: (memory) => [
      memory,
      {
        name: 'regional',
        local: false,
        lifetimeMs: 0,
        get: () => time.sleep(TIER_MS).then(() => undefined),
        put: () => Promise.resolve(),
        delete: () => Promise.resolve(),
      },
    ],
  });
  let text = 'old';
  const gateway = new Gateway({
    engine: here.parts,
    keys,
    fetch: () =>
      Promise.resolve(
        new Response(text, {
          headers: {
            'cache-control': 'max-age=10, stale-while-revalidate=600',
            etag: '"of-the-origin"',
          },
        }),
      ),
    originTimeoutMs: 10_000,
    loads: new LoadQuota(() => undefined),
    maxLifetimeMs: 60 * MINUTE,
    throttleMs: 5000,
  });
  const get = async (): Promise<{ text: string; status: string | null }> => {
    const request = new Request('https://acme.example/a');
    const asked = gateway.handle(request, tenant, here.runtime);
    await time.advance(TIER_MS);
    const response = await asked;
    return { text: await response.text(), status: response.headers.get('cache-status') };
  };
  await get();
  await here.settle();
  text = 'new';
  const fail = (polls: boolean): void => {
    answering = (read, reply) =>
      reply.then((answer) => {
        if (read > 0 || polls) throw new AuthorityUnavailable('It does not answer.');
        return answer;
      });
  };
  return { time, get, fail };
}

describe('what is refreshed behind the answer, when the authority does not answer', () => {
  test.each([
    ['is flagged within the time that is borne', 24_000, 'old', /detail=memory-unverified/],
    ['is not served past it, however long the tiers take', 26_000, 'new', /redis-unavailable/],
  ])('%s', async (_, age, text, status) => {
    const { time, get, fail } = await scene();
    fail(true);
    await time.advance(age);
    const answer = await get();
    expect(answer.text).toBe(text);
    expect(answer.status).toMatch(status);
  });

  test('is verified by the check before a read that failed', async () => {
    const { time, get, fail } = await scene();
    fail(false);
    await time.advance(11_000);
    const answer = await get();
    expect(answer.text).toBe('old');
    expect(answer.status).toMatch(/detail=memory$/);
  });
});
