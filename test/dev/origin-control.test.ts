import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestOrigin, type TestOrigin } from './origin-fixture.ts';

let origin: TestOrigin;

beforeAll(async () => {
  origin = await startTestOrigin();
});

afterAll(async () => {
  await origin.stop();
});

beforeEach(async () => {
  await origin.send('DELETE', '/_/faults');
  await origin.send('DELETE', '/_/counts');
});

const counts = async () => (await origin.get('/_/counts')).json();

describe('counts', () => {
  it('say how often each path and query was asked for, by method, itself not counted', async () => {
    const etag = (await origin.get('/cities/1')).headers.get('etag') ?? '';
    await origin.get('/cities/1', { 'if-none-match': etag });
    await origin.send('HEAD', '/cities/1');
    await origin.get('/cities?country=AD&limit=1');
    await origin.get('/cities?limit=1&country=AD');
    await counts();
    expect(await counts()).toEqual({
      requests: 5,
      notModified: 1,
      byPath: {
        '/cities/1': { GET: 2, HEAD: 1 },
        '/cities?country=AD&limit=1': { GET: 1 },
        '/cities?limit=1&country=AD': { GET: 1 },
      },
      events: {},
    });
  });

  it('start again at DELETE', async () => {
    await origin.get('/cities/1');
    const empty = { requests: 0, notModified: 0, byPath: {}, events: {} };
    expect((await origin.send('DELETE', '/_/counts')).json()).toEqual(empty);
    expect(await counts()).toEqual(empty);
  });
});

describe('faults', () => {
  it('answer the status that was set, so many times, uncacheable, and are counted', async () => {
    await origin.send('POST', '/_/faults', { status: 503, times: 2 });
    for (const expected of [
      [503, 'no-store'],
      [503, 'no-store'],
      [200, 'public, max-age=60'],
    ]) {
      const { status, headers } = await origin.get('/cities/1');
      expect([status, headers.get('cache-control')]).toEqual(expected);
    }
    expect(await counts()).toMatchObject({ requests: 3 });
    expect((await origin.get('/_/faults')).json()).toEqual({ faults: [] });
  });

  it('concern the paths that begin as told, the longest first', async () => {
    await origin.send('POST', '/_/faults', { status: 500 });
    await origin.send('POST', '/_/faults', { path: '/search', status: 502 });
    expect((await origin.get('/cities/1')).status).toBe(500);
    expect((await origin.get('/search?q=bern')).status).toBe(502);
    expect((await origin.send('DELETE', '/_/faults')).json()).toEqual({ faults: [] });
    expect((await origin.get('/cities/1')).status).toBe(200);
  });

  it('drop the connection', async () => {
    await origin.send('POST', '/_/faults', { reset: true, times: 1 });
    await expect(origin.get('/cities/1')).rejects.toThrow('fetch failed');
    expect((await origin.get('/cities/1')).status).toBe(200);
  });

  it('delay the answer', async () => {
    await origin.send('POST', '/_/faults', { path: '/cities/1', latencyMs: 150 });
    const started = performance.now();
    expect((await origin.get('/cities/1')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(149);
  });

  it.each([
    [{}, 'A fault needs latencyMs, status or "reset": true.'],
    [{ status: 200 }, 'status must be an integer from 400 to 599, not 200.'],
    [{ latencyMs: -1 }, 'latencyMs must be an integer from 0 to 60000, not -1.'],
    [{ status: 500, times: 0 }, 'times must be an integer from 1 to 1000000, not 0.'],
    [{ status: 500, path: 'cities' }, 'path must be text that begins with /, not "cities".'],
    [{ reset: 'yes' }, 'reset must be true or false, not "yes".'],
    [{ hang: true }, '"hang" is not a field that can be set'],
  ])('are refused when they make no sense: %j', async (fault, sentence) => {
    const reply = await origin.send('POST', '/_/faults', fault);
    expect(reply.status).toBe(400);
    expect((reply.json() as { detail: string }).detail).toContain(sentence);
  });
});
