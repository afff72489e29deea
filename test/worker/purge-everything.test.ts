import { describe, expect, test } from 'vitest';
import { answeredBy } from '../support/answered-by.ts';
import { isolate, sha256, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* A purge of every tenant, on the admin host. */

const COHERENCE_MS = 5000;
const ADMIN = 'admin.test';
const { clock } = stage();
const origin = await openOrigin();
const endpoint = await endpointOfThisFile();

let number = 0;
/** Two tenants in a key space that nobody else has: a purge of everything would reach other tests. */
async function deployed(): Promise<() => Isolate> {
  number += 1;
  const credential = async (token: string, tenant: string, scopes: readonly string[]) => ({
    id: token,
    sha256: await sha256(token),
    tenant,
    scopes,
  });
  const variables = {
    CACHE_PRESET: 'development',
    CACHE_LOG_LEVEL: 'silent',
    CACHE_COHERENCE_MS: COHERENCE_MS,
    CACHE_KEY_PREFIX: `all-${number}-${Math.random().toString(36).slice(2, 8)}`,
    UPSTASH_REDIS_REST_URL: endpoint.url,
    UPSTASH_REDIS_REST_TOKEN: endpoint.token,
    ADMIN_HOST: ADMIN,
    TENANTS: JSON.stringify(
      ['one', 'two'].map((id) => ({ id, hosts: [`${id}.test`], origin: origin.url })),
    ),
    CREDENTIALS: JSON.stringify([
      await credential('any', '*', ['purge']),
      await credential('any-stats', '*', ['stats']),
      await credential('one', 'one', ['purge']),
    ]),
  };
  return () => isolate(variables, 'one.test', 'one');
}

const purge = (by: Isolate, body: unknown, token = 'any', query = '?tenant=*') =>
  by.send('POST', `https://${ADMIN}/v1/purge${query}`, {
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });

describe('a purge of every tenant', () => {
  test.each(['hard', 'soft'])('%s: here at once, elsewhere within the bound', async (mode) => {
    const start = await deployed();
    const [here, there] = [start(), start()];
    const pages = [`https://one.test/${mode}`, `https://two.test/${mode}`];
    for (const page of pages) {
      await here.get(page);
      expect((await there.get(page)).cacheStatus).toMatchObject({ hit: true });
    }
    const answer = await purge(here, { all: true, mode });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toEqual({ tenants: 2, mode, effectiveWithinMs: COHERENCE_MS });
    const fwd = mode === 'hard' ? 'miss' : 'stale';
    for (const page of pages) expect((await here.get(page)).cacheStatus).toMatchObject({ fwd });
    clock.advance(COHERENCE_MS);
    const counted = await origin.count(`/${mode}`);
    for (const page of pages)
      expect((await there.get(page)).text).toBe((await here.get(page)).text);
    expect(await origin.count(`/${mode}`)).toBe(counted);
  });

  test('is hard where nothing else is said', async () => {
    const here = (await deployed())();
    expect((await purge(here, { all: true })).json()).toMatchObject({ mode: 'hard' });
  });

  test.each([
    ['nothing', {}],
    ['no mode that there is', { all: true, mode: 'x' }],
    ['other targets besides', { all: true, tags: ['a'] }],
    ['other targets alone', { tags: ['a'] }],
    ['all: false', { all: false }],
    ['no object', ['all']],
  ])('%s is a 400', async (_, body) => {
    const answer = await purge((await deployed())(), body);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'bad_request' });
    expect((answer.json() as { problems: unknown[] }).problems.length).toBeGreaterThan(0);
  });

  test.each([
    ['a token of one tenant', 'one', 403],
    ['a token without the scope', 'any-stats', 403],
    ['a token that is none', 'nobody', 401],
  ])('%s may not', async (_, token, status) => {
    const start = await deployed();
    const here = start();
    await here.get('/kept');
    expect((await purge(here, { all: true }, token)).status).toBe(status);
    expect(await answeredBy(origin, here, '/kept')).toBe('store');
  });

  test('is not to be had on a tenant’s host, nor for other routes', async () => {
    const here = (await deployed())();
    await here.get('/own');
    await here.get('https://two.test/own');
    const headers = { authorization: 'Bearer any' };
    const answer = await here.send('POST', '/_tiercel/v1/purge?tenant=*', {
      headers,
      body: '{"all":true}',
    });
    expect(answer.status).toBe(400);
    for (const url of ['/own', 'https://two.test/own'])
      expect((await here.get(url)).cacheStatus).toMatchObject({ hit: true });
    const stats = await here.get(`https://${ADMIN}/v1/stats?tenant=*`, {
      authorization: 'Bearer any-stats',
    });
    expect(stats.status).toBe(400);
  });

  test('that is not acknowledged is a 503, and may be repeated', async () => {
    const start = await deployed();
    const here = start();
    await here.get('/again');
    await endpoint.setFaults({ status: 500 });
    const answer = await purge(here, { all: true });
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'authority_unavailable', retryable: true });
    await endpoint.clearFaults();
    clock.advance(60_000);
    expect((await purge(start(), { all: true })).status).toBe(200);
    expect(await answeredBy(origin, start(), '/again')).toBe('origin');
  });
});
