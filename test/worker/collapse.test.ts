import { describe, expect, test } from 'vitest';
import { deploy, type Deployment } from '../support/deployment.ts';
import { openOrigin, type ScriptedAnswer } from '../support/origin.ts';
import { endpointOfThisFile, stage } from '../support/stage.ts';
import {
  arrived,
  BURST,
  burst,
  burstInWaves,
  nextPath,
  tally,
  waiting,
  type Pairs,
} from './collapse-stage.ts';

/*
 * A burst for what nobody has: one request to the origin for all who may have its answer, and none who wait for what they
 * may not have. The origin holds its answers until all are there, so that nothing depends on being quick.
 */

const { clock } = stage();
const endpoint = await endpointOfThisFile();
const origin = await openOrigin();

const deployed = (): Promise<Deployment> => deploy({ origin: origin.url, redis: endpoint });

const script = (path: string, headers: Pairs, more: Partial<ScriptedAnswer> = {}): Promise<void> =>
  origin.script({ target: path, headers, ...more });

describe('what may be shared [trap:collapse]', () => {
  test('is asked for once', async () => {
    const path = nextPath();
    await script(path, [['cache-control', 'max-age=60']], { body: 'once' });
    const answers = await burstInWaves((await deployed()).isolate(), origin, path, 0);
    expect(tally(answers)).toEqual({ once: BURST });
    expect(answers.filter(({ cacheStatus }) => cacheStatus?.['stored'])).toHaveLength(1);
    const collapsed = answers.filter(({ cacheStatus }) => cacheStatus?.['collapsed']);
    expect(collapsed.length).toBeGreaterThan(0);
    for (const { cacheStatus } of collapsed)
      expect(cacheStatus).toEqual({ fwd: 'uri-miss', collapsed: true });
  });

  test('is asked for once again when it is stale, by validation', async () => {
    const path = nextPath();
    const { isolate } = await deployed();
    const here = isolate();
    const headers = [
      ['cache-control', 's-maxage=60'],
      ['etag', '"1"'],
    ] as const;
    await script(path, headers, { body: 'validated' });
    await here.get(path);
    clock.advance(60_000);
    await script(path, headers, { body: 'not this', notModified: headers });
    const answers = await burstInWaves(here, origin, path, 0);
    expect(tally(answers)).toEqual({ validated: BURST });
    expect((await origin.seen(path)).map(({ answered }) => answered)).toEqual([200, 304]);
  });

  test('is one for each of four variants, and everybody gets their own', async () => {
    const path = nextPath();
    await scriptLanguages(path, ['de', 'en', 'fr', 'it']);
    const { isolate } = await deployed();
    const here = isolate();
    const answers = await burstInWaves(here, origin, path, 3, language(['de', 'en', 'fr', 'it']));
    expectOwn(answers, ['de', 'en', 'fr', 'it']);
    // And it is stored.
    expectOwn(await burst(here, path, language(['de', 'en', 'fr', 'it'])), [
      'de',
      'en',
      'fr',
      'it',
    ]);
    expect(await origin.count(path)).toBe(4);
  });

  test('is one for each of four variants of a record that is known', async () => {
    const path = nextPath();
    await scriptLanguages(path, ['de', 'en', 'fr', 'it', 'pl']);
    const here = (await deployed()).isolate();
    await here.get(path, { 'x-language': 'pl', pl: '1' });
    await origin.hold(path);
    const answers = burst(here, path, language(['de', 'en', 'fr', 'it']));
    await arrived(origin, path, 5);
    await origin.release(path);
    expectOwn(await answers, ['de', 'en', 'fr', 'it']);
    expect(await origin.count(path)).toBe(5);
  });
});

describe('what may not be shared [trap:collapse] [trap:set-cookie]', () => {
  const refusals: readonly (readonly [string, Pairs])[] = [
    ['no-store', [['cache-control', 'no-store']]],
    ['private', [['cache-control', 'private, max-age=60']]],
    ['max-age=0 without a validator', [['cache-control', 'max-age=0']]],
    [
      'no-cache with a validator',
      [
        ['cache-control', 'no-cache'],
        ['etag', '"1"'],
      ],
    ],
    [
      'Vary: *',
      [
        ['cache-control', 'max-age=60'],
        ['vary', '*'],
      ],
    ],
  ];

  test.each(refusals)('is asked for by everybody, all at once: %s', async (_, headers) => {
    const path = nextPath();
    await script(path, headers);
    const here = (await deployed()).isolate();
    const answers = await burstInWaves(here, origin, path, BURST - 1);
    expect(Object.keys(tally(answers))).toHaveLength(BURST);
    for (const { cacheStatus } of answers) expect(cacheStatus).not.toHaveProperty('collapsed');
  });

  test('a cookie is its own client’s', async () => {
    const path = nextPath();
    const here = (await deployed()).isolate();
    const answers = Array.from({ length: BURST }, (_, at) => ({
      to: `x-${at}`,
      headers: [
        ['cache-control', 'max-age=60'],
        ['set-cookie', `session=${at}`],
      ] as const,
      body: `of ${at}`,
    }));
    await origin.rescript(path, answers);
    const own = (at: number) => ({ [`x-${at}`]: '1' });
    const got = await burstInWaves(here, origin, path, BURST - 1, own);
    got.forEach(({ text, headers }, at) => {
      expect(text).toBe(`of ${at}`);
      expect(headers.getSetCookie()).toEqual([`session=${at}`]);
    });
  });

  test('is not waited for the next time, and is shared again once it may be', async () => {
    const path = nextPath();
    await script(path, [['cache-control', 'no-store']]);
    const here = (await deployed()).isolate();
    await burstInWaves(here, origin, path, BURST - 1);
    await origin.hold(path);
    // Straight through: all of them before any is answered.
    const second = burst(here, path);
    await arrived(origin, path, 2 * BURST);
    await script(path, [['cache-control', 'max-age=60']], { body: 'may be shared' });
    await origin.release(path);
    expect(tally(await second)).toEqual({ 'may be shared': BURST });
    expect(tally(await burst(here, path))).toEqual({ 'may be shared': BURST });
    expect(await origin.count(path)).toBe(2 * BURST);
    await here.purge({ all: true });
    expect(tally(await burstInWaves(here, origin, path, 0))).toEqual({ 'may be shared': BURST });
  });
});

describe('nobody inherits [trap:collapse]', () => {
  test('what was answered to somebody’s credentials, and all others share their own', async () => {
    const path = nextPath();
    await scriptSecret(path);
    const here = (await deployed()).isolate();
    await origin.hold(path);
    const owner = here.get(path, { authorization: 'Bearer mine' });
    await arrived(origin, path, 1);
    const others = await waiting(here, path);
    await origin.pass(path, 1);
    // Nobody is kept from sharing by somebody else's credentials.
    await arrived(origin, path, 2);
    await origin.release(path);
    expect((await owner).text).toBe('secret');
    expect(tally(await others.answers)).toEqual({ 'for all': BURST });
    expect(await origin.count(path)).toBe(2);
  });

  test('what was answered to credentials, with credentials of their own', async () => {
    const path = nextPath();
    await scriptSecret(path);
    const here = (await deployed()).isolate();
    const answers = await burstInWaves(here, origin, path, BURST - 1, (at) => ({
      authorization: `Bearer ${at}`,
    }));
    expect(tally(answers)).toEqual({ secret: BURST });
    const seen = await origin.seen(path);
    expect(new Set(seen.map(({ headers }) => headers['authorization'])).size).toBe(BURST);
  });

  test('what another tenant is answered', async () => {
    const path = nextPath();
    const other = await openOrigin();
    await script(path, [['cache-control', 'max-age=60']], { body: 'of the first' });
    await other.script({
      target: path,
      headers: [['cache-control', 'max-age=60']],
      body: 'of the second',
    });
    const [one, two] = await Promise.all([deployed(), deploy({ origin: other.url })]);
    await origin.hold(path);
    await other.hold(path);
    const [first, second] = [burst(one.isolate(), path), burst(two.isolate(), path)];
    await arrived(origin, path, 1);
    await arrived(other, path, 1);
    await origin.release(path);
    await other.release(path);
    expect(tally(await first)).toEqual({ 'of the first': BURST });
    expect(tally(await second)).toEqual({ 'of the second': BURST });
  });

  test('another Accept-Language’s answer', async () => {
    const path = nextPath();
    const headers = [
      ['cache-control', 'max-age=60'],
      ['vary', 'Accept-Language'],
    ] as const;
    await script(path, headers, { body: 'deutsch' });
    const here = (await deployed()).isolate();
    await origin.hold(path);
    const german = here.get(path, { 'accept-language': 'de' });
    await arrived(origin, path, 1);
    const french = here.get(path, { 'accept-language': 'fr' });
    await origin.pass(path, 1);
    await arrived(origin, path, 2);
    await script(path, headers, { body: 'français' });
    await origin.release(path);
    expect((await german).text).toBe('deutsch');
    expect((await french).text).toBe('français');
  });
});

const scriptSecret = (path: string): Promise<void> =>
  origin.rescript(path, [
    { headers: [['cache-control', 'max-age=60']], body: 'for all' },
    { to: 'authorization', headers: [['cache-control', 'max-age=60']], body: 'secret' },
  ]);

/** Each variant by a field of its own, because the origin tells answers apart by the names of fields. */
async function scriptLanguages(path: string, languages: readonly string[]): Promise<void> {
  await origin.rescript(
    path,
    languages.map((one) => ({
      to: one,
      headers: [
        ['cache-control', 'max-age=60'],
        ['vary', 'X-Language'],
      ],
      body: one,
    })),
  );
}

function language(languages: readonly string[]): (at: number) => Record<string, string> {
  return (at) => {
    const one = languages[at % languages.length] ?? '';
    return { 'x-language': one, [one]: '1' };
  };
}

function expectOwn(answers: readonly { text: string }[], languages: readonly string[]): void {
  expect(answers.map(({ text }) => text)).toEqual(
    answers.map((_, at) => languages[at % languages.length]),
  );
}
