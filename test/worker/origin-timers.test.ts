import { afterEach, expect, test, vi } from 'vitest';
import { deploy, type Answer, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* A timer that waits for an origin ends with what it waits for: it would keep the request alive, and all that it holds. */

stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();
afterEach(() => vi.restoreAllMocks());

/** No other timer lasts as long, but for those of bodies. */
const ORIGIN_TIMEOUT_MS = 28_765;

let number = 0;

interface Scene {
  readonly here: Isolate;
  readonly path: string;
}

async function scene(): Promise<Scene> {
  const path = `/timers/${(number += 1)}`;
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_ORIGIN_TIMEOUT_MS: ORIGIN_TIMEOUT_MS, CACHE_REDIS_TIMEOUT_MS: 2000 },
  });
  const here = deployment.isolate();
  const headers = [
    ['cache-control', 'max-age=60'],
    ['content-location', path],
    ['etag', '"a"'],
  ] as const;
  await origin.rescript(path, [{ headers, body: 'fine' }]);
  return { here, path };
}

/** How many timers of more than 4 s, which are those for an origin, a request has set, and how many of them are left. */
async function timersOf(ask: () => Promise<Answer>) {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const cleared = vi.spyOn(globalThis, 'clearTimeout');
  const answer = await ask();
  const ended = new Set<unknown>(cleared.mock.calls.map(([timer]) => timer));
  const long = set.mock.calls.flatMap(([, ms = 0], at) =>
    ms > 4000 ? [set.mock.results[at]?.value as unknown] : [],
  );
  return { status: answer.status, set: long.length, left: long.filter((one) => !ended.has(one)) };
}

const ways: readonly (readonly [string, number, (at: Scene) => Promise<Answer>])[] = [
  ['a GET', 200, ({ here, path }) => here.get(path)],
  ['a HEAD', 200, ({ here, path }) => here.send('HEAD', path)],
  ['a range', 206, ({ here, path }) => here.get(path, { range: 'bytes=0-1' })],
  ['a POST', 200, ({ here, path }) => here.send('POST', path, { body: 'x' })],
  ['a condition', 200, ({ here, path }) => here.get(path, { 'if-match': '"a"' })],
];

test.each(ways)('%s that is answered leaves none', async (_, status, ask) => {
  const at = await scene();
  // What it learns of the ledger is behind it.
  await at.here.get('/timers/first');
  const timers = await timersOf(() => ask(at));
  expect(timers).toMatchObject({ status, left: [] });
  expect(timers.set).toBeGreaterThan(0);
});

test.each(ways)('%s that is not answered leaves none', async (_, __, ask) => {
  const at = await scene();
  await origin.rescript(at.path, [{ drop: true }]);
  const timers = await timersOf(() => ask(at));
  expect(timers).toMatchObject({ status: 502, left: [] });
  expect(timers.set).toBeGreaterThan(0);
});

test('a check of what is stored leaves none', async () => {
  const { path } = await scene();
  const deployment = await deploy({ origin: origin.url, redis: endpoint });
  const isolate = deployment.isolate();
  await isolate.get(path);
  const headers = { authorization: `Bearer ${deployment.token}` };
  const timers = await timersOf(() => isolate.get('/_tiercel/v1/verify', headers));
  expect(timers).toMatchObject({ status: 200, left: [] });
  expect(timers.set).toBeGreaterThan(0);
});
