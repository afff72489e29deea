import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

/* A tenant's choice of query parameters: what is left out of the key is left out of the request. */

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

const dropping = { query: { drop: ['utm_*', 'x'] } };
const deployed = (policy: Readonly<Record<string, unknown>> = dropping): Promise<Deployment> =>
  deploy({ origin: origin.url, policy });
const here = async (policy: Readonly<Record<string, unknown>> = dropping): Promise<Isolate> =>
  (await deployed(policy)).isolate();

let number = 0;
const nextPath = (): string => `/query/${(number += 1)}`;

/** What the origin was asked under a path, with its query. */
const askedBelow = async (path: string): Promise<readonly string[]> =>
  (await origin.seen())
    .filter(({ target }) => target.startsWith(path))
    .map(({ method, target }) => `${method} ${target.slice(path.length)}`);

describe('a parameter that does not count', () => {
  test('makes no entry of its own, and the origin is not told of it', async () => {
    const path = nextPath();
    const isolate = await here();
    const first = await isolate.get(`${path}?a=1&utm_source=mail&b=2`);
    expect(first.cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    for (const query of ['?a=1&b=2', '?x=%00&a=1&b=2', '?a=1&b=2&utm_%66oo', '?a=1&u%74m_=&b=2']) {
      const answer = await isolate.get(path + query);
      expect(answer.cacheStatus).toMatchObject({ hit: true });
      expect(answer.text).toBe(first.text);
    }
    expect(await askedBelow(path)).toEqual(['GET ?a=1&b=2']);
  });

  test('can’t bring what the origin repeats to anybody else [trap:excluded-query] [trap:unkeyed-headers]', async () => {
    const path = nextPath();
    const canary = `canary-${crypto.randomUUID()}`;
    const isolate = await here();
    // The demo origin repeats the whole target, and says that it is fresh.
    const poisoned = await isolate.get(`${path}?utm_source=%22%3E%3Cscript%3E${canary}`);
    expect(poisoned.text).not.toContain(canary);
    const clean = await isolate.get(path);
    expect(clean.cacheStatus).toMatchObject({ hit: true });
    expect(clean.text).not.toContain(canary);
    expect(await askedBelow(path)).toEqual(['GET ']);
  });

  test('is not sent by a HEAD, nor past the store', async () => {
    const path = nextPath();
    const isolate = await here();
    await isolate.send('HEAD', `${path}?x=1&a`);
    await isolate.get(`${path}?x=1&a`, { 'if-match': '"a"' });
    expect(await askedBelow(path)).toEqual(['HEAD ?a', 'GET ?a']);
  });

  test('is not missed where only it stood', async () => {
    const path = nextPath();
    const isolate = await here();
    await isolate.get(`${path}?x=1&utm_source`);
    expect((await isolate.get(path)).cacheStatus).toMatchObject({ hit: true });
    expect(await askedBelow(path)).toEqual(['GET ']);
  });
});

describe('the key is of exactly the URL that the origin is sent [trap:parameter-cloaking]', () => {
  test.each([
    ['a semicolon', '?a=1;utm_source=evil'],
    ['an encoded ampersand', '?a=1%26utm_source=evil'],
    ['an encoded ampersand in a name', '?x%26a=evil'],
    ['an encoded equals sign', '?x%3Devil'],
    ['a doubled parameter', '?a=1&a=evil'],
    ['capitals', '?X=evil&A=1'],
    ['an escape that is none', '?x%zz=evil'],
    ['a second question mark', '?a=1?x=evil'],
    ['brackets', '?x[]=evil'],
    ['a name of nothing', '?=evil'],
  ])('%s', async (_, query) => {
    const path = nextPath();
    const isolate = await here();
    const first = await isolate.get(path + query);
    expect(first.cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    // Whatever another server takes for its parameters: it was asked as the key says.
    expect(await askedBelow(path)).toEqual([`GET ${query}`]);
    for (const plain of ['', '?a=1', '?a=1&a=1', '?A=1']) {
      const clean = await isolate.get(path + plain);
      expect(clean.text).not.toBe(first.text);
      expect(clean.text).not.toContain('evil');
    }
  });

  test('a parameter with a semicolon is dropped as a whole', async () => {
    const path = nextPath();
    const isolate = await here();
    await isolate.get(`${path}?utm_source=1;a=evil`);
    expect((await isolate.get(path)).cacheStatus).toMatchObject({ hit: true });
    expect(await askedBelow(path)).toEqual(['GET ']);
  });
});

describe('a list of those that count', () => {
  test('makes one entry of a thousand made-up queries [trap:cache-busting]', async () => {
    const path = nextPath();
    const isolate = await here({ query: { allow: ['page'] } });
    await isolate.get(`${path}?page=1`);
    for (let time = 0; time < 1000; time += 1) {
      const answer = await isolate.get(`${path}?${crypto.randomUUID()}=${time}&page=1`);
      expect(answer.cacheStatus).toMatchObject({ hit: true });
    }
    expect(await askedBelow(path)).toEqual(['GET ?page=1']);
  });

  test('of none leaves no query', async () => {
    const path = nextPath();
    const isolate = await here({ query: { allow: [] } });
    await isolate.get(`${path}?a=1&&`);
    expect(await askedBelow(path)).toEqual(['GET ']);
  });
});

describe('other methods', () => {
  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is sent its whole URL', async (method) => {
    const path = nextPath();
    await (await here()).send(method, `${path}?x=1&a=2`);
    expect(await askedBelow(path)).toEqual([`${method} ?x=1&a=2`]);
  });

  test('end what is stored under the URL without the parameter', async () => {
    const path = nextPath();
    const isolate = await here();
    await isolate.get(`${path}?a=2`);
    expect((await isolate.get(`${path}?a=2&x=1`)).cacheStatus).toMatchObject({ hit: true });
    await isolate.send('POST', `${path}?x=7&a=2`, { body: 'x' });
    expect((await isolate.get(`${path}?a=2`)).cacheStatus).not.toHaveProperty('hit');
  });

  test('end what Location names without the parameter', async () => {
    const [path, made] = [nextPath(), nextPath()];
    const isolate = await here();
    await isolate.get(made);
    const headers = [['location', `${made}?utm_source=x`]] as const;
    await origin.script({ target: path, status: 201, headers, body: '' });
    await isolate.send('POST', path, { body: 'x' });
    expect((await isolate.get(made)).cacheStatus).not.toHaveProperty('hit');
  });

  test('answers to a POST are stored where it was sent what a GET would be', async () => {
    for (const [query, hit] of [
      ['?a=2', true],
      ['?a=2&x=1', undefined],
    ] as const) {
      const path = nextPath();
      const isolate = await here();
      await isolate.get(path);
      const headers = [
        ['cache-control', 'max-age=60'],
        ['content-location', `${path}?a=2`],
      ] as const;
      await origin.script({ target: path + query, headers, body: 'posted' });
      const posted = await isolate.send('POST', path + query, { body: 'x' });
      expect([query, posted.cacheStatus?.['stored']]).toEqual([query, hit]);
    }
  });
});

describe('a URL that is named', () => {
  test.each(['?a=1', '?a=1&utm_source=x', '?x=1&a=1'])(
    'by a purge with %s is what is stored',
    async (query) => {
      const path = nextPath();
      const deployment = await deployed();
      const isolate = deployment.isolate();
      await isolate.get(`${path}?a=1`);
      const purged = await isolate.purge({ urls: [`https://${deployment.host}${path}${query}`] });
      expect(purged.status).toBe(200);
      expect((await isolate.get(`${path}?a=1`)).cacheStatus).not.toHaveProperty('hit');
    },
  );

  test('by a purge is also what was stored before the policy was', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const [tenant] = JSON.parse(String(deployment.variables['TENANTS'])) as { query?: unknown }[];
    const { query: _, ...before } = tenant ?? {};
    const old = deployment.isolate({ TENANTS: JSON.stringify([before]) });
    await old.get(`${path}?a=1&x=1`);
    const url = `https://${deployment.host}${path}?a=1&x=1`;
    await deployment.isolate().purge({ urls: [url] });
    const anew = deployment.isolate({ TENANTS: JSON.stringify([before]) });
    expect((await anew.get(`${path}?a=1&x=1`)).cacheStatus).not.toHaveProperty('hit');
  });

  test('by an inspection is what is stored', async () => {
    const path = nextPath();
    const { host, token, isolate: make } = await deployed();
    const isolate = make();
    await isolate.get(`${path}?a=1`);
    const url = encodeURIComponent(`https://${host}${path}?utm_source=x&a=1`);
    const inspected = await isolate.get(`/_tiercel/v1/inspect?url=${url}`, {
      authorization: `Bearer ${token}`,
    });
    expect(inspected.status).toBe(200);
    expect(inspected.json()).toMatchObject({ key: expect.stringMatching(/:\?a%3D1$/) as unknown });
  });

  test('by the list of what is warmed is asked without the parameter, and found by readers', async () => {
    const path = nextPath();
    const { isolate } = await deploy({
      origin: origin.url,
      policy: dropping,
      warm: [`${path}?x=1&a=1`],
    });
    const warmed = isolate();
    await warmed.scheduled();
    expect((await warmed.get(`${path}?a=1`)).cacheStatus).toMatchObject({ hit: true });
    expect(await askedBelow(path)).toEqual(['GET ?a=1']);
  });

  test('by a verification is the one that the origin was asked', async () => {
    const path = nextPath();
    const { token, isolate: make } = await deployed();
    const isolate = make();
    await origin.script({ target: path, body: 'same', headers: [['cache-control', 'max-age=60']] });
    await isolate.get(`${path}?x=1`);
    const verified = await isolate.get('/_tiercel/v1/verify', { authorization: `Bearer ${token}` });
    expect(verified.json()).toMatchObject({ origin: { asked: 1, failed: 0 }, disagreements: [] });
    expect(await askedBelow(path)).toEqual(['GET ', 'GET ']);
  });
});
