import { describe, expect, test } from 'vitest';
import { deploy, type Deployment, type Isolate } from '../support/deployment.ts';
import { openOrigin } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';

const COHERENCE_MS = 5000;
const DATE = 'Mon, 01 Jun 2020 00:00:00 GMT';
const { centres, clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();
const fr = { 'accept-language': 'fr' };
const de = { 'accept-language': 'de' };

let number = 0;
const nextPath = (): string => `/ended/${(number += 1)}`;

/** A page that varies, and a place where it is edited. */
async function page(path: string, body: string, control = 'max-age=600'): Promise<void> {
  const headers = [
    ['cache-control', control],
    ['vary', 'Accept-Language'],
  ] as const;
  await origin.script({ target: path, body, headers });
  await origin.script({
    target: `${path}/edit`,
    status: 201,
    headers: [['location', path]],
    body: '',
  });
}

interface Scene extends Deployment {
  readonly path: string;
  readonly here: Isolate;
  /** Another isolate of the data centre, which knows the ledger. */
  readonly other: Isolate;
}

async function scene(): Promise<Scene> {
  const variables = { CACHE_COHERENCE_MS: COHERENCE_MS };
  const deployment = await deploy({ origin: origin.url, redis: endpoint, variables });
  centres.enter('near');
  const [here, other] = [deployment.isolate(), deployment.isolate()];
  await other.get(nextPath());
  return { ...deployment, path: nextPath(), here, other };
}

const keyOf = ({ host, path }: Scene): string[] => [
  'g',
  'https',
  host,
  ...path.split('/').slice(1),
  '?',
];

describe('a purge of the resource’s own key ends every variant [trap:vary]', () => {
  test.each<[string, (scene: Scene) => Promise<unknown>]>([
    [
      'an edit that names it',
      ({ other, path }) => other.send('PUT', `${path}/edit`, { body: 'x' }),
    ],
    ['a POST to it', ({ other, path }) => other.send('POST', path, { body: 'x' })],
    ['a purge by key', (at) => at.other.purge({ keys: [keyOf(at)] })],
  ])('by %s, learnt while another variant is looked up', async (_, purge) => {
    const at = await scene();
    const { here, path, isolate } = at;
    await page(path, 'old');
    expect((await here.get(path, fr)).text).toBe('old');
    await page(path, 'new');
    await purge(at);
    expect((await here.get(path, de)).text).toBe('new');
    clock.advance(3 * COHERENCE_MS);
    expect((await here.get(path, fr)).text).toBe('new');
    expect((await isolate().get(path, fr)).text).toBe('new');
  });

  test('also when a refresh behind an answer learns of it', async () => {
    const { here, other, path } = await scene();
    await page(path, 'old');
    await here.get(path, fr);
    await page(path, 'old', 'max-age=1, stale-while-revalidate=600');
    await here.get(path, de);
    clock.advance(2000);
    await page(path, 'new');
    await other.send('PUT', `${path}/edit`, { body: 'x' });
    // Within the bound: it may be served, and the refresh behind it learns of the purge.
    await here.get(path, de);
    clock.advance(3 * COHERENCE_MS);
    for (const language of [fr, de]) expect((await here.get(path, language)).text).toBe('new');
  });

  test('and one out of Redis is not served beside the news of it', async () => {
    const { here, other, path } = await scene();
    await page(path, 'old');
    await other.get(path, fr);
    await other.get(path, de);
    centres.enter('far');
    await here.get(path, fr);
    await page(path, 'new');
    await other.send('POST', path, { body: 'x' });
    expect((await here.get(path, de)).text).toBe('new');
  });

  test('a soft one also while a refresh behind an answer takes longer than the bound', async () => {
    const at = await scene();
    const { here, other, path, isolate } = at;
    await page(path, 'old');
    await here.get(path, fr);
    await page(path, 'old', 'max-age=1, stale-while-revalidate=600');
    await here.get(path, de);
    clock.advance(2000);
    await page(path, 'new');
    expect((await other.purge({ keys: [keyOf(at)], mode: 'soft' })).status).toBe(200);
    await origin.hold(path);
    const before = await origin.count(path);
    const served = here.get(path, de);
    await expect.poll(() => origin.count(path)).toBe(before + 1);
    clock.advance(2 * COHERENCE_MS);
    await origin.release(path);
    await served;
    clock.advance(3 * COHERENCE_MS);
    expect((await here.get(path, fr)).text).toBe('new');
    expect((await isolate().get(path, fr)).text).toBe('new');
  });

  test('a soft one makes them stale, whichever variant is asked for next', async () => {
    const at = await scene();
    const { here, path } = at;
    await page(path, 'old');
    await here.get(path, fr);
    await page(path, 'new');
    expect((await here.purge({ keys: [keyOf(at)], mode: 'soft' })).status).toBe(200);
    for (const language of [de, fr, de]) expect((await here.get(path, language)).text).toBe('new');
  });
});

describe('a refresh behind an answer', () => {
  test.each<[string, (scene: Scene) => unknown]>([
    ['URL', ({ host, path }) => ({ urls: [`https://${host}${path}`] })],
    ['tag', ({ path }) => ({ tags: [path] })],
    ['tenant', () => ({ all: true })],
  ])('that learns of a hard purge by %s validates nothing by what was purged', async (_, body) => {
    const at = await scene();
    const { here, other, path, isolate } = at;
    const answer = (control: string) =>
      [
        ['cache-control', control],
        ['last-modified', DATE],
        ['cache-tag', path],
      ] as const;
    const old = answer('max-age=1, stale-while-revalidate=600');
    await origin.script({ target: path, body: 'old', headers: old });
    await here.get(path);
    clock.advance(2000);
    // Changed within the second of its date: the origin would say that nothing has.
    const headers = answer('max-age=600');
    await origin.script({ target: path, body: 'new', headers, notModified: headers });
    expect((await other.purge(body(at))).status).toBe(200);
    await here.get(path);
    clock.advance(3 * COHERENCE_MS);
    expect((await here.get(path)).text).toBe('new');
    expect((await isolate().get(path)).text).toBe('new');
    for (const { headers: sent } of await origin.seen(path))
      expect(sent).not.toHaveProperty('if-modified-since');
  });
});
