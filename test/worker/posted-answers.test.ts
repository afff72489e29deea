import { describe, expect, test } from 'vitest';
import { deploy, type Answer, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* A POST whose answer says what its URL is now (RFC 9110, section 9.3.3; RFC 9111, section 4). */

const COHERENCE_MS = 5000;
const { clock } = stage();
const origin = await openOrigin();
const endpoint = await endpointOfThisFile();

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, ...variables },
  });

let number = 0;
const nextPath = (): string => `/posted/${(number += 1)}`;

type Fields = readonly (readonly [string, string])[];
const FRESH = ['cache-control', 'max-age=3600'] as const;
const itself = (path: string): Fields => [FRESH, ['content-location', path]];

/** An isolate that knows the tenant's ledger, and has the old answer to a GET of the path. */
async function holding(path: string, deployment?: Deployment): Promise<Isolate> {
  const isolate = (deployment ?? (await deployed())).isolate();
  await origin.script({ target: path, headers: [FRESH], body: 'old' });
  expect((await isolate.get(path)).text).toBe('old');
  return isolate;
}

/** Sends a POST that is answered with `posted`; from then on the origin says `loaded`. */
async function post(
  isolate: Isolate,
  path: string,
  headers: Fields,
  more: { readonly status?: number; readonly request?: Record<string, string> } = {},
): Promise<Answer> {
  const { status = 200, request = {} } = more;
  await origin.script({ target: path, headers, status, body: 'posted' });
  const answer = await isolate.send('POST', path, { body: 'x', headers: request });
  await origin.script({ target: path, headers: [FRESH], body: 'loaded' });
  return answer;
}

describe('a POST that says what its URL is now', () => {
  test('is what a GET and a HEAD get, here at once and elsewhere within the bound', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    const other = deployment.isolate();
    expect((await other.get(path)).text).toBe('old');
    const answer = await post(isolate, path, [...itself(path), ['etag', '"p"'], ['x-own', '1']]);
    expect(answer).toMatchObject({ status: 200, text: 'posted' });
    expect(answer.headers.get('content-length')).toBe('6');
    expect(answer.cacheStatus).toEqual({ fwd: 'method', stored: true });
    const hit = await isolate.get(path);
    expect(hit.text).toBe('posted');
    expect(hit.cacheStatus).toMatchObject({ hit: true });
    expect(hit.headers.get('etag')).toBe('"p"');
    expect(hit.headers.get('x-own')).toBe('1');
    expect((await isolate.send('HEAD', path)).cacheStatus).toMatchObject({ hit: true });
    expect((await isolate.get(path, { 'if-none-match': '"p"' })).status).toBe(304);
    clock.advance(COHERENCE_MS);
    expect((await other.get(path)).text).toBe('posted');
    expect((await deployment.isolate().get(path)).text).toBe('posted');
    expect(await origin.count(path)).toBe(2);
  });

  test('costs one request to Redis', async () => {
    const path = nextPath();
    const isolate = await holding(path);
    await endpoint.resetCounts();
    await post(isolate, path, itself(path));
    expect((await endpoint.counts()).requests).toBe(1);
  });

  test.each<[string, (path: string) => Fields]>([
    ['without Content-Location', () => [FRESH]],
    ['for another URL', (path) => [FRESH, ['content-location', `${path}/1`]]],
    ['for another query', (path) => [FRESH, ['content-location', `${path}?a=1`]]],
    ['without explicit freshness', (path) => itself(path).slice(1)],
    [
      'with only a guess at it',
      (path) => [
        ['content-location', path],
        ['last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ],
    ],
    ['that is over at once', (path) => [['cache-control', 'max-age=0'], ...itself(path).slice(1)]],
    [
      'that is private',
      (path) => [['cache-control', 'private, max-age=60'], ...itself(path).slice(1)],
    ],
    [
      'with no-store',
      (path) => [['cache-control', 'no-store, max-age=60'], ...itself(path).slice(1)],
    ],
    [
      'with no-cache',
      (path) => [['cache-control', 'no-cache, max-age=60'], ...itself(path).slice(1)],
    ],
    ['with a cookie', (path) => [...itself(path), ['set-cookie', 'a=b']]],
    ['that varies', (path) => [...itself(path), ['vary', 'accept-language']]],
    ['that varies by everything', (path) => [...itself(path), ['vary', '*']]],
    [
      'that names fields not to be stored',
      (path) => [['cache-control', 'max-age=60, private="x-own"'], ...itself(path).slice(1)],
    ],
    ['with a tag that nobody can purge', (path) => [...itself(path), ['cache-tag', 'ä']]],
    [
      'in a group that it invalidates',
      (path) => [...itself(path), ['cache-groups', '"a"'], ['cache-group-invalidation', '"a"']],
    ],
  ])('%s is not stored, and purges its URL', async (_what, headers) => {
    const path = nextPath();
    const isolate = await holding(path);
    const answer = await post(isolate, path, headers(path));
    expect(answer.text).toBe('posted');
    expect(answer.cacheStatus).toEqual({ fwd: 'method' });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test.each([201, 203, 204, 301, 303])('with status %i is not stored', async (status) => {
    const path = nextPath();
    const isolate = await holding(path);
    const answer = await post(isolate, path, itself(path), { status });
    expect(answer.cacheStatus).toEqual({ fwd: 'method' });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test('with a cookie is not stored for a tenant either that stores responses with cookies', async () => {
    const path = nextPath();
    const policy = { setCookie: 'store' };
    const isolate = await holding(
      path,
      await deploy({ origin: origin.url, redis: endpoint, policy }),
    );
    await post(isolate, path, [...itself(path), ['set-cookie', 'a=b']]);
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test('that fails leaves what is stored', async () => {
    const path = nextPath();
    const isolate = await holding(path);
    await post(isolate, path, itself(path), { status: 409 });
    expect((await isolate.get(path)).text).toBe('old');
  });

  test.each([
    [{ authorization: 'Bearer a' }, itself],
    [{ 'cache-control': 'no-store' }, itself],
  ])('sent with %j is not stored', async (request, headers) => {
    const path = nextPath();
    const isolate = await holding(path);
    await post(isolate, path, headers(path), { request });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test.each(['PUT', 'PATCH', 'DELETE'])('is a POST: %s is not stored', async (method) => {
    const path = nextPath();
    const isolate = await holding(path);
    await origin.script({ target: path, headers: itself(path), body: 'changed' });
    const body = method === 'DELETE' ? {} : { body: 'x' };
    expect((await isolate.send(method, path, body)).cacheStatus).toEqual({ fwd: 'method' });
    await origin.script({ target: path, headers: [FRESH], body: 'loaded' });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test('by an isolate that has not heard of the tenant’s ledger is not stored', async () => {
    const path = nextPath();
    const isolate = (await deployed()).isolate();
    expect((await post(isolate, path, itself(path))).cacheStatus).toEqual({ fwd: 'method' });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test('that is too large reaches the client whole, and purges its URL', async () => {
    const path = nextPath();
    const isolate = await holding(path, await deployed({ CACHE_MAX_ENTRY_BYTES: 1024 }));
    const body = 'y'.repeat(5000);
    for (const how of [{}, { chunked: true }] as const) {
      await origin.script({ target: path, headers: itself(path), body, ...how });
      const answer = await isolate.send('POST', path, { body: 'x' });
      expect(answer.text).toBe(body);
      expect(answer.cacheStatus).toEqual({ fwd: 'method' });
      await origin.script({ target: path, headers: [FRESH], body: 'loaded' });
      expect((await isolate.get(path)).text).toBe('loaded');
    }
  });

  test('whose body breaks off is a 502, and purges its URL', async () => {
    const path = nextPath();
    const isolate = await holding(path);
    const body = 'z'.repeat(5000);
    await origin.script({ target: path, headers: itself(path), body, breakAfter: 100 });
    expect((await isolate.send('POST', path, { body: 'x' })).status).toBe(502);
    await origin.script({ target: path, headers: [FRESH], body: 'loaded' });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test('purges what else it names', async () => {
    const [path, list, page] = [nextPath(), nextPath(), nextPath()];
    const isolate = await holding(path);
    await origin.script({ target: list, headers: [FRESH], body: 'old list' });
    await origin.script({ target: page, headers: [FRESH, ['cache-groups', '"news"']] });
    await isolate.get(list);
    await isolate.get(page);
    const fields = [...itself(path), ['location', list], ['cache-group-invalidation', '"news"']];
    const answer = await post(isolate, path, fields as Fields);
    expect(answer.cacheStatus).toEqual({ fwd: 'method', stored: true });
    expect((await isolate.get(path)).text).toBe('posted');
    for (const other of [list, page])
      expect((await isolate.get(other)).cacheStatus).not.toMatchObject({ hit: true });
  });
});

describe('while a POST is under way', () => {
  const paused = async (path: string, isolate: Isolate) => {
    await origin.script({ target: path, headers: itself(path), body: 'posted' });
    await origin.hold(path);
    const sent = isolate.send('POST', path, { body: 'x' });
    await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(2);
    return async (): Promise<Answer> => {
      await origin.release(path);
      const answer = await sent;
      await origin.script({ target: path, headers: [FRESH], body: 'loaded' });
      return answer;
    };
  };

  test.each([
    ['by this isolate', true],
    ['by another one', false],
  ])('a purge of its URL %s wins', async (_what, here) => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    const goOn = await paused(path, isolate);
    const urls = [`https://${deployment.host}${path}`];
    expect((await (here ? isolate : deployment.isolate()).purge({ urls })).status).toBe(200);
    const answer = await goOn();
    expect(answer).toMatchObject({ text: 'posted', cacheStatus: { fwd: 'method' } });
    expect(answer.cacheStatus).not.toHaveProperty('stored');
    expect((await isolate.get(path)).text).toBe('loaded');
    expect((await deployment.isolate().get(path)).text).toBe('loaded');
  });

  test('a purge of a tag of its answer wins', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    const goOn = await paused(path, isolate);
    await origin.script({
      target: path,
      headers: [...itself(path), ['cache-tag', 'orders']],
      body: 'posted',
    });
    await deployment.isolate().purge({ tags: ['orders'] });
    expect((await goOn()).cacheStatus).toEqual({ fwd: 'method' });
    expect((await isolate.get(path)).text).toBe('loaded');
  });

  test('another change of its URL that has ended since wins', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    const writer = deployment.isolate();
    const goOn = await paused(path, isolate);
    const form = nextPath();
    await origin.script({ target: form, headers: [['location', path]], status: 303 });
    await writer.send('PUT', form, { body: 'x' });
    expect((await goOn()).cacheStatus).toEqual({ fwd: 'method' });
    for (const reader of [isolate, writer, deployment.isolate()])
      expect((await reader.get(path)).text).toBe('loaded');
  });

  test('of two that end one after the other only the first is stored, and the second purges it', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    const other = deployment.isolate();
    await other.get(path);
    const goOn = await paused(path, isolate);
    const second = other.send('POST', path, { body: 'x' });
    await expect.poll(() => origin.count(path), { timeout: 10_000 }).toBe(3);
    const answers = [await goOn(), await second];
    const stored = answers.filter(({ cacheStatus }) => cacheStatus?.['stored'] === true);
    expect(stored.length).toBeLessThanOrEqual(1);
    expect((await deployment.isolate().get(path)).text).toBe('loaded');
  });
});

describe('when Redis does not acknowledge it', () => {
  test('the URL is purged, because nobody knows what was stored', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    await endpoint.setFaults({ reset: true, times: 1, match: 'EVALSHA' });
    const answer = await post(isolate, path, itself(path));
    expect(answer).toMatchObject({ status: 200, text: 'posted', cacheStatus: { fwd: 'method' } });
    expect(answer.cacheStatus).not.toHaveProperty('stored');
    expect((await isolate.get(path)).text).toBe('loaded');
    expect((await deployment.isolate().get(path)).text).toBe('loaded');
  });

  test('nor the purge: that is said, and tried again behind the answer', async () => {
    const path = nextPath();
    const deployment = await deployed();
    const isolate = await holding(path, deployment);
    await endpoint.setFaults({ reset: true, times: 3, match: 'EVALSHA' });
    const answer = await post(isolate, path, itself(path));
    expect(answer).toMatchObject({ status: 200, text: 'posted' });
    expect(answer.cacheStatus).toEqual({ fwd: 'method', detail: 'invalidation-failed' });
    expect((await isolate.get(path)).text).toBe('loaded');
    expect((await deployment.isolate().get(path)).text).toBe('loaded');
  });
});
