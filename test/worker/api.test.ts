import { beforeAll, describe, expect, test } from 'vitest';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';

let origin: TestOrigin;
let deployment: Deployment;
let here: Isolate;
beforeAll(async () => {
  origin = await openOrigin();
  deployment = await deploy({ origin: origin.url });
  here = deployment.isolate();
});

const PURGE = '/_tiercel/v1/purge';
const bearer = (): Record<string, string> => ({ authorization: `Bearer ${deployment.token}` });

describe('the body of a purge', () => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['nothing', {}, 'at least one of keys, urls, tags, prefixes, hosts, groups, all'],
    ['empty lists', { keys: [], urls: [], tags: [], prefixes: [] }, 'at least one'],
    ['no object', ['a'], 'body: '],
    ['null', null, 'body: '],
    ['a number', 1, 'body: '],
    ['an unknown field', { tag: ['a'] }, 'tag'],
    ['tags as text', { tags: 'a' }, 'tags'],
    ['an empty tag', { tags: [''] }, 'tags.0: must not be empty'],
    ['a tag that is a number', { tags: [1] }, 'tags.0'],
    ['a tag over 256 characters', { tags: ['x'.repeat(257)] }, 'tags.0'],
    ['an empty key', { keys: [''] }, 'keys.0'],
    ['a key that no entry can have', { keys: ['users:42'] }, 'must begin with g (gateway), e'],
    ['a key prefix that no entry can have', { prefixes: [['users']] }, 'prefixes.0'],
    ['a key of no segments', { keys: [[]] }, 'keys.0'],
    ['a key over 4096 characters', { keys: ['x'.repeat(4097)] }, 'keys.0'],
    ['a relative URL', { urls: ['/a'] }, 'urls.0: must be an absolute URL'],
    ['a URL of another scheme', { urls: ['ftp://HOST/a'] }, 'urls.0: must begin with https://'],
    [
      'a URL of another host',
      { urls: ['https://other.test/'] },
      "must be on one of the tenant's own hosts",
    ],
    ['a prefix URL of another host', { prefixes: ['https://other.test/'] }, 'prefixes.0: '],
    ['a prefix URL with a query', { prefixes: ['https://HOST/a?b'] }, 'must not have a query'],
    ['all: false', { all: false }, 'all: must be true, or left out'],
    ['a mode that is none', { all: true, mode: 'medium' }, "mode: must be 'hard' or 'soft'"],
    [
      '1001 targets',
      { tags: Array.from({ length: 1001 }, (_, at) => `t${at}`) },
      'names 1001 targets; 1000 are allowed',
    ],
    ['one wrong among right ones', { tags: ['a'], urls: ['https://HOST/', 'x'] }, 'urls.1: '],
  ];

  test.each(refused)('%s is a 400 that says what is wrong', async (_, body, message) => {
    const named = JSON.parse(JSON.stringify(body).replaceAll('HOST', deployment.host)) as unknown;
    const answer = await here.purge(named);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const problem = answer.json() as { problems: readonly string[] };
    expect(problem).toMatchObject({ status: 400, code: 'bad_request' });
    expect(problem.problems.join('\n')).toContain(message);
  });

  test('every problem is listed, not only the first', async () => {
    const answer = await here.purge({ urls: ['x', 'https://other.test/'], prefixes: ['http://'] });
    expect((answer.json() as { problems: readonly string[] }).problems).toHaveLength(3);
  });

  test.each([
    ['no JSON', 'tags=a'],
    ['half a JSON', '{"tags":["a"'],
    ['nothing', ''],
  ])('%s is a 400', async (_, body) => {
    const answer = await here.send('POST', PURGE, { headers: bearer(), body });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ detail: 'The body is not valid JSON.' });
  });

  test('more than a megabyte is refused', async () => {
    const body = JSON.stringify({ tags: ['x'.repeat(1_048_576)] });
    const answer = await here.send('POST', PURGE, { headers: bearer(), body });
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toMatchObject({
      status: 413,
      code: 'too_large',
      detail: 'The body is larger than 1048576 bytes.',
    });
  });

  test.each([
    ['a key as text', { keys: ['n:users:42'] }],
    ['a key as segments', { keys: [['e', 'b:c', '']] }],
    ['text beyond ASCII', { tags: ['ünï,cödé 🗺️'], keys: ['n:schlüssel:1'] }],
    ['the mode that it has anyway', { tags: ['a'], mode: 'hard' }],
    ['1000 targets', { tags: Array.from({ length: 1000 }, (_, at) => `t${at}`) }],
  ])('%s is accepted', async (_, body) => {
    const answer = await here.purge(body);
    expect(answer.status).toBe(200);
    expect((answer.json() as { seq: number }).seq).toBeGreaterThan(1e15);
  });
});

describe('routes', () => {
  test.each([
    ['GET', PURGE, 'POST'],
    ['DELETE', PURGE, 'POST'],
    ['POST', '/_tiercel/v1/stats', 'GET, HEAD'],
    ['POST', '/_tiercel/healthz', 'GET, HEAD'],
  ])('%s %s is a 405 that says what is allowed', async (method, path, allow) => {
    const answer = await here.send(method, path, { headers: bearer() });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.json()).toMatchObject({ code: 'method_not_allowed' });
  });

  test.each(['/_tiercel/', '/_tiercel/v1/nothing', '/_tiercel/regional/x', '/_tiercel'])(
    '%s is ours, and none: 404, not the origin’s',
    async (path) => {
      const answer = await here.get(path);
      expect(answer.status).toBe(404);
      expect(answer.json()).toMatchObject({ code: 'unknown_route' });
      expect(await origin.count(path)).toBe(0);
    },
  );

  test('what only looks like ours belongs to the origin', async () => {
    for (const path of ['/_tiercelx', '/a/_tiercel/healthz', '/_Tiercel/healthz'])
      expect((await here.get(path)).cacheStatus).toMatchObject({ stored: true });
  });

  test('the regional cache can’t be read through the Worker', async () => {
    await here.get('/secret');
    const name = `tc:v1:t:${deployment.tenant}:g:https:${deployment.host}:secret:?`;
    const answer = await here.get(`/_tiercel/regional/${encodeURIComponent(name)}`);
    expect(answer.status).toBe(404);
  });
});

describe('health', () => {
  test('is open to everybody and says what the isolate stands on', async () => {
    await here.get('/health');
    const answer = await here.get('/_tiercel/healthz');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toEqual({
      status: 'ok',
      preset: 'development',
      authority: { name: 'redis', answers: true },
      stores: [
        { name: 'memory' },
        { name: 'regional', circuit: 'closed', status: 'works' },
        { name: 'redis', circuit: 'closed' },
      ],
    });
  });
});

describe('statistics', () => {
  test('count this isolate’s hits by tier, misses, stores and purges, of this tenant', async () => {
    const own = await deploy({ origin: origin.url });
    const isolate = own.isolate();
    const read = async (): Promise<unknown> =>
      (await isolate.get('/_tiercel/v1/stats', { authorization: `Bearer ${own.token}` })).json();
    await isolate.get('/stats/1');
    await isolate.get('/stats/1');
    await isolate.get('/stats/2');
    await own.isolate().get('/stats/3');
    await isolate.get('/stats/3');
    await isolate.purge({ all: true });
    await isolate.get('/stats/1');
    const stats = (await read()) as { since: string; memoryBytes: number };
    expect(stats).toMatchObject({
      tenant: own.tenant,
      scope: 'isolate',
      counters: {
        hits: { memory: 1, regional: 1 },
        unverifiedHits: 0,
        misses: { absent: 2, purged: 1 },
        stores: 3,
        purges: 1,
        purgesFailed: 0,
        epochChanges: 0,
      },
    });
    expect(stats.memoryBytes).toBeGreaterThan(0);
    expect(Math.abs(Date.parse(stats.since) - Date.now())).toBeLessThan(60_000);
  });
});
