import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

/* What was stored by one policy, and is asked for by another: after a deployment, or while it goes on. */

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

type Policy = Readonly<Record<string, unknown>>;

/** Two isolates that share all stores, and have a tenant's policy each. */
async function twoPolicies(one: Policy, other: Policy): Promise<readonly [Isolate, Isolate]> {
  const deployment = await deploy({ origin: origin.url });
  const [tenant] = JSON.parse(String(deployment.variables['TENANTS'])) as object[];
  const of = (policy: Policy): Isolate =>
    deployment.isolate({ TENANTS: JSON.stringify([{ ...tenant, ...policy }]) });
  return [of(one), of(other)];
}

const themes = async (...more: readonly (readonly [string, string])[]): Promise<string> => {
  const target = `/theme-${crypto.randomUUID()}`;
  const headers = [['cache-control', 'max-age=60'], ...more] as const;
  await origin.rescript(target, [
    { headers, body: 'light' },
    { to: 'x-theme', headers, body: 'dark' },
  ]);
  return target;
};

const dark = { 'x-theme': 'dark' };
const dropping = { vary: { drop: ['x-theme'] } };
const hit = { hit: true };

describe('what was stored while a header did not count [trap:vary]', () => {
  test.each([
    ['of what varies by it alone', [['vary', 'X-Theme']]],
    ['of what varies by others', [['vary', 'Accept-Language, X-Theme']]],
  ] as const)('%s, is not served to who sends it', async (_, more) => {
    const target = await themes(...more);
    const [before, now] = await twoPolicies(dropping, {});
    expect((await before.get(target, dark)).text).toBe('light');
    expect((await before.get(target, dark)).cacheStatus).toMatchObject(hit);
    const first = await now.get(target, dark);
    expect(first).toMatchObject({ text: 'dark', cacheStatus: { stored: true } });
    expect(await now.get(target, dark)).toMatchObject({ text: 'dark', cacheStatus: hit });
    expect(await now.get(target)).toMatchObject({ text: 'light' });
    // Those who have the old policy yet find theirs, and take nothing from the others.
    expect(await before.get(target, dark)).toMatchObject({ text: 'light', cacheStatus: hit });
    expect(await now.get(target, dark)).toMatchObject({ text: 'dark', cacheStatus: hit });
  });

  test('nor is a part of it', async () => {
    const target = `/part-${crypto.randomUUID()}`;
    const part = (body: string) => ({
      status: 206,
      headers: [
        ['cache-control', 'max-age=60'],
        ['vary', 'X-Theme'],
        ['content-range', 'bytes 0-3/9'],
      ] as const,
      body,
    });
    await origin.rescript(target, [part('ligh'), { to: 'x-theme', ...part('dark') }]);
    const [before, now] = await twoPolicies(dropping, {});
    const range = { range: 'bytes=0-3' };
    await before.get(target, range);
    expect((await before.get(target, range)).cacheStatus).toMatchObject(hit);
    expect((await now.get(target, { ...range, ...dark })).text).toBe('dark');
  });

  test('nor is it validated, or served stale', async () => {
    const target = await themes(['vary', 'X-Theme'], ['etag', '"a"']);
    const [before, now] = await twoPolicies(
      { ...dropping, ttl: { max: 0 }, stale: { ifUnreachable: '1h' } },
      { stale: { ifUnreachable: '1h' } },
    );
    await before.get(target, dark);
    await now.get(target, dark);
    const [, asked] = await origin.seen(target);
    expect(asked?.headers).not.toHaveProperty('if-none-match');
  });
});

test('a header that counts no more leaves what was stored by it as it is', async () => {
  const target = await themes(['vary', 'X-Theme']);
  const [before, now] = await twoPolicies({}, dropping);
  expect((await before.get(target, dark)).text).toBe('dark');
  expect((await now.get(target, dark)).text).toBe('light');
  expect(await now.get(target, dark)).toMatchObject({ text: 'light', cacheStatus: hit });
  expect(await before.get(target, dark)).toMatchObject({ text: 'dark', cacheStatus: hit });
});

test('a cookie that was stored is served no more where none is stored [trap:set-cookie]', async () => {
  const target = `/cookie-${crypto.randomUUID()}`;
  const answer = (cookie: string) => ({
    headers: [
      ['cache-control', 'max-age=60'],
      ['set-cookie', cookie],
    ] as const,
    body: cookie,
  });
  await origin.rescript(target, [answer('sid=1')]);
  const [before, now] = await twoPolicies({ setCookie: 'store' }, {});
  await before.get(target);
  expect(await before.get(target)).toMatchObject({ text: 'sid=1', cacheStatus: hit });
  await origin.rescript(target, [answer('sid=2')]);
  expect(await now.get(target)).toMatchObject({
    text: 'sid=2',
    cacheStatus: { fwd: 'uri-miss', detail: 'set-cookie' },
  });
});

test('what an unsafe request changes is gone for every policy of queries [trap:unsafe-methods]', async () => {
  const target = `/changed-${crypto.randomUUID()}?id=1&x=1`;
  const [other, now] = await twoPolicies({}, { query: { drop: ['x'] } });
  await other.get(target);
  await now.get(target);
  await now.send('POST', target, { body: 'x' });
  expect((await now.get(target)).cacheStatus).not.toHaveProperty('hit');
  await expect.poll(async () => (await other.get(target)).cacheStatus).not.toHaveProperty('hit');
});
