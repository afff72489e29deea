import { describe, expect, test } from 'vitest';
import { answeredBy } from '../support/answered-by.ts';
import {
  deploy,
  isolate as isolateOf,
  type Deployment,
  type Isolate,
} from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* Tags and groups that the origin names (Cache-Tag; RFC 9875), and what clients see of them. */

const COHERENCE_MS = 5000;
const { clock } = stage();
const origin = await openOrigin();
const endpoint = await endpointOfThisFile();

const deployed = (): Promise<Deployment> =>
  deploy({ origin: origin.url, redis: endpoint, variables: { CACHE_COHERENCE_MS: COHERENCE_MS } });

/** The same deployment with a second host, and what else its tenant asks for. */
function widened(deployment: Deployment, tenant: Readonly<Record<string, unknown>>): Isolate {
  const { variables, host, token } = deployment;
  const [policy] = JSON.parse(String(variables['TENANTS'])) as Record<string, unknown>[];
  const TENANTS = JSON.stringify([{ ...policy, ...tenant }]);
  return isolateOf({ ...variables, TENANTS }, host, token);
}

let number = 0;
const nextPath = (): string => `/groups/${(number += 1)}`;

type Fields = readonly (readonly [string, string])[];
const grouped = async (target: string, fields: Fields, status = 200): Promise<void> =>
  origin.script({ target, status, headers: [['cache-control', 'max-age=86400'], ...fields] });

async function counters(deployment: Deployment, isolate: Isolate) {
  const stats = await isolate.get('/_tiercel/v1/stats', {
    authorization: `Bearer ${deployment.token}`,
  });
  return (stats.json() as { counters: Record<string, unknown> }).counters;
}

describe('Cache-Group-Invalidation (RFC 9875, section 3)', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'after %s the groups are gone, in one mark with the URL, here at once and elsewhere within the bound',
    async (method) => {
      const [page, other, form] = [nextPath(), nextPath(), nextPath()];
      await grouped(page, [['cache-groups', '"news", "all"']]);
      await grouped(other, [['cache-groups', '"News"']]);
      await grouped(form, [['cache-group-invalidation', '"news";a=1, "nobody"']]);
      const deployment = await deployed();
      const [here, there] = [deployment.isolate(), deployment.isolate()];
      for (const path of [page, other, form]) {
        await here.get(path);
        expect(await answeredBy(origin, there, path)).toBe('store');
      }
      const answer = await here.send(method, form, method === 'DELETE' ? {} : { body: 'x' });
      expect(answer.cacheStatus).toEqual({ fwd: 'method' });
      expect(answer.headers.has('cache-group-invalidation')).toBe(false);
      expect(await counters(deployment, here)).toMatchObject({ purges: 1 });
      expect(await answeredBy(origin, here, page)).toBe('origin');
      expect(await answeredBy(origin, here, form)).toBe('origin');
      expect(await answeredBy(origin, here, other)).toBe('store');
      const count = await origin.count(page);
      clock.advance(COHERENCE_MS);
      expect((await there.get(page)).text).toBe((await here.get(page)).text);
      expect(await origin.count(page)).toBe(count);
    },
  );

  test.each([
    ['GET', 200],
    ['OPTIONS', 200],
    ['POST', 400],
    ['POST', 409],
    ['DELETE', 500],
    ['PUT', 503],
  ])('%s answered with %i invalidates no group', async (method, status) => {
    const [page, form] = [nextPath(), nextPath()];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(form, [['cache-group-invalidation', '"news"']], status);
    const { isolate } = await deployed();
    const here = isolate();
    await here.get(page);
    const answer = await here.send(method, form);
    expect(answer.status).toBe(status);
    expect(answer.headers.has('cache-group-invalidation')).toBe(false);
    expect(await answeredBy(origin, here, page)).toBe('store');
  });

  test.each([204, 303])('%i to an unsafe method invalidates the URL as well', async (status) => {
    const [page, form] = [nextPath(), nextPath()];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(form, []);
    const here = (await deployed()).isolate();
    await here.get(page);
    await here.get(form);
    await grouped(form, [['cache-group-invalidation', '"news"']], status);
    expect((await here.send('POST', form, { body: 'x' })).status).toBe(status);
    expect(await answeredBy(origin, here, page)).toBe('origin');
    expect(await answeredBy(origin, here, form)).toBe('origin');
  });

  test('reaches a URL that is no key', async () => {
    const [page, form] = [nextPath(), `${nextPath()}/${'x'.repeat(5000)}`];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(form, [['cache-group-invalidation', '"news"']]);
    const here = (await deployed()).isolate();
    await here.get(page);
    await here.send('POST', form, { body: 'x' });
    expect(await answeredBy(origin, here, page)).toBe('origin');
  });

  test('names groups of its own origin: not of another host, scheme or port (section 2.1)', async () => {
    const [page, form] = [nextPath(), nextPath()];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(form, [['cache-group-invalidation', '"news"']]);
    const deployment = await deployed();
    const { host } = deployment;
    const here = widened(deployment, { hosts: [host, `b.${host}`] });
    const others = [`http://${host}`, `https://${host}:8443`, `https://b.${host}`];
    for (const base of [`https://${host}`, ...others]) await here.get(base + page);
    await here.send('POST', form, { body: 'x' });
    for (const base of others)
      expect((await here.get(base + page)).cacheStatus).toMatchObject({ hit: true });
    expect(await answeredBy(origin, here, page)).toBe('origin');
  });

  test('a field that is no List of Strings is ignored and reported; the URL is invalidated all the same', async () => {
    const [page, form] = [nextPath(), nextPath()];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(form, [['cache-group-invalidation', '"news", news']]);
    const deployment = await deployed();
    const here = deployment.isolate();
    for (const path of [page, form]) await here.get(path);
    const answer = await here.send('POST', form, { body: 'x' });
    expect(answer.cacheStatus).toEqual({ fwd: 'method', detail: 'groups-dropped' });
    expect(await counters(deployment, here)).toMatchObject({
      tagsDropped: { 'cache-group-invalidation': 1 },
    });
    expect(await answeredBy(origin, here, page)).toBe('store');
    expect(await answeredBy(origin, here, form)).toBe('origin');
  });

  test('what is over the cap is left out and reported', async () => {
    const [first, last, form] = [nextPath(), nextPath(), nextPath()];
    await grouped(first, [['cache-groups', '"g0"']]);
    await grouped(last, [['cache-groups', '"g64"']]);
    const list = Array.from({ length: 65 }, (_, at) => `"g${at}"`).join(', ');
    await grouped(form, [['cache-group-invalidation', list]]);
    const here = (await deployed()).isolate();
    for (const path of [first, last]) await here.get(path);
    const answer = await here.send('POST', form, { body: 'x' });
    expect(answer.cacheStatus).toEqual({ fwd: 'method', detail: 'groups-dropped' });
    expect(await answeredBy(origin, here, first)).toBe('origin');
    expect(await answeredBy(origin, here, last)).toBe('store');
  });

  test('a mark that fails is said, and tried again behind the answer', async () => {
    const [page, form] = [nextPath(), nextPath()];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(form, [['cache-group-invalidation', '"news"']]);
    const { isolate } = await deployed();
    const [here, there] = [isolate(), isolate()];
    await here.get(page);
    expect(await answeredBy(origin, there, page)).toBe('store');
    await endpoint.setFaults({ reset: true, times: 2, match: 'EVALSHA' });
    const answer = await here.send('POST', form, { body: 'x' });
    expect(answer.cacheStatus).toEqual({ fwd: 'method', detail: 'invalidation-failed' });
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, there, page)).toBe('origin');
  });
});

describe('a purge of a group', () => {
  test.each(['hard', 'soft'])('by name, %s: on every origin of the tenant', async (mode) => {
    const page = nextPath();
    await grouped(page, [['cache-groups', '"news"']]);
    const deployment = await deployed();
    const { host } = deployment;
    const here = widened(deployment, { hosts: [host, `b.${host}`] });
    const bases = [`https://${host}`, `http://${host}:8787`, `https://b.${host}`];
    for (const base of bases) await here.get(base + page);
    const answer = await here.purge({ groups: ['news'], mode });
    expect(answer.json()).toMatchObject({ targets: 1, mode });
    const fwd = mode === 'hard' ? { fwd: 'miss', detail: 'purged' } : { fwd: 'stale' };
    for (const base of bases)
      expect((await here.get(base + page)).cacheStatus).toEqual({ ...fwd, stored: true });
  });

  test.each(['hard', 'soft'])('of one origin, %s: there only', async (mode) => {
    const page = nextPath();
    await grouped(page, [['cache-groups', '"news"']]);
    const { host, isolate } = await deployed();
    const here = isolate();
    await here.get(page);
    await here.get(`https://${host}:8443${page}`);
    const named = { origin: `https://${host}:8443`, name: 'news' };
    expect((await here.purge({ groups: [named], mode })).json()).toMatchObject({ targets: 1 });
    expect(await answeredBy(origin, here, page)).toBe('store');
    const other = await here.get(`https://${host}:8443${page}`);
    expect(other.cacheStatus).not.toHaveProperty('hit');
  });

  test.each(['hard', 'soft'])(
    'or of a host, %s: with its port, under both schemes',
    async (mode) => {
      const page = nextPath();
      await grouped(page, []);
      const { host, isolate } = await deployed();
      const [here, there] = [isolate(), isolate()];
      const purged = [`https://${host}:8787`, `http://${host}:8787`];
      for (const base of [...purged, `https://${host}`]) {
        await here.get(base + page);
        await there.get(base + page);
      }
      const answer = await here.purge({ hosts: [`${host}:8787`], mode });
      expect(answer.json()).toMatchObject({ targets: 2, mode });
      clock.advance(COHERENCE_MS);
      for (const base of purged)
        expect((await there.get(base + page)).cacheStatus).not.toHaveProperty('hit');
      expect(await answeredBy(origin, there, page)).toBe('store');
    },
  );

  test('is no purge of a tag of the name, nor the other way round', async () => {
    const [page, other] = [nextPath(), nextPath()];
    await grouped(page, [['cache-groups', '"news"']]);
    await grouped(other, [['cache-tag', 'news']]);
    const here = (await deployed()).isolate();
    for (const path of [page, other]) await here.get(path);
    await here.purge({ tags: ['news'] });
    expect(await answeredBy(origin, here, page)).toBe('store');
    expect(await answeredBy(origin, here, other)).toBe('origin');
    await here.purge({ groups: ['news'] });
    expect(await answeredBy(origin, here, other)).toBe('store');
    expect(await answeredBy(origin, here, page)).toBe('origin');
  });
});

describe('what an origin may not name [trap:tag-injection]', () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, at) => `"g${at}"`).join();
  test.each<[string, Fields, string, Record<string, number>]>([
    ['too many tags', [['cache-tag', many(67)]], 'too-many-tags', { 'cache-tag': 3 }],
    ['a tag outside ASCII', [['cache-tag', 'a, Z\u00fcrich']], 'invalid-tags', { 'cache-tag': 1 }],
    ['too many groups', [['cache-groups', many(66)]], 'too-many-groups', { 'cache-groups': 2 }],
    [
      'a group that is too long',
      [['cache-groups', `"a", "${'x'.repeat(129)}"`]],
      'too-many-groups',
      { 'cache-groups': 1 },
    ],
  ])('%s: not stored, and reported', async (_, fields, detail, tagsDropped) => {
    const page = nextPath();
    await grouped(page, fields);
    const deployment = await deployed();
    const here = deployment.isolate();
    expect((await here.get(page)).cacheStatus).toEqual({ fwd: 'uri-miss', detail });
    expect(await counters(deployment, here)).toMatchObject({ tagsDropped });
    expect(await answeredBy(origin, here, page)).toBe('origin');
  });

  test('groups that are no List of Strings: ignored and reported, the response is stored', async () => {
    const page = nextPath();
    await grouped(page, [['cache-groups', '"a", b']]);
    const deployment = await deployed();
    const here = deployment.isolate();
    expect((await here.get(page)).cacheStatus).toEqual({ fwd: 'uri-miss', stored: true });
    expect(await counters(deployment, here)).toMatchObject({ tagsDropped: { 'cache-groups': 1 } });
    await here.purge({ groups: ['a'] });
    expect(await answeredBy(origin, here, page)).toBe('store');
  });
});

describe('tags and groups are said to caches, by origins', () => {
  const NAMES = ['cache-tag', 'cache-groups', 'cache-group-invalidation'];
  const all: Fields = [
    ['cache-tag', 'a, b'],
    ['cache-groups', '"g h";x=1, "i\\"j"'],
    ['cache-group-invalidation', '"k"'],
    ['etag', '"v1"'],
  ];
  const seen = (headers: Headers): (string | null)[] => NAMES.map((name) => headers.get(name));

  test('those of a request neither reach the origin nor count [trap:tag-injection]', async () => {
    const page = nextPath();
    await grouped(page, []);
    const here = (await deployed()).isolate();
    await here.get(page, { 'cache-tag': 'a', 'cache-groups': '"a"' });
    const claims = { 'cache-tag': 'a', 'cache-groups': '"a"', 'cache-group-invalidation': '"b"' };
    await here.send('POST', nextPath(), { body: 'x', headers: claims });
    for (const { headers } of await origin.seen())
      for (const name of NAMES) expect(headers).not.toHaveProperty(name);
    await here.purge({ tags: ['a'], groups: ['a', 'b'] });
    expect(await answeredBy(origin, here, page)).toBe('store');
  });

  /** Each way that an answer takes. */
  const ways: readonly (readonly [string, (by: Isolate, path: string) => Promise<Headers>])[] = [
    ['a miss', async (by, path) => (await by.get(path)).headers],
    ['a hit', async (by, path) => (await by.get(path), (await by.get(path)).headers)],
    ['HEAD of a miss', async (by, path) => (await by.send('HEAD', path)).headers],
    [
      'HEAD of a hit',
      async (by, path) => (await by.get(path), (await by.send('HEAD', path)).headers),
    ],
    [
      '304 of a hit',
      async (by, path) => (
        await by.get(path),
        (await by.get(path, { 'if-none-match': '"v1"' })).headers
      ),
    ],
    ['a range', async (by, path) => (await by.get(path, { range: 'bytes=0-1' })).headers],
    ['POST', async (by, path) => (await by.send('POST', path, { body: 'x' })).headers],
  ];

  test.each(ways)('clients do not see them: %s [trap:tag-injection]', async (_, ask) => {
    const page = nextPath();
    await grouped(page, all);
    const answer = await ask((await deployed()).isolate(), page);
    expect(seen(answer)).toEqual([null, null, null]);
  });

  test.each(ways)('%s: unless the tenant asks for it', async (what, ask) => {
    const page = nextPath();
    await grouped(page, all);
    const answer = await ask(widened(await deployed(), { exposeTags: true }), page);
    const stored = what.includes('hit') || ['a miss', 'a range'].includes(what);
    expect(answer.get('cache-tag')).toBe('a, b');
    expect(answer.get('cache-groups')).toBe(stored ? '"g h", "i\\"j"' : '"g h";x=1, "i\\"j"');
    expect(answer.get('cache-group-invalidation')).toBe(stored ? null : '"k"');
  });

  test('what a tenant no longer asks for is not told of what was stored meanwhile', async () => {
    const page = nextPath();
    await grouped(page, all);
    const deployment = await deployed();
    await widened(deployment, { exposeTags: true }).get(page);
    const answer = await deployment.isolate().get(page);
    expect(answer.cacheStatus).toMatchObject({ hit: true });
    expect(seen(answer.headers)).toEqual([null, null, null]);
    const again = await widened(deployment, { exposeTags: true }).get(page);
    expect(again.headers.get('cache-tag')).toBe('a, b');
  });
});
