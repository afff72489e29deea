import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Isolate } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer, type TestOrigin } from '../support/origin.ts';
import { takeClock, type Clock } from '../support/platform.ts';

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});

const here = async (): Promise<Isolate> => (await deploy({ origin: origin.url })).isolate();

interface Echo {
  readonly headers: Readonly<Record<string, string>>;
}

describe('what reaches the origin', () => {
  test('X-Forwarded-For, -Proto and -Host are ours, never what the client says [trap:unkeyed-headers]', async () => {
    const { host, isolate } = await deploy();
    const answer = await isolate().get('/echo', {
      'cf-connecting-ip': '203.0.113.7',
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-host': 'admin.internal',
      'x-forwarded-port': '1',
      'x-forwarded-prefix': '/admin',
      'x-real-ip': '10.0.0.2',
      'true-client-ip': '10.0.0.3',
      forwarded: 'for=10.0.0.4;host=admin.internal',
      'x-original-url': '/admin',
      'x-original-host': 'admin.internal',
      'x-forwarded_host': 'admin.internal',
      'x-forwardedfor': '10.0.0.5',
      'x-envoy-original-path': '/admin',
      'x-envoy-external-address': '10.0.0.6',
      'cf-ipcountry': 'admin',
      'x-rewrite-url': '/admin',
      'x-http-method-override': 'DELETE',
    });
    const { headers } = answer.json() as Echo;
    expect(headers).toMatchObject({
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
    });
    const text = JSON.stringify(headers);
    for (const lie of ['10.0.0', 'gopher', 'admin', '/admin', 'DELETE'])
      expect(text).not.toContain(lie);
    expect(Object.keys(headers).filter((name) => /^cf-(?!worker)/.test(name))).toEqual([]);
    expect(answer.cacheStatus).toEqual({ fwd: 'uri-miss', detail: 'no-store' });
  });

  test('a client does not hide its address by naming it in Connection', async () => {
    const { isolate } = await deploy();
    const address = '203.0.113.7';
    const answer = await isolate().get('/echo', {
      'cf-connecting-ip': address,
      connection: 'close, CF-Connecting-IP',
    });
    expect((answer.json() as Echo).headers['x-forwarded-for']).toBe(address);
  });

  test('without a client address there is no X-Forwarded-For at all', async () => {
    const { isolate } = await deploy();
    const answer = await isolate().get('/echo', { 'x-forwarded-for': '10.0.0.1' });
    expect((answer.json() as Echo).headers).not.toHaveProperty('x-forwarded-for');
  });

  test('fields of one connection stay here; others pass [trap:hop-by-hop]', async () => {
    const { isolate } = await deploy();
    const answer = await isolate().get('/echo', {
      connection: 'x-hop',
      'x-hop': 'stays',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'accept-language': 'de',
      cookie: 'a=b',
      authorization: 'Bearer client',
    });
    const { headers } = answer.json() as Echo;
    for (const name of ['x-hop', 'te', 'proxy-authorization'])
      expect(headers).not.toHaveProperty(name);
    expect(headers).toMatchObject({
      'accept-language': 'de',
      cookie: 'a=b',
      authorization: 'Bearer client',
      'accept-encoding': 'identity',
    });
  });

  test.each(['/p/a%2Fb?x=1&x=2&%20', '/p//double/', '/p/%E2%82%AC?q=%2B+', '/p/a;b=c,d'])(
    'path and query as they came: %s [trap:path-normalisation]',
    async (target) => {
      await (await here()).get(target);
      expect(await origin.count(target)).toBe(1);
    },
  );

  test('a URL too long to be a key goes through, and is stored nowhere', async () => {
    const isolate = await here();
    for (const target of [`/long/${'x'.repeat(4096)}`, `/deep${'/x'.repeat(130)}`]) {
      for (let time = 1; time <= 2; time += 1) {
        const answer = await isolate.get(target);
        expect(answer.cacheStatus).toEqual({ fwd: 'bypass', detail: 'key-too-long' });
        expect(await origin.count(target)).toBe(time);
      }
      expect((await isolate.send('PUT', target, { body: 'x' })).cacheStatus).toEqual({
        fwd: 'method',
      });
    }
  });

  test('an origin below a path gets that path in front', async () => {
    const { isolate } = await deploy({ origin: `${origin.url}/base/` });
    await isolate().get('/below?x=1');
    expect(await origin.count('/base/below?x=1')).toBe(1);
  });
});

describe('methods', () => {
  test('POST passes with its body, is not stored, and its answer comes back', async () => {
    const isolate = await here();
    await origin.script({ target: '/post', status: 201, body: 'made' });
    const answer = await isolate.send('POST', '/post', {
      body: '{"name":"x"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer).toMatchObject({ status: 201, text: 'made' });
    expect(answer.cacheStatus).toEqual({ fwd: 'method' });
    const [asked] = await origin.seen('/post');
    expect(asked).toMatchObject({ method: 'POST', body: '{"name":"x"}' });
    expect(asked?.headers['content-type']).toBe('application/json');
    await isolate.send('POST', '/post', { body: 'again' });
    expect(await origin.count('/post')).toBe(2);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'a successful %s invalidates its URL, and nothing else',
    async (method) => {
      const isolate = await here();
      const target = `/unsafe/${method}`;
      await isolate.get(target);
      await isolate.get(`${target}?other`);
      const answer = await isolate.send(method, target, method === 'DELETE' ? {} : { body: 'x' });
      expect(answer.cacheStatus).toEqual({ fwd: 'method' });
      expect((await isolate.get(target)).cacheStatus).toMatchObject({ stored: true });
      expect((await isolate.get(`${target}?other`)).cacheStatus).toMatchObject({ hit: true });
    },
  );

  test('a city that was changed by PATCH is read as it is now', async () => {
    const { isolate } = await deploy();
    const city = isolate();
    const before = await city.get('/cities/900');
    const change = await city.send('PATCH', '/cities/900', {
      body: JSON.stringify({ name: `Renamed ${crypto.randomUUID()}` }),
      headers: { 'content-type': 'application/json' },
    });
    expect(change.status).toBe(200);
    const after = await city.get('/cities/900');
    expect(after.text).not.toBe(before.text);
    expect(after.text).toBe(change.text);
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
  });

  test('a refused PATCH, and a safe method, invalidate nothing', async () => {
    const isolate = await here();
    await isolate.get('/refused');
    await origin.script({ target: '/refused', status: 422, body: 'no' });
    expect((await isolate.send('PATCH', '/refused', { body: 'x' })).status).toBe(422);
    await isolate.send('OPTIONS', '/refused');
    expect((await isolate.get('/refused')).cacheStatus).toMatchObject({ hit: true });
  });

  test.each(['OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'])(
    '%s passes and changes nothing',
    async (method) => {
      const isolate = await here();
      const target = `/safe/${method}`;
      await isolate.get(target);
      const answer = await isolate.send(method, target, method === 'QUERY' ? { body: 'q' } : {});
      expect(answer.cacheStatus).toEqual({ fwd: 'method' });
      expect((await origin.seen(target)).map((request) => request.method)).toEqual(['GET', method]);
      expect((await isolate.get(target)).cacheStatus).toMatchObject({ hit: true });
    },
  );

  test('Max-Forwards counts down to the origin, and at 0 is answered here', async () => {
    const isolate = await here();
    await isolate.send('OPTIONS', '/hops', { headers: { 'max-forwards': '1' } });
    expect((await origin.seen('/hops'))[0]?.headers['max-forwards']).toBe('0');
    const answer = await isolate.send('OPTIONS', '/hops', { headers: { 'max-forwards': '0' } });
    expect(answer.status).toBe(204);
    expect(answer.cacheStatus).toBeUndefined();
    expect(await origin.count('/hops')).toBe(1);
  });

  test.each(['PURGE', 'BAN'])(
    'methods that purge elsewhere are told where purges are made, reach no origin and purge nothing: %s [trap:purge-weapon]',
    async (method) => {
      const isolate = await here();
      const path = `/purged-by-method/${method}`;
      await isolate.get(path);
      const answer = await isolate.send(method, path, { headers: { 'x-purge': 'all' } });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.json()).toMatchObject({
        code: 'method_not_allowed',
        detail: expect.stringContaining('POST /_tiercel/v1/purge') as string,
      });
      expect((await origin.seen(path)).map((seen) => seen.method)).toEqual(['GET']);
      expect((await isolate.get(path)).cacheStatus).toMatchObject({ hit: true });
    },
  );
});

describe('what an unsafe request has changed besides its URL', () => {
  const invalidated = async (
    isolate: Isolate,
    paths: readonly string[],
    answer: Omit<ScriptedAnswer, 'target'>,
    method = 'POST',
  ): Promise<string[]> => {
    const form = `/form/${crypto.randomUUID()}`;
    for (const path of paths) await isolate.get(path);
    await origin.script({ target: form, ...answer });
    await isolate.send(method, form, { body: 'x' });
    const gone: string[] = [];
    for (const path of paths)
      if ((await isolate.get(path)).cacheStatus?.['hit'] !== true) gone.push(path);
    return gone;
  };

  test.each([
    [201, 'location'],
    [303, 'location'],
    [200, 'content-location'],
    [204, 'content-location'],
  ])('%i: what %s names, and nothing below it', async (status, field) => {
    const isolate = await here();
    const paths = ['/made/1', '/made/1?page=2', '/made/1/lines', '/made'];
    const headers: [string, string][] = [[field, '/made/1']];
    expect(await invalidated(isolate, paths, { status, headers, body: '' })).toEqual(['/made/1']);
  });

  test('both fields, in one purge with the URL', async () => {
    const deployment = await deploy({ origin: origin.url });
    const isolate = deployment.isolate();
    const headers: [string, string][] = [
      ['location', `https://${deployment.host}/both/1`],
      ['content-location', '../both/2'],
    ];
    const gone = await invalidated(isolate, ['/both/1', '/both/2'], { status: 201, headers });
    expect(gone).toEqual(['/both/1', '/both/2']);
    const stats = await isolate.get('/_tiercel/v1/stats', {
      authorization: `Bearer ${deployment.token}`,
    });
    expect(stats.json()).toMatchObject({ counters: { purges: 1 } });
  });

  test('not when the request has failed, nor after a safe one', async () => {
    const isolate = await here();
    const headers: [string, string][] = [['location', '/kept']];
    for (const status of [400, 404, 409, 500])
      expect(await invalidated(isolate, ['/kept'], { status, headers })).toEqual([]);
    expect(await invalidated(isolate, ['/kept'], { status: 200, headers }, 'QUERY')).toEqual([]);
  });

  test('nothing of another host, scheme or port', async () => {
    const deployment = await deploy({ origin: origin.url });
    const isolate = deployment.isolate();
    const elsewhere = [
      `http://${deployment.host}/own`,
      `https://${deployment.host}:8443/own`,
      'https://other.test/own',
    ];
    for (const url of elsewhere.slice(0, 2)) await isolate.get(url);
    for (const url of elsewhere) {
      const headers: [string, string][] = [['location', url]];
      expect(await invalidated(isolate, ['/own'], { status: 201, headers })).toEqual([]);
    }
    for (const url of elsewhere.slice(0, 2))
      expect((await isolate.get(url)).cacheStatus).toMatchObject({ hit: true });
  });
});

describe('what comes back', () => {
  test('a redirect is passed on, and may be stored', async () => {
    const isolate = await here();
    await origin.script({
      target: '/moved',
      status: 301,
      body: '',
      headers: [
        ['location', 'https://elsewhere.test/'],
        ['cache-control', 'max-age=60'],
      ],
    });
    for (const expected of [{ stored: true }, { hit: true }]) {
      const answer = await isolate.get('/moved');
      expect(answer.status).toBe(301);
      expect(answer.headers.get('location')).toBe('https://elsewhere.test/');
      expect(answer.cacheStatus).toMatchObject(expected);
    }
  });

  test("the origin's own Cache-Status stays in front of ours", async () => {
    const isolate = await here();
    await origin.script({ target: '/chain', headers: [['cache-status', 'Inner; hit']] });
    const answer = await isolate.get('/chain');
    expect(answer.headers.get('cache-status')).toBe(
      'Inner; hit, Tiercel; fwd=uri-miss; detail=no-freshness',
    );
  });

  test('several fields of one name are kept apart', async () => {
    const isolate = await here();
    await origin.script({
      target: '/cookies',
      headers: [
        ['set-cookie', 'a=1; Path=/'],
        ['set-cookie', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
      ],
    });
    const answer = await isolate.get('/cookies');
    expect(answer.headers.getSetCookie()).toEqual([
      'a=1; Path=/',
      'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    ]);
  });
});

describe('an origin that fails', () => {
  let clock: Clock | undefined;
  afterEach(() => clock?.restore());

  test('a body of unknown length that breaks off breaks off for the client, and is stored nowhere', async () => {
    const isolate = await here();
    const cut = { target: '/cut', body: 'x'.repeat(5000), breakAfter: 100, chunked: true } as const;
    await origin.script(cut);
    await expect(isolate.get('/cut')).rejects.toThrow('broke off');
    await origin.script({ target: '/cut', body: 'whole' });
    expect(await isolate.get('/cut')).toMatchObject({ text: 'whole' });
    expect(await origin.count('/cut')).toBe(2);
  });

  test('a short body shorter than it was announced is a 502 and is stored nowhere', async () => {
    const isolate = await here();
    await origin.script({ target: '/cut', body: 'x'.repeat(5000), breakAfter: 100 });
    const answer = await isolate.get('/cut');
    expect(answer.status).toBe(502);
    expect(answer.json()).toMatchObject({ code: 'origin_invalid' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await origin.script({ target: '/cut', body: 'whole' });
    expect((await isolate.get('/cut')).text).toBe('whole');
  });

  test('nobody there is a 502 problem that names no address', async () => {
    const { isolate } = await deploy({ origin: 'http://127.0.0.1:1' });
    const answer = await isolate().get('/');
    expect(answer.status).toBe(502);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json()).toMatchObject({ code: 'origin_unreachable', status: 502 });
    expect(answer.text).not.toContain('127.0.0.1');
  });

  test('no answer within the time limit is a 504', async () => {
    await origin.hold('/slow');
    const { isolate } = await deploy({
      origin: origin.url,
      variables: { CACHE_ORIGIN_TIMEOUT_MS: 200 },
    });
    const answer = await isolate().get('/slow');
    await origin.release('/slow');
    expect(answer.status).toBe(504);
    expect(answer.json()).toMatchObject({ code: 'origin_timeout' });
  });

  test('an entry that is fresh is served while the origin is away', async () => {
    clock = takeClock();
    const isolate = await here();
    await isolate.get('/away');
    await origin.script({ target: '/away', status: 500, body: 'broken' });
    expect((await isolate.get('/away')).text).toContain('served');
    clock.advance(60_000);
    expect((await isolate.get('/away')).status).toBe(500);
  });
});
