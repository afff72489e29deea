import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

/* A tenant's rules for paths, and the paths that servers read differently. */

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

const RULES = {
  ttl: { default: '10m' },
  negativeTtl: { 404: '10m' },
  paths: [
    { path: '/account/*', cache: 'bypass', ttl: {} },
    { path: '/static/*', ttl: { default: '1h' } },
  ],
};

const deployed = (policy: Readonly<Record<string, unknown>> = RULES): Promise<Deployment> =>
  deploy({ origin: origin.url, policy });
const here = async (policy?: Readonly<Record<string, unknown>>): Promise<Isolate> =>
  (await deployed(policy)).isolate();

/** The origin's page of one person, of which it says nothing to caches. */
async function personal(target: string, headers: readonly (readonly [string, string])[] = []) {
  const body = `of one person ${crypto.randomUUID()}`;
  await origin.rescript(target, [{ headers, body }]);
  return body;
}

describe('a rule that bypasses', () => {
  test('is counted in the statistics', async () => {
    const deployment = await deployed();
    const one = deployment.isolate();
    await one.get(`/account/${crypto.randomUUID()}`);
    const stats = await one.get('/_tiercel/v1/stats', {
      authorization: `Bearer ${deployment.token}`,
    });
    expect(stats.json()).toMatchObject({ counters: { bypasses: { policy: 1 } } });
  });

  test('asks the origin each time, with conditions and ranges as they are sent', async () => {
    const isolate = await here();
    const target = `/account/${crypto.randomUUID()}`;
    for (let time = 1; time <= 2; time += 1) {
      const answer = await isolate.get(target, { 'if-none-match': '"a"', range: 'bytes=0-1' });
      expect(answer.cacheStatus).toEqual({ fwd: 'bypass', detail: 'policy' });
      expect(await origin.count(target)).toBe(time);
    }
    const [first] = await origin.seen(target);
    expect(first?.headers).toMatchObject({ 'if-none-match': '"a"', range: 'bytes=0-1' });
    const head = await isolate.send('HEAD', target);
    expect(head.cacheStatus).toEqual({ fwd: 'bypass', detail: 'policy' });
  });

  test.each([
    '/ACCOUNT/',
    '/Account/',
    '/%41CCOUNT/',
    '/%EF%BC%A1ccount/',
    '/\u017ftatic/../account/',
  ])(
    'fits %s as well: there are origins to which that is the same [trap:path-normalisation]',
    async (base) => {
      const isolate = await here();
      const target = `${base}${crypto.randomUUID()}`;
      for (let time = 1; time <= 2; time += 1)
        expect((await isolate.get(target)).cacheStatus).toEqual({
          fwd: 'bypass',
          detail: 'policy',
        });
    },
  );

  test('serves nothing that was stored before the rule was', async () => {
    const target = `/account/${crypto.randomUUID()}`;
    const deployment = await deploy({ origin: origin.url });
    const [tenant] = JSON.parse(String(deployment.variables['TENANTS'])) as object[];
    await deployment.isolate().get(target);
    const ruled = deployment.isolate({ TENANTS: JSON.stringify([{ ...tenant, ...RULES }]) });
    expect((await ruled.get(target)).cacheStatus).toEqual({ fwd: 'bypass', detail: 'policy' });
    // What an unsafe request changes is gone for who has no such rule, or not yet.
    await ruled.send('POST', target, { body: 'x' });
    expect((await deployment.isolate().get(target)).cacheStatus).not.toHaveProperty('hit');
  });

  test('stores no answer to a POST', async () => {
    const target = `/account/${crypto.randomUUID()}`;
    const headers = [
      ['cache-control', 'max-age=60'],
      ['content-location', target],
    ] as const;
    await origin.script({ target, headers, body: 'posted' });
    const isolate = await here();
    await isolate.get('/elsewhere');
    expect((await isolate.send('POST', target, { body: 'x' })).cacheStatus).toEqual({
      fwd: 'method',
    });
  });
});

describe('the first rule that fits counts, and else the tenant’s own', () => {
  test.each([
    ['/static/', 3600],
    ['/', 600],
    ['/%73tatic/', 3600],
    ['/x/../static/', 3600],
    ['/x/static/', 600],
    ['/STATIC/', 600],
  ])('under %s: %i seconds', async (base, seconds) => {
    const isolate = await here();
    const target = `${base}${crypto.randomUUID()}`;
    await personal(new URL(target, 'https://x').pathname);
    expect((await isolate.get(target)).cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    const { cacheStatus } = await isolate.get(target);
    expect(cacheStatus?.['ttl']).toBeGreaterThan(seconds - 30);
    expect(cacheStatus?.['ttl']).toBeLessThanOrEqual(seconds);
  });
});

const LURES = [
  '/static/..%2faccount/me',
  '/static/..%2Faccount%2Fme.css',
  '/static/%2e%2e%2faccount/me.css',
  '/static/..%5caccount/me.css',
  '/static/..;/account/me.css',
  '/account/me;x.css',
  '/account%2fme.css',
  '/account/me%00.css',
  '/account/me%0a.css',
  '/account/me%3fx.css',
  '/account/me%23x.css',
  '/account/me%252fx.css',
  '//account/me.css',
  '/account//me.css',
  '/%61ccount%2fme.css',
  '/static/%c0%ae%c0%ae/account/me.css',
  '/static/%zz/me.css',
] as const;

describe('a page of one person under a path that can be read in two ways [trap:deception] [trap:path-normalisation]', () => {
  test.each(LURES)('%s is stored for nobody, where a rule bypasses', async (lure) => {
    const isolate = await here();
    const { pathname } = new URL(`https://x${lure}`);
    const page = await personal(pathname, [['last-modified', 'Mon, 01 Jan 2024 00:00:00 GMT']]);
    const answer = await isolate.get(lure);
    expect(answer.text).toBe(page);
    expect(answer.cacheStatus).toEqual({ fwd: 'bypass', detail: 'policy' });
    const after = await personal(pathname);
    expect((await isolate.get(lure)).text).toBe(after);
  });

  // No type contradicts these: it is the path alone.
  test.each(LURES.map((lure) => lure.replace('.css', '')))(
    '%s gets no time that it does not say, where none does',
    async (lure) => {
      const isolate = await here({ ttl: { default: '10m' }, negativeTtl: { 404: '10m' } });
      const { pathname } = new URL(`https://x${lure}`);
      for (const headers of [[], [['last-modified', 'Mon, 01 Jan 2024 00:00:00 GMT']]] as const) {
        await personal(pathname, headers);
        await isolate.get(lure);
        const after = await personal(pathname);
        const { text, cacheStatus } = await isolate.get(lure);
        expect(text).toBe(after);
        expect(cacheStatus).not.toHaveProperty('hit');
      }
    },
  );

  test('is stored where the response says so itself', async () => {
    const isolate = await here({ ttl: { default: '10m' } });
    await personal('/docs;v=2/page', [['cache-control', 'max-age=60']]);
    await isolate.get('/docs;v=2/page');
    expect((await isolate.get('/docs;v=2/page')).cacheStatus).toMatchObject({ hit: true });
  });
});
