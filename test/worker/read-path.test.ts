import { describe, expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { demoCount, openOrigin } from '../support/origin.ts';
import { stage } from '../support/stage.ts';

const { centres, clock } = stage();
const origin = await openOrigin();

describe('a city of the demo origin', () => {
  test('the first request is a miss and stored, the second a hit from memory', async () => {
    const { isolate } = await deploy();
    const here = isolate();
    const before = await demoCount('/cities/1');
    const first = await here.get('/cities/1');
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-status')).toBe('Tiercel; fwd=uri-miss; stored');
    const second = await here.get('/cities/1');
    expect(second.headers.get('cache-status')).toMatch(
      /^Tiercel; hit; ttl=(59|60); detail=memory$/,
    );
    expect(second.text).toBe(first.text);
    expect(await demoCount('/cities/1')).toBe(before + 1);
  });

  test('another isolate of the data centre hits the regional cache', async () => {
    const { isolate } = await deploy();
    await isolate().get('/cities/2');
    const before = await demoCount('/cities/2');
    const there = isolate();
    expect((await there.get('/cities/2')).cacheStatus).toMatchObject({
      hit: true,
      detail: 'regional',
    });
    expect((await there.get('/cities/2')).cacheStatus).toMatchObject({ detail: 'memory' });
    expect(await demoCount('/cities/2')).toBe(before);
  });

  test('after a restart, with nothing in the regional cache, a hit from Redis and no origin request', async () => {
    const { isolate } = await deploy();
    centres.enter('first');
    await isolate().get('/cities/3');
    const before = await demoCount('/cities/3');
    centres.enter('second');
    const restarted = isolate();
    const fromRedis = await restarted.get('/cities/3');
    expect(fromRedis.cacheStatus).toMatchObject({ hit: true, detail: 'redis' });
    // And it was brought nearer on the way.
    expect((await restarted.get('/cities/3')).cacheStatus).toMatchObject({ detail: 'memory' });
    expect((await isolate().get('/cities/3')).cacheStatus).toMatchObject({ detail: 'regional' });
    expect(await demoCount('/cities/3')).toBe(before);
  });

  test('every tier answers the same bytes and headers, and none tells the tags', async () => {
    const { isolate } = await deploy();
    centres.enter('first');
    const here = isolate();
    const miss = await here.get('/cities/4');
    const memory = await here.get('/cities/4');
    const regional = await isolate().get('/cities/4');
    centres.enter('second');
    const redis = await isolate().get('/cities/4');
    const told = (answer: typeof miss) => ({
      status: answer.status,
      text: answer.text,
      headers: [...answer.headers].filter(([name]) => !['age', 'cache-status'].includes(name)),
    });
    for (const answer of [memory, regional, redis]) expect(told(answer)).toEqual(told(miss));
    expect(miss.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(miss.headers.get('last-modified')).not.toBeNull();
    expect(miss.headers.get('content-length')).toBe(
      String(new TextEncoder().encode(miss.text).length),
    );
    expect(miss.headers.has('cache-tag')).toBe(false);
  });
});

describe('a conditional request', () => {
  const tiers = ['memory', 'regional', 'redis'] as const;

  test.each(tiers)('is answered by 304 without a body from %s', async (tier) => {
    const { isolate } = await deploy();
    centres.enter('first');
    const here = isolate();
    const etag = (await here.get('/cities/5')).headers.get('etag') ?? '';
    if (tier === 'redis') centres.enter('second');
    const answer = await (tier === 'memory' ? here : isolate()).get('/cities/5', {
      'if-none-match': etag,
    });
    expect(answer.status).toBe(304);
    expect(answer.text).toBe('');
    expect(answer.headers.get('etag')).toBe(etag);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
    for (const name of ['content-type', 'content-length', 'last-modified'])
      expect(answer.headers.has(name)).toBe(false);
    expect(answer.cacheStatus).toMatchObject({ hit: true, detail: tier });
  });

  test('on a miss loads the whole, stores it, and is answered by 304', async () => {
    const target = '/conditional/miss';
    await origin.script({
      target,
      headers: [
        ['etag', '"v1"'],
        ['cache-control', 'max-age=60'],
      ],
    });
    const here = (await deploy({ origin: origin.url })).isolate();
    const answer = await here.get(target, { 'if-none-match': '"v1"', 'if-modified-since': 'x' });
    expect(answer.status).toBe(304);
    expect(answer.cacheStatus).toMatchObject({ fwd: 'uri-miss', stored: true });
    const [asked] = await origin.seen(target);
    expect(asked?.headers).not.toHaveProperty('if-none-match');
    expect(asked?.headers).not.toHaveProperty('if-modified-since');
    expect((await here.get(target)).text).toContain('served');
  });

  test.each([
    ['*', 304],
    ['W/"v1"', 304],
    ['"v0", "v1"', 304],
    ['"v2"', 200],
    ['v1', 200],
  ])('If-None-Match: %s against "v1" is %i', async (field, status) => {
    const target = '/conditional/tags';
    await origin.script({
      target,
      headers: [
        ['etag', '"v1"'],
        ['cache-control', 'max-age=60'],
      ],
    });
    const here = (await deploy({ origin: origin.url })).isolate();
    await here.get(target);
    expect((await here.get(target, { 'if-none-match': field })).status).toBe(status);
  });
});

describe('HEAD', () => {
  test('is answered from an entry, without its body and with its length', async () => {
    const here = (await deploy({ origin: origin.url })).isolate();
    const { text } = await here.get('/head/hit');
    const head = await here.send('HEAD', '/head/hit');
    expect(head.text).toBe('');
    expect(head.headers.get('content-length')).toBe(String(text.length));
    expect(head.cacheStatus).toMatchObject({ hit: true, detail: 'memory' });
    expect(await origin.count('/head/hit')).toBe(1);
  });

  test('on a miss asks the origin by HEAD, and stores nothing', async () => {
    const here = (await deploy({ origin: origin.url })).isolate();
    const head = await here.send('HEAD', '/head/miss');
    expect(head.status).toBe(200);
    expect(head.cacheStatus).toEqual({ fwd: 'uri-miss' });
    expect((await origin.seen('/head/miss')).map((request) => request.method)).toEqual(['HEAD']);
    expect((await here.get('/head/miss')).cacheStatus).toMatchObject({ stored: true });
  });
});

describe('time', () => {
  test('Age and ttl count from when the response was made, in every tier', async () => {
    const { isolate } = await deploy({ origin: origin.url });
    centres.enter('first');
    const here = isolate();
    expect((await here.get('/age')).headers.has('age')).toBe(false);
    clock.advance(10_000);
    const expected = { age: '10', ttl: 50 };
    const measured = async (isolated: typeof here) => {
      const { headers, cacheStatus } = await isolated.get('/age');
      return { age: headers.get('age'), ttl: cacheStatus?.['ttl'] };
    };
    expect(await measured(here)).toEqual(expected);
    expect(await measured(isolate())).toEqual(expected);
    centres.enter('second');
    expect(await measured(isolate())).toEqual(expected);
  });

  test('the age that an upstream cache reports counts', async () => {
    const target = '/age/upstream';
    const headers = [
      ['cache-control', 'max-age=60'],
      ['age', '45'],
    ] as const;
    await origin.script({ target, headers });
    const here = (await deploy({ origin: origin.url })).isolate();
    await here.get(target);
    clock.advance(10_000);
    const hit = await here.get(target);
    expect(Number(hit.headers.get('age'))).toBeGreaterThanOrEqual(55);
    clock.advance(5000);
    expect((await here.get(target)).cacheStatus).toMatchObject({ fwd: 'stale', stored: true });
  });

  test.each(['memory', 'regional', 'redis'])(
    'what is no longer fresh is not served from %s',
    async (tier) => {
      const target = `/stale/${tier}`;
      const { isolate } = await deploy({ origin: origin.url });
      centres.enter('first');
      const here = isolate();
      await here.get(target);
      clock.advance(60_000);
      if (tier === 'redis') centres.enter('second');
      const answer = await (tier === 'memory' ? here : isolate()).get(target);
      expect(answer.cacheStatus).toMatchObject({ stored: true });
      expect(answer.cacheStatus).not.toHaveProperty('hit');
      expect(await origin.count(target)).toBe(2);
    },
  );

  test('a copy of a copy lives no longer than the entry', async () => {
    const target = '/promotion';
    const { isolate } = await deploy({ origin: origin.url });
    centres.enter('first');
    await isolate().get(target);
    clock.advance(50_000);
    centres.enter('second');
    const late = isolate();
    expect((await late.get(target)).cacheStatus).toMatchObject({ detail: 'redis', ttl: 10 });
    clock.advance(9000);
    expect((await late.get(target)).cacheStatus).toMatchObject({ detail: 'memory', ttl: 1 });
    expect((await isolate().get(target)).cacheStatus).toMatchObject({ detail: 'regional', ttl: 1 });
    clock.advance(1000);
    expect((await late.get(target)).cacheStatus).toMatchObject({ stored: true });
  });
});

describe('a tenant with thousands of purges', () => {
  test('is still cached, in the smallest memory', async () => {
    const { isolate } = await deploy({
      origin: origin.url,
      variables: { CACHE_MEMORY_BYTES: 1_048_576 },
    });
    const here = isolate();
    for (const half of ['a', 'b']) {
      const tags = Array.from({ length: 1000 }, (_, at) => `${half}${at}`.padEnd(250, '-'));
      expect((await here.purge({ tags })).status).toBe(200);
    }
    expect((await here.get('/purges')).cacheStatus).toMatchObject({ stored: true });
    expect((await here.get('/purges')).cacheStatus).toMatchObject({ detail: 'memory' });
    expect((await isolate().get('/purges')).cacheStatus).toMatchObject({ detail: 'regional' });
  });
});

describe('what is one resource', () => {
  test.each([
    ['https://HOST/k?a=1', 'https://HOST/k?a=2'],
    ['https://HOST/k', 'https://HOST/k?'],
    ['https://HOST/k', 'https://HOST/k/'],
    ['https://HOST/k', 'http://HOST/k'],
    ['https://HOST/k', 'https://HOST:8443/k'],
    ['https://HOST/a/b', 'https://HOST/a%2Fb'],
    ['https://HOST/K', 'https://HOST/k'],
  ])('%s and %s are two', async (one, two) => {
    const { host, isolate } = await deploy({ origin: origin.url });
    const here = isolate();
    await here.get(one.replace('HOST', host));
    const other = await here.get(two.replace('HOST', host));
    // An empty query is none, and the origin could not tell either.
    const same = two.endsWith('?');
    expect(other.cacheStatus?.['hit']).toBe(same ? true : undefined);
  });
});
