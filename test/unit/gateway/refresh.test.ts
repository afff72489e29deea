import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../../src/gateway/exchange.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import type { TenantPolicy } from '../../../src/tenant/policy.ts';
import { acme, keys, MINUTE, world } from '../engine/world.ts';
import { turn } from '../support/runtime.ts';

const tenant: TenantPolicy = {
  id: acme,
  hosts: ['acme.example'],
  origin: 'https://origin.example',
  warm: { base: 'https://acme.example', paths: [] },
};
const WINDOWS = 'max-age=10, stale-while-revalidate=600, stale-if-error=600';

/** The gateway in front of an origin whose next answer a test decides, on a clock that it moves. */
function scene() {
  const { time, isolate } = world();
  const here = isolate();
  const origin = { answer: (): Response => answer('first'), asked: [] as Headers[] };
  const fetch: Fetch = (_, { headers }) => {
    origin.asked.push(new Headers(headers));
    return Promise.resolve(origin.answer());
  };
  const gateway = new Gateway({
    engine: here.parts,
    keys,
    fetch,
    originTimeoutMs: 10_000,
    loads: new LoadQuota(() => undefined),
    maxLifetimeMs: 60 * MINUTE,
    throttleMs: 5000,
  });
  const get = async (headers: Record<string, string> = {}): Promise<string> => {
    const request = new Request('https://acme.example/a', { headers });
    const response = await gateway.handle(request, tenant, here.runtime);
    return response.text();
  };
  return { time, here, origin, get };
}

function answer(body: ReadableStream<Uint8Array> | string, cacheControl = WINDOWS): Response {
  return new Response(body, {
    headers: { 'cache-control': cacheControl, etag: '"of-the-origin"' },
  });
}

/** A body that begins and does not end. */
const endless = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) });

describe('a refresh', () => {
  test('whose body takes too long to be stored says nothing of what is stored', async () => {
    const { time, here, origin, get } = scene();
    expect(await get()).toBe('first');
    await here.settle();
    await time.advance(11_000);
    origin.answer = () => answer(endless());
    expect(await get()).toBe('first');
    await time.advance(26_000);
    await here.settle();
    expect(here.asked).not.toContain('mark');
    // Past the time for which a failure is remembered.
    await time.advance(5000);
    origin.answer = () => answer('not to be kept', 'no-store');
    expect(await get()).toBe('first');
    await here.settle();
    expect(here.asked).toContain('mark');
  });

  test('is sent what the gateway says itself, and the tag of what is stored', async () => {
    const { time, here, origin, get } = scene();
    await get();
    await here.settle();
    await time.advance(11_000);
    await get({ 'accept-language': 'de', cookie: 'a=b', 'if-none-match': '"x"', 'x-odd': '1' });
    await turn();
    expect(Object.fromEntries(origin.asked.at(-1) ?? [])).toEqual({
      accept: '*/*',
      'accept-encoding': 'identity',
      'cdn-loop': 'tiercel; host="acme.example"',
      'if-none-match': '"of-the-origin"',
      'user-agent': 'Tiercel',
      via: '1.1 tiercel',
      'x-forwarded-host': 'acme.example',
      'x-forwarded-proto': 'https',
    });
  });
});

test('an answer to a reader whose body takes too long asks nothing of the origin behind it', async () => {
  const { time, here, origin, get } = scene();
  origin.answer = () => answer('first', 'max-age=10, stale-if-error=600');
  await get();
  await here.settle();
  await time.advance(11_000);
  origin.answer = () => answer(endless());
  void get();
  await time.advance(26_000);
  expect(origin.asked).toHaveLength(2);
  expect(here.asked).not.toContain('mark');
});
