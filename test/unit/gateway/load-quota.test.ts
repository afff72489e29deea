import { describe, expect, it, test } from 'vitest';
import { verify } from '../../../src/engine/verify.ts';
import type { Fetch } from '../../../src/gateway/exchange.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import { originCheck } from '../../../src/gateway/origin-check.ts';
import { DEFAULT_QUOTAS, type TenantPolicy } from '../../../src/tenant/policy.ts';
import { acme, keys, MINUTE, world } from '../engine/world.ts';
import { tenantId } from '../support/tenants.ts';

const PER_SECOND = 2;
const AT_ONCE = 2 * PER_SECOND;
const THROTTLE_MS = 5000;

const tenant: TenantPolicy = {
  id: acme,
  hosts: ['acme.example'],
  origin: 'https://origin.example',
  warm: { base: 'https://acme.example', paths: [] },
  quotas: { ...DEFAULT_QUOTAS, loadsPerSecond: PER_SECOND },
};
const other: TenantPolicy = { ...tenant, id: tenantId('other'), hosts: ['other.example'] };

/** A tenant with a quota in front of an origin whose next answer a test decides. */
function scene() {
  const { time, isolate } = world();
  const here = isolate();
  const origin = {
    answer: (): Response => answer('max-age=10'),
    asked: [] as string[],
  };
  const fetch: Fetch = async (url, { method }) => {
    await Promise.resolve();
    origin.asked.push(`${method} ${new URL(url).pathname}`);
    return origin.answer();
  };
  const loads = new LoadQuota(here.parts.sink);
  const options = { engine: here.parts, fetch, originTimeoutMs: 10_000, loads };
  const gatewayOf = (): Gateway =>
    new Gateway({ ...options, keys, maxLifetimeMs: 60 * MINUTE, throttleMs: THROTTLE_MS });
  const gateway = gatewayOf();
  const ask = (path: string, init: RequestInit = {}, of = tenant): Promise<Response> => {
    const request = new Request(`https://${of.hosts[0]}${path}`, init);
    return gateway.handle(request, of, here.runtime);
  };
  /** Asks for pages that nobody has asked for, until the quota is used up. */
  const flood = async (): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (let page = 0; page < 20; page += 1) {
      const response = await ask(`/flood/${time.now()}-${page}`);
      statuses.push(response.status);
      await response.body?.cancel();
    }
    return statuses;
  };
  /** Stores a page, lets it become stale, and uses up the quota. */
  const staleAndOver = async (control: string): Promise<void> => {
    origin.answer = () => answer(control);
    await (await ask('/page')).text();
    await here.settle();
    await time.advance(11_000);
    await flood();
    origin.asked.length = 0;
  };
  return { time, here, origin, options, gatewayOf, ask, flood, staleAndOver };
}

function answer(control: string, body = 'of the origin'): Response {
  return new Response(body, { headers: { 'cache-control': control, etag: '"e"' } });
}

async function told(response: Response): Promise<unknown> {
  const { code } = (await response.json()) as { code: string };
  const { status, headers } = response;
  return {
    status,
    code,
    retryAfter: headers.get('retry-after'),
    cacheControl: headers.get('cache-control'),
  };
}

const REFUSED = { status: 503, code: 'over_quota', retryAfter: '1', cacheControl: 'no-store' };

describe('a tenant that has used up its quota of loads', () => {
  test('has no more than that sent to its origin, and nobody else is touched', async () => {
    const { here, origin, ask, flood } = scene();
    const statuses = await flood();
    expect(statuses.filter((status) => status === 200)).toHaveLength(AT_ONCE);
    expect(statuses.slice(AT_ONCE).every((status) => status === 503)).toBe(true);
    expect(origin.asked).toHaveLength(AT_ONCE);
    expect(here.count('over_quota')).toBe(20 - AT_ONCE);
    expect((await ask('/', {}, other)).status).toBe(200);
  });

  it.each<[string, RequestInit]>([
    ['a GET', {}],
    ['a HEAD', { method: 'HEAD' }],
    ['a range', { headers: { range: 'bytes=0-1' } }],
    ['a request that goes past the store', { headers: { 'if-match': '"x"' } }],
    ['the opening of a WebSocket', { headers: { upgrade: 'websocket' } }],
  ])('%s is refused, and nothing is sent', async (_, init) => {
    const { origin, ask, flood } = scene();
    await flood();
    const before = origin.asked.length;
    expect(await told(await ask('/new', init))).toEqual(REFUSED);
    expect(origin.asked).toHaveLength(before);
  });

  it.each<[string, RequestInit]>([
    ['a POST', { method: 'POST', body: 'x' }],
    ['a DELETE', { method: 'DELETE' }],
    ['OPTIONS', { method: 'OPTIONS' }],
  ])('%s passes all the same', async (_, init) => {
    const { origin, ask, flood } = scene();
    await flood();
    const before = origin.asked.length;
    expect((await ask('/new', init)).status).toBe(200);
    expect(origin.asked).toHaveLength(before + 1);
  });

  test('has its origin asked again as soon as there is a token, for the same URL', async () => {
    const { time, here, origin, ask, flood } = scene();
    await flood();
    const before = here.count('over_quota');
    for (let again = 0; again < 10; again += 1) expect((await ask('/same')).status).toBe(503);
    await here.settle();
    expect(origin.asked).not.toContain('GET /same');
    // Nobody in particular has tried either.
    expect(here.count('over_quota')).toBe(before + 10);
    await time.advance(500);
    expect((await ask('/same')).status).toBe(200);
    expect(here.count('origin_error')).toBe(0);
  });

  test('is served what is fresh', async () => {
    const { here, ask, flood } = scene();
    await (await ask('/page')).text();
    await here.settle();
    await flood();
    expect(await (await ask('/page')).text()).toBe('of the origin');
  });

  it.each(['max-age=10', 'max-age=10, stale-if-error=600'])(
    'is served what is stale after `%s`, without a word about the origin',
    async (control) => {
      const { here, origin, ask, staleAndOver } = scene();
      await staleAndOver(control);
      const response = await ask('/page');
      expect(await response.text()).toBe('of the origin');
      expect(response.headers.get('cache-status')).toMatch(/^Tiercel; hit; ttl=-1/);
      await here.settle();
      expect(origin.asked).toEqual([]);
      expect(here.count('origin_error')).toBe(0);
      expect(here.count('load_failed')).toBe(0);
    },
  );

  it.each(['must-revalidate, max-age=10', 's-maxage=10', 'max-age=10, stale-if-error=0'])(
    'is not served what is stale after `%s`',
    async (control) => {
      const { ask, staleAndOver } = scene();
      await staleAndOver(control);
      expect(await told(await ask('/page'))).toEqual(REFUSED);
    },
  );

  test('nor what was purged', async () => {
    const { here, ask, staleAndOver } = scene();
    await staleAndOver('max-age=10, stale-if-error=600');
    await here.purge(['*']);
    expect(await told(await ask('/page'))).toEqual(REFUSED);
  });

  it.each(['max-age=10', 'max-age=10, stale-while-revalidate=600'])(
    'asks for what is stale after `%s` as soon as there is a token: nothing is remembered against its origin',
    async (control) => {
      const { time, here, origin, ask, staleAndOver } = scene();
      await staleAndOver(control);
      for (let again = 0; again < 5; again += 1) {
        expect(await (await ask('/page')).text()).toBe('of the origin');
        await here.settle();
      }
      expect(origin.asked).toEqual([]);
      await time.advance(500);
      origin.answer = () => answer('max-age=10', 'new');
      await (await ask('/page')).text();
      await here.settle();
      expect(origin.asked).toEqual(['GET /page']);
      expect(await (await ask('/page')).text()).toBe('new');
    },
  );

  test('those who wait for one that is refused are refused with it', async () => {
    const { here, origin, ask, flood } = scene();
    await flood();
    const before = here.count('over_quota');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/burst')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 503));
    expect(origin.asked).not.toContain('GET /burst');
    // One of them has asked for a token.
    expect(here.count('over_quota')).toBe(before + 1);
  });

  test('finds out nothing about an origin that fails, and does not leave it alone for that', async () => {
    const { time, here, origin, ask } = scene();
    origin.answer = () => {
      throw new TypeError('reset');
    };
    // The last tokens: from the second failure on the origin is asked by nobody in particular, which takes one more.
    await ask('/one');
    await ask('/two');
    await ask('/down');
    await ask('/down');
    await here.settle();
    expect(origin.asked).toEqual(['GET /one', 'GET /two', 'GET /down', 'GET /down']);
    expect(await told(await ask('/down'))).toEqual(REFUSED);
    // Still to be found out: with the next failure at once.
    await time.advance(1000);
    expect((await ask('/down')).status).toBe(502);
    await here.settle();
    expect(origin.asked).toHaveLength(6);
  });

  test('has it used up by whatever gateway asks: warming counts too', async () => {
    const { here, gatewayOf, flood } = scene();
    await flood();
    const response = await gatewayOf().handle(
      new Request('https://acme.example/warm'),
      tenant,
      here.runtime,
    );
    expect(await told(response)).toEqual(REFUSED);
  });

  test('has nothing compared with its origin', async () => {
    const { here, origin, options, flood } = scene();
    await flood();
    await here.settle();
    const before = origin.asked.length;
    const source = originCheck(options, tenant, here.runtime);
    const found = await verify(
      here.parts,
      acme,
      { keys, sample: 20, budget: 100, source },
      here.runtime,
    );
    expect(found.origin).toEqual({ asked: AT_ONCE, leftOut: 0, failed: AT_ONCE });
    expect(origin.asked).toHaveLength(before);
  });
});

test('without a quota there is no bound', async () => {
  const { here, options } = scene();
  const { quotas: _, ...free } = tenant;
  for (let time = 0; time < 1000; time += 1) options.loads.spend(free, here.runtime.now());
  expect(here.count('over_quota')).toBe(0);
});
