import { afterEach, expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { ORIGIN_TIMEOUT_MS } from './origin-failures.ts';

/* What protects an origin that fails from GETs protects it from HEADs, and from ranges, alike. */

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();
afterEach(() => origin.link('open'));

let number = 0;

/** One way to ask for a path, and how often that reached the origin. */
async function scene() {
  const path = `/failures-heads/${(number += 1)}`;
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_ORIGIN_TIMEOUT_MS: ORIGIN_TIMEOUT_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });
  const here = deployment.isolate();
  const asking = async (times: number, method: string, headers: Record<string, string> = {}) => {
    const before = await origin.count(path);
    const statuses = new Set<number>();
    for (let time = 0; time < times; time += 1)
      statuses.add((await here.send(method, path, { headers })).status);
    return { asked: (await origin.count(path)) - before, statuses: [...statuses] };
  };
  return { path, here, asking };
}

const ways: readonly (readonly [string, Record<string, string>])[] = [
  ['HEAD', {}],
  ['GET', { range: 'bytes=0-1' }],
  ['GET', {}],
];

test.each(ways)('%s %o: what is stale is served, and the origin left alone', async (...way) => {
  const { path, here, asking } = await scene();
  const headers = [['cache-control', 'max-age=1, stale-if-error=600']] as const;
  await origin.rescript(path, [{ headers, body: 'stored' }]);
  await here.get(path);
  clock.advance(2000);
  await origin.rescript(path, [{ status: 503, headers: [], body: 'down' }]);
  // Whoever comes first, and who asks for all after it.
  const first = await asking(1, ...way);
  expect(first.asked).toBe(2);
  const { asked, statuses } = await asking(10, ...way);
  expect(asked).toBe(0);
  expect([...first.statuses, ...statuses]).not.toContain(503);
});

test.each(ways)('%s %o: nothing is stored, and the origin does not answer', async (...way) => {
  const { path, asking } = await scene();
  await origin.rescript(path, [{ drop: true }]);
  // Two fail by themselves; one asks for all after the second.
  expect(await asking(10, ...way)).toEqual({ asked: 3, statuses: [502] });
  for (const other of ways) expect((await asking(5, ...other)).asked).toBe(0);
});

test('a HEAD that is answered ends it for all', async () => {
  const { path, asking } = await scene();
  await origin.rescript(path, [{ drop: true }]);
  await asking(4, 'GET');
  clock.advance(100);
  await origin.rescript(path, [{ headers: [['cache-control', 'no-store']], body: 'back' }]);
  expect(await asking(1, 'HEAD')).toEqual({ asked: 1, statuses: [200] });
  await origin.rescript(path, [{ drop: true }]);
  // As if it had never failed.
  expect((await asking(1, 'GET')).asked).toBe(1);
});
