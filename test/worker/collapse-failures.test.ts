import { describe, expect, test } from 'vitest';
import type { EndpointFaults } from '../support/control.ts';
import { deploy, type Answer, type Deployment } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { arrived, BURST, burstInWaves, nextPath, tally, waiting } from './collapse-stage.ts';

/* A burst whose first request fails, and bursts while Redis is away: nobody waits one by one, and the origin is not stormed. */

/** Enough for a burst to come together while the first of it waits. */
const ORIGIN_TIMEOUT_MS = 2500;
const REDIS_TIMEOUT_MS = 300;

stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (variables: Readonly<Record<string, unknown>> = {}): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_REDIS_TIMEOUT_MS: 10_000, ...variables },
  });
const impatient = { CACHE_ORIGIN_TIMEOUT_MS: ORIGIN_TIMEOUT_MS };

/** A request that leads, and a burst of others that wait for it by then. */
async function led(
  path: string,
  lead: Record<string, string>,
  variables?: Readonly<Record<string, unknown>>,
) {
  const here = (await deployed(variables)).isolate();
  await origin.hold(path);
  const leader = here.get(path, lead);
  await arrived(origin, path, 1);
  const { answers: others } = await waiting(here, path);
  return { here, leader, others };
}

const shared: Omit<ScriptedAnswer, 'target'> = {
  headers: [['cache-control', 'max-age=60']],
  body: 'fine',
};

describe('a leader alone is failed [trap:collapse]', () => {
  test.each([500, 503])('with %i: all others ask at once', async (status) => {
    const path = nextPath();
    await origin.rescript(path, [shared, { to: 'x-bad', status, headers: [], body: 'not fine' }]);
    const { leader, others } = await led(path, { 'x-bad': '1' });
    await origin.pass(path, 1);
    await arrived(origin, path, 1 + BURST);
    await origin.release(path);
    expect(await leader).toMatchObject({ status, text: 'not fine' });
    expect(tally(await others)).toEqual({ fine: BURST });
  });

  test('by a reset: one of the others asks for all of them', async () => {
    const path = nextPath();
    await origin.rescript(path, [shared, { to: 'x-bad', drop: true }]);
    const { leader, others } = await led(path, { 'x-bad': '1' });
    await origin.release(path);
    expectProblem(await leader, 502, 'origin_unreachable');
    expect(tally(await others)).toEqual({ fine: BURST });
    expect(await origin.count(path)).toBe(2);
  });

  test('by an answer that breaks off: one of the others asks for all of them', async () => {
    const path = nextPath();
    await origin.rescript(path, [shared, { ...shared, to: 'x-bad', breakAfter: 2 }]);
    const { leader, others } = await led(path, { 'x-bad': '1' });
    await origin.release(path);
    expectProblem(await leader, 502, 'origin_invalid');
    expect(tally(await others)).toEqual({ fine: BURST });
    expect(await origin.count(path)).toBe(2);
  });

  test('by a time-out: one of the others asks for all of them', async () => {
    const path = nextPath();
    await origin.rescript(path, [shared]);
    const { leader, others } = await led(path, {}, impatient);
    // The leader's is held, and so is that of nobody in particular, which finds out; the next one's is not.
    await arrived(origin, path, 3);
    await origin.release(path);
    expectProblem(await leader, 504, 'origin_timeout');
    expect(tally(await others)).toEqual({ fine: BURST });
    expect(await origin.count(path)).toBe(3);
  });
});

describe('everybody is failed [trap:collapse]', () => {
  test('with 503: each has their own answer, and asks once', async () => {
    const path = nextPath();
    await origin.script({ target: path, status: 503, headers: [['retry-after', '7']] });
    const here = (await deployed()).isolate();
    const answers = await burstInWaves(here, origin, path, BURST - 1);
    expect(Object.keys(tally(answers))).toHaveLength(BURST);
    for (const { status, headers } of answers)
      expect([status, headers.get('retry-after')]).toEqual([503, '7']);
  });

  test('by resets: two requests, one for nobody in particular, and the same truth for all', async () => {
    const path = nextPath();
    await origin.script({ target: path, drop: true });
    const { leader, others } = await led(path, {});
    await origin.release(path);
    for (const answer of [await leader, ...(await others)])
      expectProblem(answer, 502, 'origin_unreachable');
    expect(await origin.count(path)).toBe(3);
  });

  test('by answers that break off: each by their own, because what broke for one need not break for another', async () => {
    const path = nextPath();
    await origin.rescript(path, [{ ...shared, breakAfter: 2 }]);
    const { leader, others } = await led(path, {});
    await origin.release(path);
    for (const answer of [await leader, ...(await others)])
      expectProblem(answer, 502, 'origin_invalid');
    expect(await origin.count(path)).toBe(BURST + 1);
  });

  test('by time-outs: two requests, one for nobody in particular, and nobody waits longer', async () => {
    const path = nextPath();
    const { leader, others } = await led(path, {}, impatient);
    for (const answer of [await leader, ...(await others)])
      expectProblem(answer, 504, 'origin_timeout');
    expect(await origin.count(path)).toBe(3);
    await origin.release(path);
  });
});

const outages: readonly (readonly [string, EndpointFaults])[] = [
  ['resets every connection', { reset: true }],
  ['never answers', { hang: true }],
];

const outage = { CACHE_REDIS_TIMEOUT_MS: REDIS_TIMEOUT_MS };

describe.each(outages)('while Redis %s', (_, fault) => {
  test('one request is made for all', async () => {
    const path = nextPath();
    await origin.rescript(path, [shared]);
    const here = (await deployed(outage)).isolate();
    await endpoint.setFaults(fault);
    const answers = await burstInWaves(here, origin, path, 0);
    expect(tally(answers)).toEqual({ fine: BURST });
    for (const { cacheStatus } of answers)
      expect(cacheStatus).toMatchObject({ fwd: 'miss', detail: 'redis-unavailable' });
  });

  test('one is made for each of twenty variants, and not one after another', async () => {
    const path = nextPath();
    const variants = Array.from({ length: 20 }, (__, at) => `v${at}`);
    const headers = [
      ['cache-control', 'max-age=60'],
      ['vary', 'X-Variant'],
    ] as const;
    await origin.rescript(
      path,
      variants.map((one) => ({ to: one, headers, body: one })),
    );
    const here = (await deployed(outage)).isolate();
    await endpoint.setFaults(fault);
    const answers = await burstInWaves(here, origin, path, variants.length - 1, (at) => {
      const one = variants[at % variants.length] ?? '';
      return { 'x-variant': one, [one]: '1' };
    });
    expect(answers.map(({ text }) => text)).toEqual(
      answers.map((__, at) => variants[at % variants.length]),
    );
  });

  test('what may not be shared is asked for by everybody, all at once', async () => {
    const path = nextPath();
    await origin.script({ target: path, headers: [['cache-control', 'no-store']] });
    const here = (await deployed(outage)).isolate();
    await endpoint.setFaults(fault);
    const answers = await burstInWaves(here, origin, path, BURST - 1);
    expect(Object.keys(tally(answers))).toHaveLength(BURST);
  });
});

function expectProblem(answer: Answer, wanted: number, code: string): void {
  expect(answer.status).toBe(wanted);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.json()).toMatchObject({ status: wanted, code });
}
