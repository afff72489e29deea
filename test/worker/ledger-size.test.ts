import { describe, expect, test } from 'vitest';
import { deploy, isolate, sha256, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* Anybody may send a POST, and a tenant may purge as much as it likes: neither may cost others anything. */

const COHERENCE_MS = 10_000;
/** The most marks of a kind that the Worker keeps, and the bytes that each may have on average. */
const MAX_MARKS = 2000;
const MARK_BYTES = 128;
/** Either kind may pass its caps by so many marks, because looking for what to trim reads the whole ledger. */
const STEP = Math.floor(MAX_MARKS / 32);

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

/** The members of a tenant's ledger: what a cold isolate reads. */
async function members(tenant: string): Promise<string[]> {
  const rows = await endpoint.command('ZRANGE', `tc:v1:t:${tenant}:~ledger`, 0, -1);
  if (!Array.isArray(rows)) throw new Error('ZRANGE answered no list.');
  return rows.map(String);
}
const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + text.length, 0);

describe('hundreds of POSTs to long URLs', () => {
  test('leave a ledger that a cold isolate reads and purges by, and every entry that Redis has', async () => {
    const { tenant, host, isolate: next } = await deploy({ origin: origin.url, redis: endpoint });
    const [anybody, here] = [next(), next()];
    await origin.script({ target: '/kept', headers: [['cache-control', 'max-age=600']] });
    await here.get('/kept');
    for (let round = 0; round < 50; round += 1) {
      const posts = Array.from({ length: 4 }, (_, at) =>
        anybody.send('POST', `/${round}-${at}-`.padEnd(4000, 'x'), { body: 'x' }),
      );
      for (const { cacheStatus } of await Promise.all(posts))
        expect(cacheStatus).toEqual({ fwd: 'method' });
    }
    const marks = await members(tenant);
    const longest = Math.max(...marks.map((member) => member.length));
    expect(longest).toBeGreaterThan(4000);
    expect(bytesOf(marks)).toBeLessThan(MARK_BYTES * MAX_MARKS * (1 + 1 / 32) + STEP * longest);

    centres.enter('elsewhere');
    const cold = next();
    const purged = await cold.purge({ urls: [`https://${host}/other`] });
    expect(purged.status).toBe(200);
    // Only copies went with the marks that were trimmed: Redis is exact for each key without them.
    expect((await cold.get('/kept')).cacheStatus).toMatchObject({ hit: true, detail: 'redis' });
    expect((await next().get('/kept')).cacheStatus).toMatchObject({ hit: true });
    expect(await origin.count('/kept')).toBe(1);
  });
});

describe('a tenant with a huge ledger in the isolate of another', () => {
  /** One Worker for two tenants; a token that may purge both. */
  async function shared() {
    const names = ['heavy', 'light'].map((name) => `${name}-${crypto.randomUUID().slice(0, 8)}`);
    const [heavy = '', light = ''] = names;
    const { variables } = await deploy({
      redis: endpoint,
      variables: {
        CACHE_COHERENCE_MS: COHERENCE_MS,
        // The least that may be set: a quarter of it is for all views together.
        CACHE_MEMORY_BYTES: 1_048_576,
        TENANTS: names.map((id) => ({ id, hosts: [`${id}.test`], origin: origin.url })),
        CREDENTIALS: [{ id: 'c', sha256: await sha256('token'), tenant: '*', scopes: ['purge'] }],
      },
    });
    return { heavy, light, next: (): Isolate => isolate(variables, `${heavy}.test`, 'token') };
  }

  /** Fills both kinds of marks up to their bytes. */
  async function purgeMuch(by: Isolate): Promise<void> {
    const tags = Array.from({ length: 1000 }, (_, at) => `${at}-`.padEnd(256, 't'));
    const keys = Array.from({ length: 80 }, (_, at) => ['n', `${at}-`.padEnd(4000, 'k')]);
    for (const body of [{ tags }, { keys }]) expect((await by.purge(body)).status).toBe(200);
  }

  async function requests(work: () => Promise<unknown>): Promise<number> {
    await endpoint.resetCounts();
    await work();
    return (await endpoint.counts()).requests;
  }

  test('does not make the warm reads of the other one cost requests, nor its own', async () => {
    const { heavy, light, next } = await shared();
    const [here, purger] = [next(), next()];
    const lightly = `https://${light}.test/warm`;
    await here.get(lightly);
    await here.get('/warm');
    await purgeMuch(purger);
    expect(bytesOf(await members(heavy))).toBeGreaterThan(2 * MARK_BYTES * MAX_MARKS * 0.95);
    clock.advance(COHERENCE_MS);
    const warm = async (url: string) => {
      expect((await here.get(url)).cacheStatus).toMatchObject({ hit: true, detail: 'memory' });
    };
    expect(await requests(() => warm(lightly))).toBe(1);
    // The whole ledger comes now. Its marks were of other entries, but more than a view may hold.
    expect((await here.get('/warm')).status).toBe(200);
    for (let time = 0; time < 3; time += 1) {
      expect(await requests(() => warm(lightly))).toBe(0);
      expect(await requests(() => warm('/warm'))).toBe(0);
    }
  });

  test('a purge in the middle of it is not forgotten: what it hit is not served', async () => {
    const { light, next } = await shared();
    const [here, purger] = [next(), next()];
    await origin.script({
      target: '/tagged',
      headers: [
        ['cache-control', 'max-age=600'],
        ['cache-tag', 'early'],
      ],
      body: 'old',
    });
    await here.get('/tagged');
    await here.get(`https://${light}.test/tagged`);
    await purger.purge({ tags: ['early'] });
    await purgeMuch(purger);
    await origin.script({ target: '/tagged', body: 'new' });
    clock.advance(COHERENCE_MS);
    expect((await here.get('/tagged')).text).toBe('new');
    expect((await next().get('/tagged')).text).toBe('new');
    expect((await here.get(`https://${light}.test/tagged`)).text).toBe('old');
  });
});
