import { describe, expect, test } from 'vitest';
import { deploy, isolate as isolateOf, type Answer, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

/* What a tenant's origin is sent at most, whatever anybody asks for. The clock stands still until a test moves it. */

const PER_SECOND = 10;
const AT_ONCE = 2 * PER_SECOND;

const { clock } = stage();
const endpoint = await endpointOfThisFile();

/** Two tenants in one Worker, each with an origin of its own; the first has a quota. */
async function deployed(policy: Readonly<Record<string, unknown>> = {}) {
  const [origin, others] = await Promise.all([openOrigin(), openOrigin()]);
  const base = await deploy({ redis: endpoint });
  const { tenant, host, token } = base;
  const otherHost = `other.${host}`;
  const variables = {
    ...base.variables,
    // One line a second is still a line for every test.
    CACHE_LOG_LEVEL: 'silent',
    TENANTS: JSON.stringify([
      {
        id: tenant,
        hosts: [host],
        origin: origin.url,
        quotas: { loadsPerSecond: PER_SECOND },
        ...policy,
      },
      { id: `${tenant}-o`, hosts: [otherHost], origin: others.url },
    ]),
  };
  const next = (): Isolate => isolateOf(variables, host, token);
  const counters = async (of: Isolate): Promise<Record<string, Record<string, number>>> => {
    const answer = await of.get('/_tiercel/v1/stats', { authorization: `Bearer ${token}` });
    return (answer.json() as { counters: Record<string, Record<string, number>> }).counters;
  };
  return { origin, others, otherHost, next, counters };
}

/** Asks for so many URLs, forty at a time. */
async function each(
  count: number,
  ask: (number: number) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < count) {
    const from = answers.length;
    const round = Array.from({ length: Math.min(40, count - from) }, (_, at) => ask(from + at));
    answers.push(...(await Promise.all(round)));
  }
  return answers;
}

/** Random queries, as whoever wants every request to reach the origin sends them. */
const flood = (of: Isolate, count: number): Promise<readonly Answer[]> =>
  each(count, () => of.get(`/flooded?${crypto.randomUUID()}`));

const tally = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

describe('a flood of 1,000 queries that nobody has asked for before [trap:cache-busting]', () => {
  test('reaches the origin as often as the quota allows, and costs nobody else anything', async () => {
    const { origin, others, otherHost, next, counters } = await deployed();
    const here = next();
    await origin.script({ target: '/fresh', headers: [['cache-control', 'max-age=600']] });
    await here.get('/fresh');
    clock.advance(1000);

    const answers = await flood(here, 1000);
    expect(await origin.seen()).toHaveLength(1 + AT_ONCE);
    expect(tally(answers, 200)).toBe(AT_ONCE);
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(1000 - AT_ONCE);
    for (const { headers, text } of refused) {
      expect(headers.get('retry-after')).toBe('1');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(JSON.parse(text)).toMatchObject({ code: 'over_quota', status: 503, retryable: true });
    }

    expect((await here.get('/fresh')).cacheStatus).toMatchObject({ hit: true });
    const foreign = await each(100, (at) => here.get(`https://${otherHost}/page?${at}`));
    expect(tally(foreign, 200)).toBe(100);
    expect(await others.seen()).toHaveLength(100);

    const { overQuota, originErrors } = await counters(here);
    expect(overQuota).toEqual({ loads: 1000 - AT_ONCE });
    expect(originErrors).toEqual({});

    clock.advance(1000);
    await flood(here, 100);
    expect(await origin.seen()).toHaveLength(1 + AT_ONCE + PER_SECOND);
  });

  test('is served nothing of another isolate’s quota: each has its own', async () => {
    const { origin, next } = await deployed();
    await flood(next(), 50);
    await flood(next(), 50);
    expect(await origin.seen()).toHaveLength(2 * AT_ONCE);
  });

  test('leaves what is stale to be served, where it may be, and asks for it when there is room again', async () => {
    const { origin, next } = await deployed();
    const here = next();
    const pages = [
      ['/unsaid', 'max-age=10', 'stored'],
      ['/window', 'max-age=10, stale-if-error=600', 'stored'],
      ['/behind', 'max-age=10, stale-while-revalidate=600', 'stored'],
      ['/must', 'max-age=10, must-revalidate', undefined],
      ['/shared', 's-maxage=10', undefined],
    ] as const;
    for (const [target, control] of pages) {
      await origin.script({ target, headers: [['cache-control', control]], body: 'stored' });
      await here.get(target);
    }
    clock.advance(20_000);
    await flood(here, 100);
    for (const [target, , expected] of pages) {
      const { status, text, cacheStatus, headers } = await here.get(target);
      expect(await origin.count(target)).toBe(1);
      if (expected === undefined) {
        expect(status).toBe(503);
        expect(headers.get('retry-after')).toBe('1');
      } else {
        expect({ status, text }).toEqual({ status: 200, text: expected });
        expect(cacheStatus).toMatchObject({ hit: true, ttl: -10 });
        expect(headers.get('age')).toBe('20');
      }
    }

    clock.advance(1000);
    for (const [target] of pages) {
      expect((await here.get(target)).status).toBe(200);
      expect(await origin.count(target)).toBe(2);
    }
  });

  test('by a burst for one URL, takes one: whoever waits for it shares it, or is refused with it', async () => {
    const { origin, next, counters } = await deployed();
    const here = next();
    const first = await Promise.all(Array.from({ length: 40 }, () => here.get('/burst')));
    expect(tally(first, 200)).toBe(40);
    expect(await origin.count('/burst')).toBe(1);
    await flood(here, AT_ONCE);
    const { overQuota: before } = await counters(here);
    const second = await Promise.all(Array.from({ length: 40 }, () => here.get('/burst-2')));
    expect(tally(second, 503)).toBe(40);
    const { overQuota: after } = await counters(here);
    expect((after?.['loads'] ?? 0) - (before?.['loads'] ?? 0)).toBeLessThan(40);
    expect(await origin.count('/burst-2')).toBe(0);
  });
});

describe('what else asks the origin takes of the same quota', () => {
  test('the cron trigger', async () => {
    const paths = Array.from({ length: 30 }, (_, at) => `/warm/${at}`);
    const { origin, next } = await deployed({ warm: { paths } });
    const here = next();
    await flood(here, AT_ONCE - 2);
    await here.scheduled();
    const seen = await origin.seen();
    expect(seen).toHaveLength(AT_ONCE);
    expect(seen.filter(({ target }) => target.startsWith('/warm/'))).toHaveLength(2);
  });
});

describe('what anybody may send and no quota counts [trap:unsafe-methods]', () => {
  test('a flood of POSTs to 5,000 URLs empties no cache: Redis still has what was stored', async () => {
    const { origin, next } = await deployed();
    const [here, anybody] = [next(), next()];
    await origin.script({ target: '/kept', headers: [['cache-control', 'max-age=600']] });
    await here.get('/kept');
    const posts = await each(5000, (at) => anybody.send('POST', `/posted/${at}`, { body: 'x' }));
    expect(tally(posts, 200)).toBe(5000);
    clock.advance(10_000);
    for (const one of [here, anybody, next()])
      expect((await one.get('/kept')).cacheStatus).toMatchObject({ hit: true });
    expect(await origin.count('/kept')).toBe(1);
  }, 120_000);
});
