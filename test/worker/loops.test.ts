import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin, type TestOrigin } from '../support/origin.ts';
import { takeClock, type Clock } from '../support/platform.ts';

let origin: TestOrigin;
beforeAll(async () => {
  origin = await openOrigin();
});
let clock: Clock | undefined;
afterEach(() => clock?.restore());

const here = async () => {
  const { host, isolate } = await deploy({ origin: origin.url });
  return { host, isolate: isolate() };
};

/** What the last request for a target said of the way it came. */
const way = async (target: string): Promise<string | undefined> =>
  (await origin.seen(target)).at(-1)?.headers['cdn-loop'];

describe('[trap:ssrf] a request that goes round in a circle', () => {
  test('what goes to the origin says where it has been', async () => {
    const { host, isolate } = await here();
    await isolate.get('/way/1');
    expect(await way('/way/1')).toBe(`tiercel; host="${host}"`);
    await isolate.get('/way/2', { 'cdn-loop': 'cloudflare; loops=1' });
    expect(await way('/way/2')).toBe(`cloudflare; loops=1, tiercel; host="${host}"`);
    await isolate.send('POST', '/way/3', { body: 'x', headers: { 'cdn-loop': 'a, b;c="d"' } });
    expect(await way('/way/3')).toBe(`a, b;c="d", tiercel; host="${host}"`);
  });

  test('a malformed field is passed on, and hides nothing that stands behind it', async () => {
    const { host, isolate } = await here();
    const open = 'x; a="never closed';
    await isolate.get('/way/open', { 'cdn-loop': open });
    const sent = await way('/way/open');
    expect(sent).toBe(`${open}, tiercel; host="${host}"`);
    expect((await isolate.get('/way/open', { 'cdn-loop': sent ?? '' })).status).toBe(508);
  });

  test.each(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'TRACE'])(
    'that comes back by %s is a 508 problem: no origin is asked, nothing is stored or ended',
    async (method) => {
      const { host, isolate } = await here();
      const target = `/round/${method}`;
      await isolate.get(target);
      const before = await origin.count(target);
      const answer = await isolate.send(method, target, {
        headers: { 'cdn-loop': `cloudflare; loops=2, tiercel; host="${host}"` },
      });
      expect(answer.status).toBe(508);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      if (method !== 'HEAD') expect(answer.json()).toMatchObject({ code: 'loop_detected' });
      expect(await origin.count(target)).toBe(before);
      expect((await isolate.get(target)).cacheStatus).toMatchObject({ hit: true });
    },
  );

  test('a WebSocket is no exception', async () => {
    const { host, isolate } = await here();
    const answer = await isolate.get('/round/socket', {
      upgrade: 'websocket',
      'cdn-loop': `tiercel; host="${host}"`,
    });
    expect([answer.status, await origin.count('/round/socket')]).toEqual([508, 0]);
  });

  test('Connection does not hide that it came back', async () => {
    const { host, isolate } = await here();
    const headers = { connection: 'cdn-loop', 'cdn-loop': `tiercel; host="${host}"` };
    expect((await isolate.get('/round/hidden', headers)).status).toBe(508);
  });

  test('eight gateways in a row are allowed, nine are not', async () => {
    const { isolate } = await here();
    const through = (count: number): Record<string, string> => ({
      'cdn-loop': Array.from({ length: count }, (_, at) => `tiercel; host="h${at}.test"`).join(),
    });
    expect((await isolate.get('/row', through(8))).status).toBe(200);
    expect((await isolate.get('/row', through(9))).status).toBe(508);
  });

  test('a refresh that is nobody’s still says which gateways it came through, and nothing else', async () => {
    const { host, isolate } = await here();
    clock = takeClock();
    const target = '/round/refresh';
    const headers = [['cache-control', 'max-age=1, stale-while-revalidate=60']] as const;
    await origin.script({ target, headers });
    const sent = { 'cdn-loop': 'fastly, tiercel; host="outer.test"', 'user-agent': 'somebody' };
    await isolate.get(target, sent);
    clock.advance(2000);
    expect((await isolate.get(target, sent)).status).toBe(200);
    const seen = await origin.seen(target);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.headers['cdn-loop']).toMatch(
      new RegExp(`tiercel; host="outer.test", tiercel; host="${host}"$`),
    );
  });
});

test('[trap:cpdos] an error that another network’s name in CDN-Loop has caused is stored for nobody', async () => {
  const { isolate } = await here();
  const target = '/round/foreign';
  const errors = [['cache-control', 'max-age=60']] as const;
  await origin.script({ target, status: 404, headers: errors });
  const refused = await isolate.get(target, { 'cdn-loop': 'fastly' });
  expect(refused.cacheStatus).not.toMatchObject({ stored: true });
  const ordinary = await isolate.get(target, { 'cdn-loop': 'cloudflare; loops=1' });
  expect(ordinary.cacheStatus).toMatchObject({ stored: true });
});
