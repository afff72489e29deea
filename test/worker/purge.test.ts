import { describe, expect, test } from 'vitest';
import { deploy, type Deployment } from '../support/deployment.ts';
import { answeredBy } from '../support/answered-by.ts';
import { openOrigin } from '../support/origin.ts';
import { stage } from '../support/stage.ts';
import { PURGE_WAYS } from './purge-ways.ts';

const COHERENCE_MS = 5000;

const { centres, clock } = stage();
const origin = await openOrigin();

const deployed = (): Promise<Deployment> =>
  deploy({ origin: origin.url, variables: { CACHE_COHERENCE_MS: COHERENCE_MS } });

let number = 0;
/** A path of its own with a tag of its own. */
async function tagged(): Promise<{ path: string; tag: string }> {
  number += 1;
  const path = `/purge/${number}/item`;
  const tag = `tag-${number}`;
  await origin.script({
    target: path,
    headers: [
      ['cache-control', 'max-age=600'],
      ['cache-tag', `other, ${tag}`],
    ],
  });
  return { path, tag };
}

describe.each(PURGE_WAYS)('a purge: by $what', ({ body, targets = 1 }) => {
  test('takes effect at once in the isolate that made it', async () => {
    const { path, tag } = await tagged();
    const { host, tenant, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    expect(await answeredBy(origin, here, path)).toBe('store');
    const answer = await here.purge(body({ host, path, tag }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toEqual({
      tenant,
      targets,
      mode: 'hard',
      seq: expect.any(Number) as number,
      effectiveWithinMs: COHERENCE_MS,
    });
    expect(await answeredBy(origin, here, path)).toBe('origin');
    expect(await answeredBy(origin, here, path)).toBe('store');
  });

  test('takes effect within the bound in other isolates, here and in another data centre', async () => {
    const { path, tag } = await tagged();
    const { host, isolate } = await deployed();
    centres.enter('first');
    const [purger, near] = [isolate(), isolate()];
    await purger.get(path);
    expect(await answeredBy(origin, near, path)).toBe('store');
    centres.enter('second');
    const far = isolate();
    expect(await answeredBy(origin, far, path)).toBe('store');
    expect(await answeredBy(origin, isolate(), path)).toBe('store');
    expect((await purger.purge(body({ host, path, tag }))).status).toBe(200);
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, far, path)).toBe('origin');
    // What the other isolate has loaded anew may be hit; what it had before may not.
    const count = await origin.count(path);
    centres.enter('first');
    const answer = await near.get(path);
    expect(answer.text).toContain(`"served":`);
    expect(answer.text).toBe((await far.get(path)).text);
    expect(await origin.count(path)).toBe(count);
  });

  test('takes effect at once for an isolate that is new, from whatever tier it reads', async () => {
    const { path, tag } = await tagged();
    const { host, isolate } = await deployed();
    centres.enter('first');
    const here = isolate();
    await here.get(path);
    await here.purge(body({ host, path, tag }));
    // The regional copy and the entry in Redis are both still there, and both are dead.
    expect(await answeredBy(origin, isolate(), path)).toBe('origin');
  });

  test('and again, after it was loaded anew', async () => {
    const { path, tag } = await tagged();
    const { host, isolate } = await deployed();
    const here = isolate();
    for (let time = 0; time < 3; time += 1) {
      expect(await answeredBy(origin, here, path)).toBe('origin');
      expect(await answeredBy(origin, here, path)).toBe('store');
      await here.purge(body({ host, path, tag }));
    }
  });

  test('leaves other tenants alone [trap:cross-tenant-purge]', async () => {
    const { path, tag } = await tagged();
    const [one, other] = [await deployed(), await deployed()];
    const there = other.isolate();
    await there.get(path);
    await one.isolate().purge(body({ host: one.host, path, tag }));
    clock.advance(COHERENCE_MS);
    expect(await answeredBy(origin, there, path)).toBe('store');
    expect(await answeredBy(origin, other.isolate(), path)).toBe('store');
  });
});

describe('what a purge leaves alone', () => {
  test.each([
    ['another tag', { tags: ['nothing', 'TAG', 'othe', 'other '] }],
    ['a URL with another query', { urls: ['https://HOST/a/b?x=2', 'https://HOST/a/b?x=1&'] }],
    ['a URL above or below', { urls: ['https://HOST/a', 'https://HOST/a/b/c?x=1'] }],
    ['a prefix inside a segment', { prefixes: ['https://HOST/a/', 'https://HOST/a/b/c'].slice(1) }],
    ['a prefix of letters', { prefixes: ['https://HOST/a/bb', 'https://HOST/aa'] }],
    [
      'another key',
      {
        keys: [
          ['g', 'https', 'HOST', 'a', 'b', '?x=2'],
          ['g', 'https', 'HOST', 'a', 'b', '?'],
          ['g', 'https', 'HOST', 'a', '?'],
          ['g', 'https', 'HOST:8443', 'a', 'b', '?x=1'],
        ],
      },
    ],
    ['a key of another scheme', { keys: [['g', 'http', 'HOST', 'a', 'b', '?x=1']] }],
    ['a key prefix of another scheme', { prefixes: [['g', 'http', 'HOST', 'a']] }],
    [
      'a key prefix inside a segment, or with another query',
      {
        prefixes: [
          ['g', 'https', 'HOST', 'a', 'b', 'c'],
          ['g', 'https', 'HOST', 'a', 'bb'],
          ['g', 'https', 'HOST', 'a', 'b', '?x=2'],
        ],
      },
    ],
  ])('%s', async (_, body) => {
    const path = '/a/b?x=1';
    await origin.script({
      target: path,
      headers: [
        ['cache-control', 'max-age=600'],
        ['cache-tag', 'tag, other'],
      ],
    });
    const { host, isolate } = await deployed();
    const here = isolate();
    await here.get(path);
    const named = JSON.parse(JSON.stringify(body).replaceAll('HOST', host)) as unknown;
    expect((await here.purge(named)).status).toBe(200);
    expect(await answeredBy(origin, here, path)).toBe('store');
    expect(await answeredBy(origin, isolate(), path)).toBe('store');
  });

  test('several targets of one purge all count, and each only once', async () => {
    const { host, isolate } = await deployed();
    const here = isolate();
    const paths = ['/several/1', '/several/2', '/several/3'];
    for (const path of paths) await here.get(path);
    const url = (path: string) => `https://${host}${path}`;
    const answer = await here.purge({
      urls: [url('/several/1'), url('/several/1'), url('/several/2')],
    });
    expect(answer.json()).toMatchObject({ targets: 4 });
    expect(await answeredBy(origin, here, '/several/1')).toBe('origin');
    expect(await answeredBy(origin, here, '/several/2')).toBe('origin');
    expect(await answeredBy(origin, here, '/several/3')).toBe('store');
  });

  test('a URL covers the same path on any port it is asked under, one at a time', async () => {
    const { host, isolate } = await deployed();
    const here = isolate();
    await here.get(`https://${host}:8443/port`);
    await here.get('/port');
    await here.purge({ urls: [`https://${host}:8443/port`] });
    expect(await answeredBy(origin, here, '/port')).toBe('store');
    const answer = await here.get(`https://${host}:8443/port`);
    expect(answer.cacheStatus).not.toHaveProperty('hit');
  });

  test('a prefix covers every query and all that is below, and the trailing slash makes no difference', async () => {
    const { host, isolate } = await deployed();
    const here = isolate();
    const inside = ['/tree', '/tree?x=1', '/tree/', '/tree/a', '/tree/a/b?y'];
    for (const path of [...inside, '/treetop']) await here.get(path);
    await here.purge({ prefixes: [`https://${host}/tree/`] });
    for (const path of inside) expect(await answeredBy(origin, here, path)).toBe('origin');
    expect(await answeredBy(origin, here, '/treetop')).toBe('store');
  });
});
