import { afterEach, describe, expect, test } from 'vitest';
import { deploy } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import {
  disconnections,
  failures,
  ORIGIN_TIMEOUT_MS,
  statuses,
  told,
  truth,
  type Scene,
} from './origin-failures.ts';

/* An origin that fails: what is stale is served where that is allowed, and nowhere else. */

const SECOND = 1000;

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();
afterEach(() => origin.link('open'));

let number = 0;

/** Something that was stored, and `seconds` have passed since; without a directive there is nothing. */
async function scene(control: string | undefined, seconds: number): Promise<Scene> {
  const path = `/failures/${(number += 1)}`;
  const deployment = await deploy({
    origin: origin.url,
    redis: endpoint,
    variables: { CACHE_ORIGIN_TIMEOUT_MS: ORIGIN_TIMEOUT_MS, CACHE_REDIS_TIMEOUT_MS: 10_000 },
  });
  const here = deployment.isolate();
  if (control !== undefined) {
    await origin.rescript(path, [{ headers: [['cache-control', control]], body: 'stored' }]);
    await here.get(path);
    clock.advance(seconds * SECOND);
  }
  return { deployment, origin, here, path };
}

describe.each(failures)('an origin that fails: it $what [trap:stale-windows]', (failure) => {
  const answered = failure.code === undefined;

  test('and nothing is stored: the truth', async () => {
    const at = await scene(undefined, 0);
    expect(told(await (await failure.begin(at)).get(at.path))).toEqual(truth(failure));
  });

  test('within stale-if-error: what is stored, and how old it is', async () => {
    const at = await scene('max-age=10, stale-if-error=600', 400);
    const answer = await (await failure.begin(at)).get(at.path);
    expect(answer).toMatchObject({ status: 200, text: 'stored' });
    expect(answer.headers.get('age')).toBe('400');
    expect(answer.cacheStatus).toMatchObject({ fwd: 'stale', detail: 'stale-if-error', ttl: -390 });
    expect(answer.cacheStatus?.['fwd-status']).toBe(answered ? failure.status : undefined);
  });

  test('after stale-if-error: the truth', async () => {
    const at = await scene('max-age=10, stale-if-error=600', 611);
    expect(told(await (await failure.begin(at)).get(at.path))).toEqual(truth(failure));
  });

  test.each([
    'must-revalidate, max-age=10',
    'proxy-revalidate, max-age=10',
    's-maxage=10',
    'must-revalidate, max-age=10, stale-if-error=600',
    's-maxage=10, stale-if-error=600',
    'max-age=10, stale-if-error=0',
  ])('after `%s`: the truth', async (control) => {
    const at = await scene(control, 20);
    expect(told(await (await failure.begin(at)).get(at.path))).toEqual(truth(failure));
  });
});

describe.each(disconnections)('an origin that $what, without stale-if-error', (failure) => {
  test('for a minute past freshness: what is stored', async () => {
    const at = await scene('max-age=10', 69);
    const answer = await (await failure.begin(at)).get(at.path);
    expect(answer).toMatchObject({ status: 200, text: 'stored' });
    expect(answer.headers.get('age')).toBe('69');
  });

  test('after that minute: the truth', async () => {
    const at = await scene('max-age=10', 71);
    expect(told(await (await failure.begin(at)).get(at.path))).toEqual(truth(failure));
  });

  test('is not asked again by those who are served what is stored', async () => {
    const at = await scene('max-age=10', 20);
    const here = await failure.begin(at);
    await here.get(at.path);
    const count = await origin.count(at.path);
    for (let time = 0; time < 5; time += 1)
      expect(await here.get(at.path)).toMatchObject({ status: 200, text: 'stored' });
    expect(await origin.count(at.path)).toBe(count);
  });

  test('is asked again when it may have recovered', async () => {
    const at = await scene('max-age=10', 20);
    await (await failure.begin(at)).get(at.path);
    await origin.link('open');
    await origin.rescript(at.path, [{ body: 'recovered' }]);
    await origin.release(at.path);
    clock.advance(5 * SECOND);
    expect((await at.here.get(at.path)).text).toBe('recovered');
  });
});

test.each(statuses)(
  'an origin that $what, without stale-if-error: its answer, also a second past freshness',
  async (failure) => {
    const at = await scene('max-age=10', 11);
    expect(told(await (await failure.begin(at)).get(at.path))).toEqual(truth(failure));
    // It may be what this one reader is answered: what is stored is not lost by it.
    await origin.rescript(at.path, [{ drop: true }]);
    expect((await at.here.get(at.path)).text).toBe('stored');
  },
);

describe('a hard purge', () => {
  test.each(failures)('leaves nothing to serve when the origin $what', async (failure) => {
    const at = await scene('max-age=10, stale-if-error=600', 20);
    const here = await failure.begin(at);
    await here.purge({ urls: [`https://${at.deployment.host}${at.path}`] });
    expect(told(await here.get(at.path))).toEqual(truth(failure));
  });
});
