import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestOrigin, type TestOrigin } from './origin-fixture.ts';

let origin: TestOrigin;

beforeAll(async () => {
  origin = await startTestOrigin();
});

afterAll(async () => {
  await origin.stop();
});

describe('what a cache is told', () => {
  it.each([
    ['/cities/1', 'public, max-age=60', 'city:1, country:AD'],
    ['/cities?country=AD&limit=2', 'public, max-age=60', 'country:AD, cities'],
    ['/cities?limit=16', 'public, max-age=60', 'country:AD, country:AL, cities'],
    ['/search?q=vaduz', 'public, max-age=30', 'country:LI, cities'],
    ['/countries', 'public, max-age=300', 'countries'],
    ['/', 'public, max-age=60', null],
  ])('%s', async (path, cacheControl, cacheTag) => {
    const { status, headers, text } = await origin.get(path);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe(cacheControl);
    expect(headers.get('cache-tag')).toBe(cacheTag);
    expect(headers.get('etag')).toMatch(/^"[\w-]{27}"$/);
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(new Date(headers.get('last-modified') ?? '').toUTCString()).toBe(
      headers.get('last-modified'),
    );
    expect(headers.get('link')).toContain(
      '<https://creativecommons.org/licenses/by/4.0/>; rel="license"',
    );
    expect(headers.get('vary')).toBe(path === '/countries' ? 'Accept-Language' : null);
  });

  it('credits GeoNames in the root answer', async () => {
    expect((await origin.get('/')).json()).toMatchObject({
      attribution: { source: 'GeoNames', license: 'CC-BY-4.0' },
    });
  });
});

describe('/countries speaks the language that is asked for', () => {
  it.each([
    [undefined, 'en', 'Switzerland'],
    ['de', 'de', 'Schweiz'],
    ['fr-CH, de;q=0.9', 'fr', 'Suisse'],
    ['de;q=0.4, es;q=0.8', 'es', 'Suiza'],
    ['de;q=0, fr;q=0.1', 'fr', 'Suisse'],
    ['ja, *;q=0.5, de;q=0.1', 'en', 'Switzerland'],
    ['tlh', 'en', 'Switzerland'],
    ['de;q=nonsense', 'en', 'Switzerland'],
  ])('Accept-Language: %s is answered in %s', async (acceptLanguage, language, name) => {
    const reply = await origin.get(
      '/countries',
      acceptLanguage === undefined ? {} : { 'accept-language': acceptLanguage },
    );
    expect(reply.headers.get('content-language')).toBe(language);
    const { countries } = reply.json() as { countries: object[] };
    expect(countries).toContainEqual({ code: 'CH', name, cities: expect.any(Number) as number });
  });

  it('has another ETag in another language', async () => {
    const [german, french] = await Promise.all(
      ['de', 'fr'].map((language) => origin.get('/countries', { 'accept-language': language })),
    );
    expect(german?.headers.get('etag')).not.toBe(french?.headers.get('etag'));
  });
});

describe('conditional requests', () => {
  const validators = async (path: string) => {
    const { headers } = await origin.get(path);
    return {
      etag: headers.get('etag') ?? '',
      lastModified: headers.get('last-modified') ?? '',
    };
  };

  it('answers 304 without a body, with what a cache updates its copy by', async () => {
    const full = await origin.get('/countries', { 'accept-language': 'de' });
    const etag = full.headers.get('etag') ?? '';
    const reply = await origin.get('/countries', {
      'accept-language': 'de',
      'if-none-match': etag,
    });
    expect(reply.status).toBe(304);
    expect(reply.text).toBe('');
    for (const name of ['etag', 'cache-control', 'last-modified', 'vary', 'cache-tag']) {
      expect(reply.headers.get(name)).toBe(full.headers.get(name));
    }
    expect(reply.headers.get('content-type')).toBeNull();
    expect(reply.headers.get('content-length')).toBeNull();
  });

  it('compares If-None-Match weakly, over a list, and with *', async () => {
    const { etag } = await validators('/cities/1');
    for (const field of [etag, `W/${etag}`, `"a,b", ${etag}`, '*']) {
      expect((await origin.get('/cities/1', { 'if-none-match': field })).status).toBe(304);
    }
    for (const field of ['"other"', '', etag.replaceAll('"', ''), `"x${etag}`]) {
      expect((await origin.get('/cities/1', { 'if-none-match': field })).status).toBe(200);
    }
    expect(
      (await origin.send('HEAD', '/cities/1', undefined, { 'if-none-match': etag })).status,
    ).toBe(304);
  });

  it('answers If-Modified-Since, unless If-None-Match is there', async () => {
    const { lastModified } = await validators('/cities/1');
    const earlier = new Date(Date.parse(lastModified) - 1000).toUTCString();
    const status = async (headers: Record<string, string>) =>
      (await origin.get('/cities/1', headers)).status;
    expect(await status({ 'if-modified-since': lastModified })).toBe(304);
    expect(await status({ 'if-modified-since': earlier })).toBe(200);
    expect(await status({ 'if-modified-since': 'yesterday' })).toBe(200);
    expect(await status({ 'if-modified-since': lastModified, 'if-none-match': '"other"' })).toBe(
      200,
    );
  });
});

describe('answers that a shared cache must be careful with', () => {
  it('/echo returns the request headers and is not stored', async () => {
    const reply = await origin.get('/echo', { 'x-forwarded-for': '203.0.113.7' });
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.json()).toMatchObject({ headers: { 'x-forwarded-for': '203.0.113.7' } });
  });

  it('/private and /cookie differ each time', async () => {
    for (const [path, cacheControl] of [
      ['/private', 'private, max-age=60'],
      ['/cookie', 'max-age=60'],
    ] as const) {
      const first = await origin.get(path);
      const second = await origin.get(path);
      expect(first.headers.get('cache-control')).toBe(cacheControl);
      expect(first.text).not.toBe(second.text);
    }
    const { headers } = await origin.get('/cookie');
    expect(headers.get('set-cookie')).toMatch(/^visit=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
  });
});

describe('errors', () => {
  it('answers 405 with what is allowed', async () => {
    const city = await origin.send('DELETE', '/cities/1');
    expect(city.status).toBe(405);
    expect(city.headers.get('allow')).toBe('GET, HEAD, PATCH');
    expect(city.headers.get('cache-control')).toBe('no-store');
    expect((await origin.send('POST', '/search?q=a', {})).headers.get('allow')).toBe('GET, HEAD');
  });

  it.each(['/nothing', '/cities/', '/cities/1/', '/cities/1/x', '//cities/1'])(
    'answers 404 for %s, briefly cacheable',
    async (path) => {
      const reply = await origin.get(path);
      expect(reply.status).toBe(404);
      expect(reply.headers.get('content-type')).toBe('application/problem+json');
      expect(reply.headers.get('cache-control')).toBe('public, max-age=10');
    },
  );
});
