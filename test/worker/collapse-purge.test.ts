import { describe, expect, test } from 'vitest';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import { arrived, nextPath, tally, waiting } from './collapse-stage.ts';

/*
 * A purge while a burst waits for one request. Who asked before it may have what was then; who asks after it gets what is
 * true now, although the request from before is still under way, and nothing from before is left anywhere.
 */

const COHERENCE_MS = 5000;
const FEW = 10;

const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (): Promise<Deployment> =>
  deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_COHERENCE_MS: COHERENCE_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });

/** What purges a path. */
interface Way {
  readonly what: string;
  readonly purge: (isolate: Isolate, host: string, path: string) => Promise<unknown>;
}

const ways: readonly Way[] = [
  {
    what: 'its URL',
    purge: (isolate, host, path) => isolate.purge({ urls: [`https://${host}${path}`] }),
  },
  { what: 'its tag', purge: (isolate, _, path) => isolate.purge({ tags: [tagOf(path)] }) },
  { what: 'everything', purge: (isolate) => isolate.purge({ all: true }) },
  {
    what: 'an unsafe request',
    purge: (isolate, _, path) => isolate.send('PUT', `${path}/edit`, { body: 'x' }),
  },
];

const tagOf = (path: string): string => path.slice(1).replaceAll('/', '-');

async function script(
  path: string,
  body: string,
  vary?: string,
  more: Partial<ScriptedAnswer> = {},
): Promise<void> {
  await origin.script({
    ...more,
    target: path,
    body,
    headers: [
      ['cache-control', 'max-age=600'],
      ['cache-tag', tagOf(path)],
      ...(vary === undefined ? [] : [['vary', vary] as const]),
    ],
  });
  // What an unsafe request changes is what it names.
  const headers = [['location', path]] as const;
  await origin.script({ target: `${path}/edit`, status: 201, headers, body: '' });
}

/** Whoever asks, wherever, gets the new one: who took part, who has only the regional cache, and who has only Redis. */
async function expectNew(
  { isolate }: Deployment,
  path: string,
  isolates: readonly Isolate[],
  headers?: Record<string, string>,
): Promise<void> {
  await script(path, 'new', headers && 'Accept-Language');
  for (const [centre, here] of [
    ...isolates.map((one) => ['near', one] as const),
    ['near', isolate()] as const,
    ['far', isolate()] as const,
  ]) {
    centres.enter(centre);
    expect((await here.get(path, headers)).text).toBe('new');
  }
  centres.enter('near');
}

describe.each(ways)('a purge of $what while a burst waits', ({ purge }) => {
  test('in the same isolate: two requests, and nobody gets the wrong one', async () => {
    const path = nextPath();
    const deployment = await deployed();
    centres.enter('near');
    const here = deployment.isolate();
    await script(path, 'old');
    await origin.hold(path);
    const early = here.get(path);
    await arrived(origin, path, 1);
    const { answers: followers } = await waiting(here, path, FEW);
    await purge(here, deployment.host, path);
    // They wait for a request of their own, or would have the tag that was purged and find out at its end.
    const { answers: late } = await waiting(here, path, FEW);
    await origin.pass(path, 1);
    expect((await early).text).toBe('old');
    expect(tally(await followers)).toEqual({ old: FEW });
    await script(path, 'new');
    await arrived(origin, path, 2);
    await origin.release(path);
    expect(tally(await late)).toEqual({ new: FEW });
    expect(await origin.count(path)).toBe(2);
    await script(path, 'newer');
    expect((await here.get(path)).text).toBe('new');
    expect((await deployment.isolate().get(path)).text).toBe('new');
    expect(await origin.count(path)).toBe(2);
  });

  test('in another isolate: nothing old is left once the bound has passed', async () => {
    const path = nextPath();
    const deployment = await deployed();
    centres.enter('near');
    const [here, purger] = [deployment.isolate(), deployment.isolate()];
    for (const one of [here, purger]) await one.get(nextPath());
    await script(path, 'old');
    await origin.hold(path);
    const early = here.get(path);
    await arrived(origin, path, 1);
    const { answers: followers } = await waiting(here, path, FEW);
    await purge(purger, deployment.host, path);
    clock.advance(COHERENCE_MS);
    // It learns of the purge while the burst still waits.
    await here.get(nextPath());
    const { answers: late } = await waiting(here, path, FEW);
    await origin.pass(path, 1);
    expect((await early).text).toBe('old');
    expect(tally(await followers)).toEqual({ old: FEW });
    await script(path, 'new');
    await arrived(origin, path, 2);
    await origin.release(path);
    expect(tally(await late)).toEqual({ new: FEW });
    await expectNew(deployment, path, [here, purger]);
  });
});

const german = { 'accept-language': 'de' };
const french = { 'accept-language': 'fr' };
const byUrl =
  (mode: 'hard' | 'soft'): Way['purge'] =>
  (isolate, host, path) =>
    isolate.purge({ urls: [`https://${host}${path}`], mode });

const variantWays: readonly Way[] = [
  { what: 'hard, by URL', purge: byUrl('hard') },
  { what: 'soft, by URL', purge: byUrl('soft') },
  {
    // It names the record alone, and none of its variants.
    what: 'soft, by key',
    purge: (isolate, host, path) =>
      isolate.purge({
        keys: [['g', 'https', host, ...path.split('/').slice(1), '?']],
        mode: 'soft',
      }),
  },
  ...ways.slice(1),
  {
    what: 'soft, by tag',
    purge: (isolate, _, path) => isolate.purge({ tags: [tagOf(path)], mode: 'soft' }),
  },
];

describe.each(variantWays)(
  'a purge of the resource while a variant loads: $what',
  ({ what, purge }) => {
    describe.each(['is known', 'is not known'])('the record %s', (known) => {
      test.each([
        'in the same isolate',
        'in another isolate',
        'in another isolate, and it is learnt of meanwhile',
      ])('%s', async (where) => {
        const path = nextPath();
        const deployment = await deployed();
        centres.enter('near');
        const here = deployment.isolate();
        const purger = where === 'in the same isolate' ? here : deployment.isolate();
        for (const one of [here, purger]) await one.get(nextPath());
        await script(path, 'old', 'Accept-Language');
        if (known === 'is known') await here.get(path, french);
        const before = await origin.count(path);
        await origin.hold(path);
        const early = here.get(path, german);
        await arrived(origin, path, before + 1);
        await purge(purger, deployment.host, path);
        if (where.endsWith('meanwhile')) clock.advance(COHERENCE_MS);
        // Another load makes a new record meanwhile.
        const other = (where === 'in another isolate' ? purger : here).get(path, french);
        // It may have the tag that was purged: that shows when the first one has ended.
        const waits = what.endsWith('tag') && known === 'is not known';
        if (!waits) await arrived(origin, path, before + 2);
        await origin.pass(path, 1);
        expect((await early).text).toBe('old');
        await arrived(origin, path, before + 2);
        await script(path, 'new', 'Accept-Language');
        await origin.release(path);
        expect((await other).text).toBe('new');
        if (where === 'in another isolate') clock.advance(COHERENCE_MS);
        await expectNew(deployment, path, [here, purger], german);
        await expectNew(deployment, path, [here, purger], french);
      });

      test('and the load that makes the new record ends first', async () => {
        const path = nextPath();
        const deployment = await deployed();
        centres.enter('near');
        const here = deployment.isolate();
        await script(path, 'old', 'Accept-Language');
        if (known === 'is known') await here.get(path, french);
        const before = await origin.count(path);
        await script(path, 'old, in parts', 'Accept-Language', { chunked: true, holdAfter: 3 });
        const early = here.get(path, german);
        await arrived(origin, path, before + 1);
        await purge(here, deployment.host, path);
        await script(path, 'new', 'Accept-Language');
        expect((await here.get(path, french)).text).toBe('new');
        expect((await here.get(path, french)).text).toBe('new');
        await origin.release(path);
        expect((await early).text).toBe('old, in parts');
        await expectNew(deployment, path, [here], german);
        await expectNew(deployment, path, [here], french);
      });
    });
  },
);
