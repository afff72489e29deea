import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

/* A tenant's choice of cookies and request fields: what selects, what is judged and what the origin sees are one request. */

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

const here = async (policy: Readonly<Record<string, unknown>>): Promise<Isolate> =>
  (await deploy({ origin: origin.url, policy })).isolate();

let number = 0;
const nextPath = (): string => `/fields/${(number += 1)}`;

const scripted = (target: string, ...headers: readonly (readonly [string, string])[]) =>
  origin.script({ target, headers: [['cache-control', 'max-age=60'], ...headers] });

const sentTo = async (target: string): Promise<readonly Readonly<Record<string, string>>[]> =>
  (await origin.seen(target)).map(({ headers }) => headers);

describe('cookies', () => {
  test('that a policy lets through reach the origin as they came, and no others', async () => {
    const path = nextPath();
    const isolate = await here({ cookies: { allow: ['__Host-session', 'ab*'] } });
    const cookie = '_ga=1; __Host-session="a=b%3B"; __host-session=2; abc=3;AB=4;ab';
    await isolate.get(path, { cookie });
    expect(await sentTo(path)).toMatchObject([{ cookie: '__Host-session="a=b%3B"; abc=3; ab' }]);
  });

  test('of which none is left make nobody of the request: what says nothing is stored, and served to all', async () => {
    const path = nextPath();
    const isolate = await here({ cookies: { drop: ['_ga*'] }, ttl: { default: '1m' } });
    await origin.script({ target: path, headers: [] });
    const first = await isolate.get(path, { cookie: '_ga=1; _ga_X=2' });
    expect(first.cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    expect((await isolate.get(path, { cookie: '_ga=7' })).text).toBe(first.text);
    const [sent] = await sentTo(path);
    expect(sent).not.toHaveProperty('cookie');
    expect(await origin.count(path)).toBe(1);
    const somebody = nextPath();
    await origin.script({ target: somebody, headers: [] });
    const refused = await isolate.get(somebody, { cookie: '_ga=1; session=2' });
    expect(refused.cacheStatus).not.toHaveProperty('stored');
  });

  test('select by what the origin is sent of them', async () => {
    const path = nextPath();
    const isolate = await here({ cookies: { allow: ['plan'] } });
    await scripted(path, ['vary', 'Cookie']);
    const free = await isolate.get(path, { cookie: 'plan=free; _ga=1' });
    const pro = await isolate.get(path, { cookie: 'plan=pro; _ga=1' });
    expect((await isolate.get(path, { cookie: '_ga=2; plan=free' })).text).toBe(free.text);
    expect((await isolate.get(path, { cookie: 'plan=pro' })).text).toBe(pro.text);
    expect(free.text).not.toBe(pro.text);
    expect(await origin.count(path)).toBe(2);
  });

  test('can’t bring what the origin repeats of them to anybody else [trap:unkeyed-headers]', async () => {
    const path = nextPath();
    const canary = `canary-${crypto.randomUUID()}`;
    const { isolate } = await deploy({ policy: { cookies: { allow: [] } } });
    const echoed = await isolate().get('/echo', { cookie: `lang=${canary}` });
    expect(echoed.text).not.toContain(canary);
    const elsewhere = await here({ cookies: { allow: [] } });
    await elsewhere.get(path, { cookie: `lang=${canary}` });
    expect(JSON.stringify(await sentTo(path))).not.toContain(canary);
  });

  test('reach the origin whole by other methods', async () => {
    const path = nextPath();
    await (
      await here({ cookies: { allow: [] } })
    ).send('POST', path, {
      headers: { cookie: 'a=1; b=2' },
      body: 'x',
    });
    expect(await sentTo(path)).toMatchObject([{ cookie: 'a=1; b=2' }]);
  });

  test('reach the origin whole where a WebSocket is to be opened, and so does the URL', async () => {
    const path = nextPath();
    const isolate = await here({ cookies: { allow: [] }, query: { allow: [] } });
    await isolate.get(`${path}?ticket=1`, { upgrade: 'websocket', cookie: 'a=1; b=2' });
    expect(await sentTo(`${path}?ticket=1`)).toMatchObject([
      { upgrade: 'websocket', cookie: 'a=1; b=2' },
    ]);
  });

  test('of a request that goes past the store are chosen as well', async () => {
    const path = nextPath();
    await (
      await here({ cookies: { allow: ['b'] }, cache: 'bypass' })
    ).get(path, {
      cookie: 'a=1; b=2',
    });
    expect(await sentTo(path)).toMatchObject([{ cookie: 'b=2' }]);
  });
});

describe('a field of vary.drop', () => {
  test('reaches no origin, and no response varies by it', async () => {
    const path = nextPath();
    const isolate = await here({ vary: { drop: ['user-agent', 'x-ab*'] } });
    await scripted(path, ['vary', 'User-Agent, X-Ab-Test']);
    const first = await isolate.get(path, { 'user-agent': 'one', 'x-ab-test': 'a' });
    for (let time = 0; time < 100; time += 1) {
      const agent = crypto.randomUUID();
      const answer = await isolate.get(path, { 'user-agent': agent, 'x-ab-test': agent });
      expect(answer.text).toBe(first.text);
    }
    const [sent] = await sentTo(path);
    expect(sent).not.toHaveProperty('x-ab-test');
    expect(JSON.stringify(sent)).not.toContain('one');
    expect(await origin.count(path)).toBe(1);
  });
});

describe('a list of request fields', () => {
  test('lets those through that ordinary clients send, and its own [trap:unkeyed-headers]', async () => {
    const path = nextPath();
    const isolate = await here({ requestHeaders: ['x-app-version'] });
    const canary = `canary-${crypto.randomUUID()}`;
    await isolate.get(path, {
      accept: 'text/html',
      'accept-language': 'de',
      'x-app-version': '7',
      'x-template-host': canary,
      'x-amz-website-redirect-location': canary,
      'sec-fetch-mode': 'navigate',
      authorization: 'Bearer a',
      cookie: 'a=1',
    });
    const [sent] = await sentTo(path);
    expect(sent).toMatchObject({
      accept: 'text/html',
      'accept-language': 'de',
      'x-app-version': '7',
      'sec-fetch-mode': 'navigate',
      authorization: 'Bearer a',
      cookie: 'a=1',
      'x-forwarded-proto': 'https',
      'accept-encoding': 'identity',
    });
    expect(JSON.stringify(sent)).not.toContain(canary);
  });

  test('is no list for other methods', async () => {
    const path = nextPath();
    await (
      await here({ requestHeaders: [] })
    ).send('PUT', path, {
      headers: { 'x-idempotency': 'k' },
      body: 'x',
    });
    expect(await sentTo(path)).toMatchObject([{ 'x-idempotency': 'k' }]);
  });

  test('leaves a request unusual that carries what is taken from all [trap:cpdos]', async () => {
    const path = nextPath();
    const isolate = await here({ requestHeaders: [] });
    await origin.script({ target: path, status: 500, headers: [['cache-control', 'max-age=60']] });
    const answer = await isolate.get(path, { 'x-http-method-override': 'DELETE' });
    expect(answer.cacheStatus).toMatchObject({ detail: 'unusual-request' });
  });
});

test('without any choice all of it reaches the origin', async () => {
  const path = nextPath();
  const sent = { cookie: ' a=1;b=2 ', 'x-anything': '1', 'user-agent': 'one' };
  await (await here({})).get(path, sent);
  expect(await sentTo(path)).toMatchObject([{ 'x-anything': '1', 'user-agent': 'one' }]);
  expect((await sentTo(path))[0]?.['cookie']).toBe('a=1;b=2');
});
