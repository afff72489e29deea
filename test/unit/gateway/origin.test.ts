import { describe, expect, it, test } from 'vitest';
import type { Fetch } from '../../../src/gateway/exchange.ts';
import { LoadQuota } from '../../../src/gateway/load-quota.ts';
import { fetchOrigin } from '../../../src/gateway/origin.ts';
import {
  STRIPPED_REQUEST_HEADERS,
  STRIPPED_REQUEST_PREFIXES,
  type ConditionChoice,
} from '../../../src/gateway/request-headers.ts';
import { manualRuntime } from '../support/runtime.ts';
import { tenant } from '../support/tenants.ts';

const acme = tenant('acme', { origin: 'https://origin.example/base' });

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
  readonly headers: Headers;
}

const strip: ConditionChoice = { conditions: 'strip' };
const asSent: ConditionChoice = { conditions: 'as-sent' };

/** Sends a request to an origin that answers `ok`, and says what it was sent. */
async function send(
  request: Request,
  options: { choice?: ConditionChoice; origin?: string } = {},
): Promise<Sent> {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, init) => {
    sent.push({ url, init, headers: new Headers(init.headers) });
    return Promise.resolve(new Response('ok'));
  };
  const exchange = {
    request,
    url: new URL(request.url),
    tenant: { ...acme, origin: options.origin ?? acme.origin },
    runtime: manualRuntime(),
  };
  const { choice = strip } = options;
  const response = await fetchOrigin(
    { fetch, originTimeoutMs: 1000, loads: new LoadQuota(() => undefined) },
    exchange,
    choice,
  );
  expect(await response.text()).toBe('ok');
  const [only] = sent;
  if (!only || sent.length !== 1) throw new Error(`${sent.length} requests`);
  return only;
}

const get = (headers: Record<string, string> = {}, url = 'https://acme.example/x?y=1'): Request =>
  new Request(url, { headers });

/** A request with headers that a Request here would refuse or drop. */
function withHeaders(headers: Record<string, string>): Request {
  const request = get();
  return new Proxy(request, {
    get: (target, name) =>
      name === 'headers' ? new Headers(headers) : (Reflect.get(target, name, target) as unknown),
  });
}

describe('every request to an origin', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s stays out of the platform’s own cache and follows no redirect',
    async (method) => {
      for (const choice of [strip, asSent]) {
        const { init } = await send(new Request('https://acme.example/', { method }), { choice });
        expect(init).toMatchObject({ method, cache: 'no-store', redirect: 'manual' });
      }
    },
  );

  it.each([
    [
      'https://acme.example/x?y=1',
      'https://origin.example/base',
      'https://origin.example/base/x?y=1',
    ],
    ['https://acme.example/', 'https://origin.example', 'https://origin.example/'],
    ['https://acme.example/?', 'https://origin.example', 'https://origin.example/'],
    [
      'https://acme.example//evil.example/',
      'https://origin.example',
      'https://origin.example//evil.example/',
    ],
    [
      'https://acme.example/@evil.example',
      'https://origin.example',
      'https://origin.example/@evil.example',
    ],
    ['http://acme.example:8787/a#b', 'http://origin.example:8000', 'http://origin.example:8000/a'],
    [
      'https://acme.example/a/%2e%2e/%2e%2e/b',
      'https://origin.example/base',
      'https://origin.example/base/b',
    ],
    [
      'https://acme.example/a%2f..%2fb',
      'https://origin.example/base',
      'https://origin.example/base/a%2f..%2fb',
    ],
  ])('%s at %s is %s', async (url, origin, expected) => {
    expect((await send(get({}, url), { origin })).url).toBe(expected);
  });

  it.each([
    ['a private one', 'http://169.254.169.254'],
    ['one behind which a path would name another host', 'https://origin.example@'],
  ])('%s is not asked', async (_what, origin) => {
    await expect(send(get(), { origin })).rejects.toMatchObject({ code: 'origin_refused' });
  });

  test('a redirect is passed on: nothing else is asked', async () => {
    const asked: string[] = [];
    const fetch: Fetch = (url) => {
      asked.push(url);
      return Promise.resolve(
        new Response(null, { status: 302, headers: { location: 'http://169.254.169.254/' } }),
      );
    };
    const request = get();
    const exchange = { request, url: new URL(request.url), tenant: acme, runtime: manualRuntime() };
    const loads = new LoadQuota(() => undefined);
    const response = await fetchOrigin({ fetch, originTimeoutMs: 1000, loads }, exchange, strip);
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'http://169.254.169.254/',
    ]);
    expect(asked).toEqual(['https://origin.example/base/x?y=1']);
  });

  test('asks for the identity coding, whatever the client accepts', async () => {
    const { headers } = await send(get({ 'accept-encoding': 'br, gzip' }), { choice: asSent });
    expect(headers.get('accept-encoding')).toBe('identity');
  });

  test('passes the client’s own headers on', async () => {
    const own = {
      accept: 'application/json',
      authorization: 'Bearer a',
      cookie: 'a=b',
      'x-own': '1',
    };
    const { headers } = await send(get(own));
    expect(Object.fromEntries(headers)).toMatchObject(own);
  });
});

describe('what only this gateway may say', () => {
  it.each([
    ...STRIPPED_REQUEST_HEADERS,
    ...STRIPPED_REQUEST_PREFIXES,
    ...STRIPPED_REQUEST_PREFIXES.map((prefix) => `${prefix}anything`),
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    // Many servers read `_` as `-`.
    'x_forwarded_host',
    'x-forwarded_for',
    'x_own',
  ])('%s of the client never reaches the origin', async (name) => {
    const { headers } = await send(get({ [name]: 'from the client', 'x-own': '1' }));
    expect(headers.get(name) ?? '').not.toContain('from the client');
    expect(headers.get('x-own')).toBe('1');
  });

  it.each(['cf-connecting-ip', 'cf-ray', 'cf-ipcountry', 'cf-visitor', 'cf-worker', 'cf-anything'])(
    'nor does %s, of the platform',
    async (name) => {
      const { headers } = await send(get({ [name]: '203.0.113.9' }));
      expect(headers.has(name)).toBe(false);
    },
  );

  test('X-Forwarded-* say what the platform saw', async () => {
    const forged = {
      'cf-connecting-ip': '203.0.113.9',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-host': 'evil.example',
    };
    const { headers } = await send(get(forged, 'https://acme.example:8443/'));
    expect(headers.get('x-forwarded-for')).toBe('203.0.113.9');
    expect(headers.get('x-forwarded-proto')).toBe('https');
    expect(headers.get('x-forwarded-host')).toBe('acme.example:8443');
  });

  test('X-Forwarded-For is left out where the platform names no client', async () => {
    const { headers } = await send(get({ 'x-forwarded-for': '10.0.0.1' }));
    expect(headers.has('x-forwarded-for')).toBe(false);
  });

  test('no client can hide its address by naming it in Connection', async () => {
    const { headers } = await send(
      withHeaders({ connection: 'cf-connecting-ip', 'cf-connecting-ip': '203.0.113.9' }),
    );
    expect(headers.get('x-forwarded-for')).toBe('203.0.113.9');
  });

  test('nor anything else that is set here', async () => {
    const names = 'x-forwarded-proto, x-forwarded-host, accept-encoding';
    const { headers } = await send(withHeaders({ connection: names }));
    expect(headers.get('x-forwarded-proto')).toBe('https');
    expect(headers.get('x-forwarded-host')).toBe('acme.example');
    expect(headers.get('accept-encoding')).toBe('identity');
  });
});

test.each<[string, Record<string, string>, string]>([
  ['by itself', {}, '1.1 tiercel'],
  ['behind those who passed it on before', { via: '1.0 fred' }, '1.0 fred, 1.1 tiercel'],
])(
  'the gateway says that it passes a request on, %s (RFC 9110, section 7.6.3)',
  async (_, sent, via) => {
    const { headers } = await send(withHeaders(sent));
    expect(headers.get('via')).toBe(via);
  },
);

test('what ends at this hop does not go on: fixed fields, and those that Connection names', async () => {
  const { headers } = await send(
    withHeaders({
      connection: 'x-hop, close',
      'x-hop': '1',
      'keep-alive': '5',
      te: 'trailers',
      upgrade: 'websocket',
      host: 'acme.example',
      'x-own': '1',
    }),
  );
  expect([...headers.keys()].toSorted()).toEqual([
    'accept-encoding',
    'cdn-loop',
    'via',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-own',
  ]);
});

describe('the client’s conditions', () => {
  const conditions = {
    'if-match': '"a"',
    'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT',
    'if-none-match': '"a"',
    'if-range': '"a"',
    'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:37 GMT',
    range: 'bytes=0-1',
  };

  test('stay here when the answer may be stored: that must be all of it', async () => {
    const { headers } = await send(withHeaders(conditions), { choice: strip });
    for (const name of Object.keys(conditions))
      expect([name, headers.has(name)]).toEqual([name, false]);
  });

  test('make way for ours, which go along', async () => {
    const add = [
      ['if-none-match', '"ours"'],
      ['if-modified-since', 'Mon, 07 Nov 1994 08:49:37 GMT'],
    ] as const;
    const { headers } = await send(withHeaders(conditions), { choice: { ...strip, add } });
    const sent = Object.keys(conditions).filter((name) => headers.has(name));
    expect(sent.map((name) => [name, headers.get(name)])).toEqual([...add].toReversed());
  });

  test('go to the origin when it is not', async () => {
    const { headers } = await send(withHeaders(conditions), { choice: asSent });
    expect(Object.fromEntries(headers)).toMatchObject(conditions);
  });
});

describe('a body', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('of %s goes to the origin', async (method) => {
    const client: RequestInit = { method, body: 'the body' };
    const request = new Request('https://acme.example/', client);
    const { init } = await send(request, { choice: asSent });
    expect(await new Response(init.body).text()).toBe('the body');
  });

  test('is none where the client sent none', async () => {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const { init } = await send(new Request('https://acme.example/', { method }));
      expect('body' in init).toBe(false);
    }
  });
});
